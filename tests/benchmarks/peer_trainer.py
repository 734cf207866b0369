"""The tool people write themselves: a ``transformers.Trainer`` subclass that asks the live teacher at every step."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import EvalPrediction, PreTrainedModel, Trainer, TrainingArguments

from tests.benchmarks.peer import EVALUATED_AT_ONCE, Lesson, Outcome, scored, taught
from tests.benchmarks.setting import Setting


class DistillingTrainer(Trainer):
    """The teacher is asked in training only: an evaluation needs nothing of it."""

    def __init__(self, *given: Any, teacher: PreTrainedModel, setting: Setting, **options: Any) -> None:
        super().__init__(*given, **options)
        self.teacher, self.setting = teacher, setting

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | int | None = None,
    ) -> Any:
        asked = {name: values for name, values in inputs.items() if name != "labels"}
        outputs = model(**asked)
        if model.training:
            with torch.no_grad():
                theirs = self.teacher(**asked).logits
            loss = taught(outputs.logits, theirs, inputs["labels"], self.setting)
        else:
            loss = cross_entropy(outputs.logits, inputs["labels"])
        return (loss, outputs) if return_outputs else loss


def train(lesson: Lesson) -> Outcome:
    """Train the lesson's student in place."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    setting = lesson.setting
    arguments = TrainingArguments(
        output_dir=str(lesson.folder / "trainer"),
        num_train_epochs=setting.epochs,
        per_device_train_batch_size=setting.batch_size,
        per_device_eval_batch_size=EVALUATED_AT_ONCE,
        learning_rate=setting.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=int(0.1 * lesson.total_steps),
        weight_decay=0.01,
        max_grad_norm=1.0,
        eval_strategy="epoch",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=False,
        use_cpu=True,
        seed=lesson.seed,
    )
    seen: list[tuple[dict[str, float], float]] = []

    def look(found: EvalPrediction) -> dict[str, float]:
        seen.append(scored(setting, np.asarray(found.predictions), np.asarray(found.label_ids)))
        return seen[-1][0]

    trainer = DistillingTrainer(
        lesson.student, arguments, lesson.collate, lesson.train, lesson.validation,
        compute_metrics=look, teacher=lesson.teacher, setting=setting,
    )  # fmt: skip
    trainer.train()
    spent = sum(entry.get("eval_runtime", 0.0) for entry in trainer.state.log_history)
    return Outcome(0.0, spent, *seen[-1])
