"""A task's rows, split by split: found in a folder or on the hub, read and checked. Torch-free; knows no tokenizer.

What is wrong is said in one ``DataError``, a sentence for each fault: which file, which column, which row, what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import catalog
from engine.data.columns import FORMATS, Columns, read_file, read_hub
from engine.data.labels import HIDDEN, read_labels, shown
from engine.errors import DataError
from engine.types import Task


@dataclass(frozen=True)
class Rows:
    """One split: ``texts`` holds a list per text column, ``labels`` int64 classes or float64 scores on the task's scale.

    ``hidden``: no label is known, all are -1. An example's number is its place in the split, from 0.
    """

    texts: tuple[list[str], ...]
    labels: NDArray[Any]
    hidden: bool

    def __len__(self) -> int:
        return len(self.labels)


def rows_are_local(task: Task, source: str | None) -> bool:
    """Whether the rows are on this machine: a folder, rows that come with the program, or the hub's cache."""
    return source is not None or task.folder is not None or _in_hub_cache(task)


def load_rows(task: Task, source: str | None) -> dict[str, Rows]:
    """All splits of a task by name; training and evaluation splits must be there, test splits may.

    Labels may be hidden (-1, or no label column) in test splits only. Raises DataError with every fault.
    """
    faults: list[str] = []
    rows = {}
    for split, columns in _columns(task, source, faults).items():
        try:
            rows[split] = _checked(task, split, columns)
        except DataError as error:
            faults.append(str(error))
    if faults:
        raise DataError("\n".join(faults))
    return rows


def _columns(task: Task, source: str | None, faults: list[str]) -> dict[str, Columns]:
    """The columns of every split there is; what cannot be read is added to ``faults``."""
    needed = (task.train_split, *task.evaluation_splits)
    found: dict[str, Columns] = {}
    if source is None and task.folder is None:
        assert task.hub is not None, f"{task.name} has neither a folder nor a data set on the hub"
        found = read_hub(*task.hub, (*needed, *task.test_splits), task.text_columns, (task.label_column,))
        faults += [f"The data set {task.hub[0]} has no split {split}." for split in needed if split not in found]
        return found
    folder = Path(source) if source is not None else catalog.assets_folder() / str(task.folder)
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {folder}; give the folder that holds {_file_names(task.train_split)} and the like."
        )
    for split in (*needed, *task.test_splits):
        try:
            file = _file_of(folder, split)
            if file is not None:
                found[split] = read_file(file, task.text_columns, (task.label_column,))
            elif split in needed:
                faults.append(f"The folder {folder} has no {split} file; it needs {_file_names(split)}.")
        except DataError as error:
            faults.append(str(error))
    return found


def _file_of(folder: Path, split: str) -> Path | None:
    """The one file of a split, None where there is none. Raises DataError for several."""
    try:
        found = [path for path in (folder / f"{split}{ending}" for ending in FORMATS) if path.is_file()]
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read: {error.strerror or error}.") from None
    if len(found) > 1:
        raise DataError(f"The folder {folder} has both {' and '.join(file.name for file in found)}; keep one of them.")
    return found[0] if found else None


def _file_names(split: str) -> str:
    return f"{split}.parquet, {split}.csv or {split}.jsonl"


def _checked(task: Task, split: str, columns: Columns) -> Rows:
    """Columns as rows. Raises DataError with every column that cannot be used."""
    if not columns.count:
        raise DataError(f"{columns.where} has no rows; the split {split} needs at least one.")
    may_hide = split in task.test_splits
    faults = []
    labels = np.full(columns.count, HIDDEN)
    for name in task.text_columns:
        faults += _text_faults(columns, name)
    if not faults:
        faults += _blank_faults(columns, task.text_columns)
    try:
        if task.label_column in columns.values:
            names = columns.class_names.get(task.label_column)
            labels = read_labels(task, columns.values[task.label_column], columns.where, names)
        elif not may_hide:
            faults.append(f"{columns.where} has no column “{task.label_column}” with the labels; add it.")
    except DataError as error:
        faults.append(str(error))
    hidden = bool((labels == HIDDEN).all())
    if hidden and not may_hide and not faults:
        faults.append(
            f"{columns.where}, column “{task.label_column}”: every label is -1, which means hidden, so the split {split} "
            "can neither train nor be scored; use rows whose labels are known."
        )
    if faults:
        raise DataError("\n".join(faults))
    return Rows(tuple(columns.values[name] for name in task.text_columns), labels, hidden)


def _text_faults(columns: Columns, name: str) -> list[str]:
    for row, cell in enumerate(columns.values[name]):
        at = f"{columns.where}, row {row + 1}, column “{name}”"
        if not isinstance(cell, str):
            what = shown(cell) if cell is None else f"{shown(cell)}, which is not text"
            return [f"{at}: {what}; every row needs text there."]
        if not (cell.isascii() or _is_unicode(cell)):
            return [f"{at}: half a character (a lone surrogate); write it again."]
    return []


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # JSON can spell what no text may hold
        return False
    return True


def _blank_faults(columns: Columns, names: tuple[str, ...]) -> list[str]:
    """A row without any text says nothing; one blank sentence of a pair does occur in GLUE's own QQP."""
    for row, cells in enumerate(zip(*(columns.values[name] for name in names), strict=True)):
        if not any(cell.strip() for cell in cells):
            where = " and ".join(f"“{name}”" for name in names)
            return [f"{columns.where}, row {row + 1}, column {where}: there is no text; fill it or take the row out."]
    return []


def _in_hub_cache(task: Task) -> bool:
    if task.hub is None:
        return False
    from huggingface_hub import try_to_load_from_cache

    repository, configuration = task.hub
    names = [f"{configuration}/{split}-00000-of-00001.parquet" for split in (task.train_split, *task.evaluation_splits)]
    return all(isinstance(try_to_load_from_cache(repository, name, repo_type="dataset"), str) for name in names)
