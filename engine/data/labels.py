"""Turns a label column into numbers and refuses what cannot be a label; knows the task's declaration, no files, no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError
from engine.types import Task
from engine.visible import cut, on_one_line

HIDDEN = -1  # GLUE's mark for a label that is not published


def read_labels(
    task: Task, values: Sequence[Any], where: str, class_names: Sequence[str] | None = None
) -> NDArray[Any]:
    """Class numbers (int64) or scores (float64); all of them, or none, are ``HIDDEN``.

    Text is taken as a class name or a number. ``class_names`` are the file's own names of its numbers: where it counts
    the classes in another order than the task, the names decide. Raises DataError that names the first faulty row.
    """
    read: Callable[[Any], float | None]
    if task.kind == "regression":
        low, high = _range(task)
        expected, read = f"a number from {low:g} to {high:g}", lambda value: _score(task, value)
    else:
        expected, read = _classes_text(task), _class_reader(task, where, class_names)
    numbers = [read(value) for value in values]
    faulty = [row for row, number in enumerate(numbers) if number is None]
    if faulty:
        row = faulty[0]
        more = f" ({len(faulty)} rows like it)" if len(faulty) > 1 else ""
        raise DataError(
            f"{where}, row {row + 1}, column “{task.label_column}”: {shown(values[row])} is not a label of "
            f"{task.title}{more}; it must be {expected}."
        )
    hidden = sum(number == HIDDEN for number in numbers)
    if 0 < hidden < len(numbers):
        row = next(row for row, number in enumerate(numbers) if number == HIDDEN)
        raise DataError(
            f"{where}, row {row + 1}, column “{task.label_column}”: the label is -1, which means hidden, and so it is in "
            f"{hidden} of {len(numbers)} rows; take those rows out, or give them labels."
        )
    return np.asarray(numbers, dtype=np.float64 if task.kind == "regression" else np.int64)


def _class_reader(task: Task, where: str, class_names: Sequence[str] | None) -> Callable[[Any], int | None]:
    """A function from a cell to the task's class number, None where it is no label."""
    by_name = {name.casefold(): number for number, name in enumerate(task.labels)}
    renumbered: dict[int, int] = {number: number for number in range(len(task.labels))}
    if class_names is not None:
        unknown = [name for name in class_names if name.casefold() not in by_name]
        if unknown:
            raise DataError(
                f"{where} names its classes {cut(on_one_line(', '.join(class_names)), 200)}, but {task.title} has "
                f"{', '.join(task.labels)}; choose the task these rows are for."
            )
        renumbered = {number: by_name[name.casefold()] for number, name in enumerate(class_names)}
    renumbered[HIDDEN] = HIDDEN

    def read(value: Any) -> int | None:
        if isinstance(value, str) and value.strip().casefold() in by_name:
            return by_name[value.strip().casefold()]
        number = _number(value)
        if number is None or not number.is_integer():
            return None
        return renumbered.get(int(number))

    return read


def _score(task: Task, value: Any) -> float | None:
    number = _number(value)
    if number is None:
        return None
    low, high = _range(task)
    return number if low <= number <= high or number == HIDDEN else None


def _number(value: Any) -> float | None:
    """A number, from a number or its text; truth values and everything else are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _range(task: Task) -> tuple[float, float]:
    assert task.score_range is not None, f"{task.name} is a regression without a score range"
    return task.score_range


def _classes_text(task: Task) -> str:
    return f"a whole number from 0 to {len(task.labels) - 1}, or one of {', '.join(task.labels)}"


def shown(value: Any) -> str:
    """A cell as it may stand in a sentence: short, quoted if text."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return "an empty cell"
    try:
        text = on_one_line(value[:60]) if isinstance(value, str) else repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "a number without end"
    short = text if len(text) <= 48 else f"{text[:46]}…"
    return f"“{short}”" if isinstance(value, str) else short
