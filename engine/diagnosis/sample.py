"""A few seeded rows of every split, encoded for student and teacher. Nothing is downloaded: references must be folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.config import DistillationConfig
from engine.data.batches import BatchSize
from engine.data.rows import Rows
from engine.data.split import Split, TaskData, fingerprint_of, targets_of, tokenizer_references
from engine.data.tokenising import Encoding, encode
from engine.models.load import load_tokenizer
from engine.types import Task

SEED = 0  # of the sample: the same rows whatever the configuration's seed is


@dataclass(frozen=True)
class Sample:
    """``data`` holds the sampled rows of the training and evaluation splits under the whole rows' fingerprint; ``texts``
    are theirs by split, a list for each text column; ``labels`` are all labels of each split."""

    data: TaskData
    texts: dict[str, tuple[list[str], ...]]
    labels: dict[str, NDArray[Any]]


def take_sample(config: DistillationConfig, task: Task, found: dict[str, Rows], most: int) -> Sample:
    """About ``most`` rows of the evaluation splits together, and as many training rows, but never fewer than eight batches.

    Raises ModelError where a tokenizer cannot be read.
    """
    student_reference, teacher_reference = tokenizer_references(config)
    student = load_tokenizer(student_reference, "student.tokenizer")
    readers = {"student": student}
    if teacher_reference is not None and config.needs_teacher:
        same = teacher_reference == student_reference
        readers["teacher"] = student if same else load_tokenizer(teacher_reference, "teacher.tokenizer")
    wanted = {name: max(1, most // len(task.evaluation_splits)) for name in task.evaluation_splits}
    wanted[task.train_split] = max(most, min(8 * config.training.batch_size, 4096))
    splits, texts = {}, {}
    for name, count in wanted.items():
        some = rows_of(found[name], _chosen(len(found[name]), count))
        texts[name] = some.texts
        encodings: dict[str, Encoding] = {}
        for reader, tokenizer in readers.items():
            shared = reader == "teacher" and tokenizer is student
            encodings[reader] = (
                encodings["student"] if shared else encode(tokenizer, some.texts, config.task.max_length)
            )
        splits[name] = Split(name, some.labels, targets_of(task, some), encodings)
    used = {name: found[name] for name in (task.train_split, *task.evaluation_splits)}
    data = TaskData(task, splits, fingerprint_of(used), [], student, readers.get("teacher", student))
    return Sample(data, texts, {name: rows.labels for name, rows in used.items()})


def rows_of(rows: Rows, places: NDArray[np.int64]) -> Rows:
    """Some rows of a split, in the order of ``places``."""
    return Rows(tuple([column[place] for place in places] for column in rows.texts), rows.labels[places], rows.hidden)


def part_of(split: Split, places: NDArray[np.int64]) -> Split:
    """Some rows of an encoded split, in the order of ``places``."""
    same = split.encodings.get("teacher") is split.encodings["student"]
    encodings = {name: _encoding_of(encoding, places) for name, encoding in split.encodings.items()}
    if same:
        encodings["teacher"] = encodings["student"]
    kept = None if split.teacher_rows is None else {name: rows.of(places) for name, rows in split.teacher_rows.items()}
    return Split(split.name, split.labels[places], split.targets[places], encodings, kept)


def by_length(split: Split, reader: str, size: BatchSize) -> list[NDArray[np.int64]]:
    """The split's rows in batches alike in length, from short to long; a last one that is not full is left out if there are
    others."""
    lengths = split.encodings[reader].lengths
    order = np.argsort(lengths, kind="stable")
    groups = size.cut(order, lengths[order])
    full = size.rows_of(int(lengths[order[-1]]))
    return groups if len(groups[-1]) >= full or len(groups) == 1 else groups[:-1]


def _chosen(count: int, wanted: int) -> NDArray[np.int64]:
    return np.sort(np.random.default_rng(SEED).permutation(count)[:wanted])


def _encoding_of(encoding: Encoding, places: NDArray[np.int64]) -> Encoding:
    cut = [slice(encoding.starts[place], encoding.starts[place + 1]) for place in places]
    tokens = np.concatenate([encoding.tokens[part] for part in cut])
    types = encoding.token_types
    if types is not None:
        types = np.concatenate([types[part] for part in cut])
    starts = np.concatenate([[0], np.cumsum(encoding.lengths[places])])
    return Encoding(tokens, types, starts, 0, encoding.padding, encoding.padding_type)
