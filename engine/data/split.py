"""A task's rows, encoded for student and teacher: what training and evaluation are handed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.config import DistillationConfig, layers_and_hidden
from engine.data.array_cache import ArrayCache
from engine.data.batches import Batch, BatchSize, TrainingBatches, collate, evaluation_batches
from engine.data.platt import to_probability
from engine.data.reader import Reader
from engine.data.rows import Rows, load_rows
from engine.data.teacher_rows import TeacherRows
from engine.data.tokenising import Encoding
from engine.models.load import load_row_tokenizer
from engine.models.outline import must_hold, outline_of
from engine.types import Task

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Split:
    """Rows of one split. ``labels`` int64 classes or float64 scores; ``targets`` float32 (rows, outputs): one-hot, or
    the Platt-scaled score. ``encodings`` by reader: "student" and, where one teaches, "teacher". ``teacher_rows`` are the
    teacher's tensors by name, where they are kept.
    """

    name: str
    labels: NDArray[Any]
    targets: NDArray[np.float32]
    encodings: dict[str, Encoding] = field(repr=False)
    teacher_rows: Mapping[str, TeacherRows] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    def target_tensor(self) -> Tensor:
        import torch

        return torch.from_numpy(self.targets)

    def used(self, encoding: str) -> Tensor:
        """Which rows of a model's input table the rows of this split name, and what fills up a batch; int64, ascending."""
        import torch

        read = self.encodings[encoding]
        return torch.from_numpy(np.union1d(read.tokens, [read.padding]).astype(np.int64))

    def training_batches(self, size: BatchSize, seed: int, encoding: str, epochs: int = 1) -> TrainingBatches:
        theirs = self.encodings.get("teacher")
        return TrainingBatches(self.encodings[encoding], size, seed, theirs, epochs, self.teacher_rows)

    def look(self, rows: int) -> Batch:
        """The first few rows, as the student and, where one teaches, the teacher read them."""
        first = np.arange(min(rows, len(self)))
        return collate(self.encodings["student"], first, teacher=self.encodings.get("teacher"), kept=self.teacher_rows)

    def evaluation_batches(self, tokens: int, encoding: str, pad_to: int = 1) -> Iterator[Batch]:
        """All rows once in batches of at most ``tokens`` places, as a reader reads them."""
        return evaluation_batches(self.encodings[encoding], tokens, pad_to)


@dataclass(frozen=True)
class TaskData:
    """All splits with labels. ``fingerprint`` is the SHA-256 of what training and choosing the best depend on."""

    task: Task
    splits: dict[str, Split]
    fingerprint: str
    remarks: list[str]
    student_tokenizer: Any = field(repr=False)
    teacher_tokenizer: Any = field(repr=False)

    @property
    def train(self) -> Split:
        return self.splits[self.task.train_split]

    @property
    def student_vocabulary(self) -> int:
        return len(self.student_tokenizer)

    @property
    def teacher_vocabulary(self) -> int:
        return len(self.teacher_tokenizer)

    @property
    def same_tokens(self) -> bool:
        """Whether student and teacher cut every row into the same tokens, so that their states can be compared place by place."""
        pairs = [(split.encodings["student"], split.encodings.get("teacher")) for split in self.splits.values()]
        return all(theirs is None or theirs is ours or ours.reads_alike(theirs) for ours, theirs in pairs)

    def must_fit(self, model: PreTrainedModel, reader: str, key: str) -> None:
        """Raises ModelError where a reader's model cannot take its tokens: too many, too long rows, unknown token types."""
        encodings = [split.encodings[reader] for split in self.splits.values()]
        tokens = max(int(encoding.tokens.max()) for encoding in encodings) + 1
        longest = max(int(encoding.lengths.max()) for encoding in encodings)
        must_hold(outline_of(model), tokens, longest, key, max(encoding.texts for encoding in encodings))

    def save_student_tokenizer(self, folder: Path) -> None:
        self.student_tokenizer.save_pretrained(folder)


def tokenizer_references(config: DistillationConfig) -> tuple[str, str | None]:
    """Where the student's and the teacher's tokenizers are read from; None without a teacher."""
    teacher = None if config.teacher is None else config.teacher.tokenizer or config.teacher.model
    own = None if layers_and_hidden(config.student.architecture) else config.student.architecture
    student = config.student.tokenizer or own or teacher
    assert student is not None, "a configuration without a teacher names the student's tokenizer"
    return student, teacher


def load_task_data(
    config: DistillationConfig,
    task: Task,
    cache: ArrayCache | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
) -> TaskData:
    """Read and encode the rows of a run; tokens are kept in the ``cache``. Raises DataError or ModelError in sentences.

    Raises StopAsked if a stop was asked for meanwhile.
    """
    found = load_rows(task, config.task.source)
    rows = {name: split for name, split in found.items() if not split.hidden}
    student_reference, teacher_reference = tokenizer_references(config)
    student = load_row_tokenizer(student_reference, "student.tokenizer")
    tokenizers = {"student": student}
    if teacher_reference is not None and config.needs_teacher:
        same = teacher_reference == student_reference
        tokenizers["teacher"] = student if same else load_row_tokenizer(teacher_reference, "teacher.tokenizer")
    readers = {
        name: Reader(tokenizer, config.task.max_length, cache, stop_requested) for name, tokenizer in tokenizers.items()
    }
    remarks = [f"Rows: {', '.join(f'{len(split):,} {name}' for name, split in rows.items())}."]
    splits = {}
    for name, split in rows.items():
        encodings: dict[str, Encoding] = {}
        for who, reader in readers.items():
            if who == "teacher" and tokenizers[who] is student:
                encodings[who] = encodings["student"]
            else:
                encodings[who] = reader.read(split.texts, task.name, name)
        splits[name] = Split(name, split.labels, targets_of(task, split), encodings)
        cut = encodings["student"].cut
        if cut:
            share = 100 * cut / len(split)
            remarks.append(f"{name}: {cut:,} rows ({share:.1f} %) are cut off at {config.task.max_length} tokens.")
    used = [task.train_split, *task.evaluation_splits]
    return TaskData(
        task,
        splits,
        fingerprint_of({name: rows[name] for name in used}),
        remarks,
        student,
        tokenizers.get("teacher", student),
    )


def targets_of(task: Task, rows: Rows) -> NDArray[np.float32]:
    """What a model learns from, (rows, outputs): one-hot classes, or the Platt-scaled score."""
    if task.kind == "regression":
        assert task.score_range is not None, f"{task.name} is a regression without a score range"
        return to_probability(rows.labels, task.score_range).astype(np.float32)[:, None]
    return np.eye(task.outputs, dtype=np.float32)[rows.labels]


def fingerprint_of(rows: dict[str, Rows]) -> str:
    """SHA-256 over texts and labels of whole splits."""
    digest = hashlib.sha256()
    for name, split in rows.items():
        digest.update(f"{name}\0{len(split)}\0".encode())
        for column in split.texts:
            for text in column:
                encoded = text.encode("utf-8", "surrogatepass")
                digest.update(len(encoded).to_bytes(8, "little") + encoded)
        digest.update(np.ascontiguousarray(split.labels).tobytes())
    return digest.hexdigest()
