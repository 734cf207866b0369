"""Reads a task's rows from a folder of .parquet, .csv or .jsonl files, or from the hub, and checks every one. Torch-free.

What is wrong is said in one DataError, a sentence for each fault: which file, which column, which row, what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine import catalog
from engine.errors import DataError
from engine.types import Task

if TYPE_CHECKING:
    import pyarrow

SUFFIXES = (".parquet", ".csv", ".jsonl")
HIDDEN = -1  # GLUE's mark for a test label that is not published


@dataclass(frozen=True)
class Rows:
    """One split: ``texts`` a list per text column, ``labels`` int64 classes or float32 scores; ``hidden``: none is known."""

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

    Raises DataError with every fault.
    """
    if source is None and task.folder is None:
        tables = _from_hub(task)
        return _checked(task, {name: (f"hub {task.hub}", name, table) for name, table in tables.items()}, [])
    folder = Path(source) if source is not None else catalog.assets_folder() / str(task.folder)
    faults: list[str] = []
    found: dict[str, tuple[str, str, pyarrow.Table]] = {}
    for split in (task.train_split, *task.evaluation_splits, *task.test_splits):
        files = [folder / f"{split}{suffix}" for suffix in SUFFIXES if (folder / f"{split}{suffix}").is_file()]
        if not files and split in task.test_splits:
            continue
        if not files:
            faults.append(f"The folder {folder} has no {split} file; it needs {split}.parquet, .csv or .jsonl.")
        elif len(files) > 1:
            names = " and ".join(file.name for file in files)
            faults.append(f"The folder {folder} has {names}; keep one of them.")
        else:
            try:
                found[split] = (str(files[0]), split, _read(files[0]))
            except DataError as error:
                faults.append(str(error))
    return _checked(task, found, faults)


def _read(file: Path) -> pyarrow.Table:
    """One file as a table. Raises DataError with what is wrong in it."""
    import pyarrow
    from pyarrow import csv, json, parquet

    try:
        if file.suffix == ".parquet":
            return parquet.read_table(file)
        _check_utf8(file)
        if file.stat().st_size == 0:
            raise DataError(f"{file} is empty; it needs a row at least.")
        if file.suffix == ".csv":
            options = csv.ConvertOptions(strings_can_be_null=False)
            return csv.read_csv(file, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options)
        return json.read_json(file)
    except pyarrow.ArrowException as error:
        raise DataError(f"{file} cannot be read: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}") from None


def _check_utf8(file: Path) -> None:
    """Raises DataError naming the line and byte that are not UTF-8."""
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{file} is not UTF-8: line {number}, byte {error.start + 1} of the line; save the file as UTF-8."
                ) from None


def _checked(task: Task, tables: dict[str, tuple[str, str, pyarrow.Table]], faults: list[str]) -> dict[str, Rows]:
    rows = {}
    for name, (where, split, table) in tables.items():
        found = _rows(task, where, split, table, faults)
        if found is not None:
            rows[name] = found
    if faults:
        raise DataError("\n".join(faults))
    return rows


def _rows(task: Task, where: str, split: str, table: pyarrow.Table, faults: list[str]) -> Rows | None:
    """A table as rows; None with its faults added where it cannot be used."""
    missing = [name for name in (*task.text_columns, task.label_column) if name not in table.column_names]
    if missing:
        has = ", ".join(table.column_names) or "none"
        plural = "columns" if len(missing) > 1 else "column"
        faults.append(
            f"{where} lacks the {plural} {', '.join(missing)}; the task {task.title} needs it (it has {has})."
        )
        return None
    if table.num_rows == 0:
        faults.append(f"{where} has no rows; the split {split} needs one at least.")
        return None
    before = len(faults)
    texts = tuple(_texts(where, name, table.column(name).to_pylist(), faults) for name in task.text_columns)
    labels, hidden = _labels(task, where, split, table.column(task.label_column).to_pylist(), faults)
    return Rows(texts, labels, hidden) if len(faults) == before else None


def _texts(where: str, name: str, values: list[Any], faults: list[str]) -> list[str]:
    wrong = [row for row, value in enumerate(values) if not isinstance(value, str)]
    if wrong and all(isinstance(value, (str, int, float)) and not isinstance(value, bool) for value in values):
        return [str(value) for value in values]  # a CSV column of numbers is text all the same
    if wrong:
        faults.append(
            f"{where}, column {name}: {_row_numbers(wrong)} {_is_are(wrong)} not text ({values[wrong[0]]!r})."
        )
    return values


def _labels(task: Task, where: str, split: str, values: list[Any], faults: list[str]) -> tuple[NDArray[Any], bool]:
    """Labels as numbers, and whether they are hidden (all −1, which only a test split may be)."""
    at = f"{where}, column {task.label_column}"
    empty: NDArray[Any] = np.zeros(0, np.int64)
    if task.kind == "classification":
        names = {name: number for number, name in enumerate(task.labels)}
        values = [names.get(value.strip(), value) if isinstance(value, str) else value for value in values]
        values = [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]
        whole = [isinstance(value, int) and not isinstance(value, bool) for value in values]
    else:
        whole = [isinstance(value, (int, float)) and not isinstance(value, bool) for value in values]
    wrong = [row for row, right in enumerate(whole) if not right]
    if wrong:
        kind = f"one of {', '.join(task.labels)} or its number" if task.labels else "a number"
        faults.append(f"{at}: {_row_numbers(wrong)} {_is_are(wrong)} not {kind} ({values[wrong[0]]!r}).")
        return empty, False
    numbers = np.array(values, np.float64)
    if (numbers == HIDDEN).all() and split in task.test_splits:
        return numbers.astype(np.int64 if task.kind == "classification" else np.float32), True
    low, high = (0, len(task.labels) - 1) if task.kind == "classification" else task.score_range or (-np.inf, np.inf)
    outside = np.flatnonzero(~((numbers >= low) & (numbers <= high)))  # NaN is outside too
    if len(outside):
        given = values[int(outside[0])]
        faults.append(
            f"{at}: {_row_numbers(outside)} {_is_are(outside)} outside {low:g} to {high:g} ({given!r}); "
            f"correct the label or take the row out."
        )
        return empty, False
    return numbers.astype(np.int64 if task.kind == "classification" else np.float32), False


def _row_numbers(rows: Iterable[Any]) -> str:
    """Rows counted from 1 in words, at most three named."""
    numbers = [int(row) + 1 for row in rows]
    shown = ", ".join(f"{number:,}" for number in numbers[:3])
    more = f" and {len(numbers) - 3:,} more" if len(numbers) > 3 else ""
    return f"{'row' if len(numbers) == 1 else 'rows'} {shown}{more}"


def _is_are(rows: Any) -> str:
    return "is" if len(rows) == 1 else "are"


def _in_hub_cache(task: Task) -> bool:
    if task.hub is None:
        return False
    from huggingface_hub import try_to_load_from_cache

    repository, configuration = task.hub
    names = [f"{configuration}/{split}-00000-of-00001.parquet" for split in (task.train_split, *task.evaluation_splits)]
    return all(isinstance(try_to_load_from_cache(repository, name, repo_type="dataset"), str) for name in names)


def _from_hub(task: Task) -> dict[str, pyarrow.Table]:
    """The splits of the task's data set on the hub, downloaded on first use. Raises DataError without a network."""
    assert task.hub is not None, f"{task.name} has neither a folder nor a hub data set"
    repository, configuration = task.hub
    from datasets import load_dataset

    try:
        found = load_dataset(repository, configuration)
    except Exception as error:  # the hub client raises its own, requests' and fsspec's errors
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"The rows of {task.title} could not be had from the hub ({repository}, {configuration}): {reason}. "
            "Without a network set task.source to a folder with train and validation files."
        ) from None
    wanted = (task.train_split, *task.evaluation_splits, *task.test_splits)
    return {name: found[name].with_format("arrow")[:] for name in wanted if name in found}
