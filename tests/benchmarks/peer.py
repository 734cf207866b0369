"""One run of another tool in a process of its own: ``python -m tests.benchmarks.peer KIND SETTING.json SEED FOLDER``.

Reads the rows, teacher and first weights of the setting and writes FOLDER/outcome.json. What is common to the tools is
here; each tool is told how to train in a file of its own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, PreTrainedModel
from transformers.utils import logging

from engine import catalog
from engine.data.metrics import score
from engine.data.rows import load_rows
from tests.benchmarks.setting import PADDED, Setting

EVALUATED_AT_ONCE = 128  # as the product does


@dataclass
class Lesson:
    """What a tool is handed: tokenised rows, a collator that pads, both models in float32, and where to write."""

    setting: Setting
    seed: int
    folder: Path
    train: list[dict[str, Any]]
    validation: list[dict[str, Any]]
    collate: Callable[[list[dict[str, Any]]], dict[str, Tensor]]
    student: PreTrainedModel
    teacher: PreTrainedModel

    @property
    def total_steps(self) -> int:
        return -(-len(self.train) // self.setting.batch_size) * self.setting.epochs

    def decayed(self) -> list[dict[str, Any]]:
        """Parameter groups: weight decay on matrices only, as the product and the Trainer do."""
        parameters = list(self.student.parameters())
        return [
            {"params": [each for each in parameters if each.dim() >= 2], "weight_decay": 0.01},
            {"params": [each for each in parameters if each.dim() < 2], "weight_decay": 0.0},
        ]


@dataclass
class Outcome:
    """``training_s`` is the training with an evaluation after every epoch, ``evaluation_s`` the evaluations' part of it.

    Neither holds the start of the process, the loading of models or tokenising.
    """

    training_s: float
    evaluation_s: float
    scores: dict[str, float]
    validation_loss: float
    versions: dict[str, str] = field(default_factory=dict)


def taught(student: Tensor, teacher: Tensor, labels: Tensor, setting: Setting) -> Tensor:
    """λ·CE + (1 − λ)·T²·KL(p ‖ f): the product's loss, written as anyone would. Logits (rows, classes), labels (rows,)."""
    heat = setting.temperature
    soft = torch.nn.functional.kl_div(
        (student / heat).log_softmax(-1), (teacher / heat).log_softmax(-1), reduction="batchmean", log_target=True
    )
    return setting.label_weight * cross_entropy(student, labels) + (1 - setting.label_weight) * heat**2 * soft


def scored(setting: Setting, logits: NDArray[Any], labels: NDArray[Any]) -> tuple[dict[str, float], float]:
    """The task's metrics and the label loss over the validation rows."""
    loss = float(cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels)))
    return score(catalog.tasks()[setting.task], logits, labels), loss


def evaluate(lesson: Lesson) -> tuple[dict[str, float], float]:
    """The student on the validation rows, for tools that bring no evaluation; the student's mode is restored."""
    was_training = lesson.student.training
    lesson.student.eval()
    logits, labels = [], []
    with torch.inference_mode():
        for start in range(0, len(lesson.validation), EVALUATED_AT_ONCE):
            batch = lesson.collate(lesson.validation[start : start + EVALUATED_AT_ONCE])
            labels.append(batch.pop("labels").numpy())
            logits.append(lesson.student(**batch).logits.numpy())
    lesson.student.train(was_training)
    return scored(lesson.setting, np.concatenate(logits), np.concatenate(labels))


def prepare(setting: Setting, seed: int, folder: Path, padded: bool) -> Lesson:
    """Tokenise all rows and load both models. ``padded``: to 128 tokens, else to the longest of each batch."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    task = catalog.tasks()[setting.task]
    tokenizer = AutoTokenizer.from_pretrained(setting.teacher)
    splits = {}
    for name, rows in load_rows(task, setting.rows_folder).items():
        encoded = tokenizer(*rows.texts, truncation=True, max_length=setting.max_length)
        splits[name] = [
            {**{key: values[number] for key, values in encoded.items()}, "labels": int(label)}
            for number, label in enumerate(rows.labels)
        ]
    pad = DataCollatorWithPadding(
        tokenizer, padding="max_length" if padded else True, max_length=PADDED if padded else None
    )
    torch.manual_seed(seed)
    load = AutoModelForSequenceClassification.from_pretrained
    student, teacher = (load(path, dtype=torch.float32) for path in (setting.student(seed), setting.teacher))
    (validation,) = task.evaluation_splits
    return Lesson(
        setting, seed, folder, splits[task.train_split], splits[validation], lambda rows: dict(pad(rows)), student,
        teacher.eval(),
    )  # fmt: skip


def main(kind: str, setting_file: str, seed: str, folder: str) -> None:
    from tests.benchmarks.contenders import CONTENDERS

    contender = CONTENDERS[kind]
    lesson = prepare(Setting.read(Path(setting_file)), int(seed), Path(folder), contender.padded)
    if contender.tool == "textbrewer":
        from tests.benchmarks.peer_textbrewer import train
    else:
        from tests.benchmarks.peer_trainer import train
    begun = time.perf_counter()
    outcome = train(lesson)
    outcome.training_s = time.perf_counter() - begun
    outcome.versions = {name: version(name) for name in ("torch", "transformers", *contender.packages)}
    lesson.student.save_pretrained(lesson.folder / "student")
    (lesson.folder / "outcome.json").write_text(json.dumps(asdict(outcome), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
