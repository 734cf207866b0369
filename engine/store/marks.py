"""Marks: a number beside every curve row, score and run, made of what it says. SQLite itself notices no changed value.

A row whose mark does not fit is damage. A row without one is of an older version, or of a time before this one: nothing is
known of it. Knows the columns; opens and moves nothing.
"""

from __future__ import annotations

import json
import math
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS = 31  # so that SQLite keeps a mark in four bytes; one change in 2³¹ goes unnoticed
CHUNK = 100_000
UNMARKED = -1
# The columns of a run that its mark is made of: those of schema 6. Programs of later versions may add columns and go on
# sharing a store with older ones; theirs are marked only by a migration that takes all marks away first.
MARKED = (
    "id revision name state phase phase_done phase_total reason created_at started_at ended_at config toml task loss "
    "architecture seed teacher step total_steps steps_per_epoch batch_size key_metric best_score best_step teacher_score "
    "parameters teacher_parameters device device_reason pid pid_started colour note trashed_at rewinds train_rows "
    "evaluation_rows machine attempt resumed_rows"
)

Numbers = NDArray[np.uint64]


def row_marks(
    runs: Sequence[Any], names: Sequence[str], steps: Sequence[Any], seconds: Sequence[Any], values: Sequence[Any]
) -> NDArray[np.int64]:
    """The marks of curve rows, shape (rows,): of run, curve's name, step, seconds and value. NULL is NaN.

    Raises TypeError, ValueError, OverflowError where there are no numbers.
    """
    keys = {name: zlib.crc32(name.encode("utf-8", "backslashreplace")) for name in set(names)}
    columns = (
        np.array(runs, np.int64).view(np.uint64),
        np.array([keys[name] for name in names], np.uint64),
        np.array(steps, np.int64).view(np.uint64),
        _bits(seconds),
        _bits(values),
    )
    mixed = np.zeros(len(names), np.uint64)
    for column in columns:
        mixed = _mix(mixed ^ column)
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def as_marks(found: Sequence[int | None]) -> NDArray[np.int64]:
    """Marks as they were read; NULL is UNMARKED."""
    return np.array([UNMARKED if mark is None else mark for mark in found], np.int64)


def misfits(found: NDArray[np.int64], made: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which marks say that their row has changed."""
    return (found != UNMARKED) & (found != made)


def must_fit(found: Sequence[int | None], made: NDArray[np.int64]) -> None:
    """Raises ValueError where a curve row is not what was written."""
    if misfits(as_marks(found), made).any():
        raise ValueError("curve rows are not what was written")


def fits(found: int | None, made: int, what: str) -> bool:
    """True; raises ValueError where ``what`` is not what was written."""
    if found is not None and found != made:
        raise ValueError(f"{what} is not what was written")
    return True


def score_mark(run: int, model: str, split: str, metric: str, value: float | None) -> int:
    """The mark of a score's row."""
    plain = None if value is None or math.isnan(value) else value + 0.0  # as SQLite keeps it: no NaN, no minus zero
    return _mark([run, model, split, metric, plain])


def run_mark(row: Mapping[str, Any]) -> int:
    """The mark of a run's row by column."""
    return _mark([row.get(name) for name in MARKED.split()])


def seal_run(connection: sqlite3.Connection, run: int) -> None:
    """Give a run's row its mark; to be done after every change of it, in the same transaction."""
    cursor = connection.execute("SELECT * FROM runs WHERE id = ?", [run])
    row = cursor.fetchone()
    if row is not None:
        mark = run_mark(dict(zip((column for column, *_ in cursor.description), row, strict=True)))
        connection.execute("UPDATE runs SET mark = ? WHERE id = ?", [mark, run])


def changed_rows(connection: sqlite3.Connection) -> Iterator[str]:
    """A sentence for each kind of row that is not what was written. Raises sqlite3.Error."""
    cursor = connection.execute(
        "SELECT run, series.name, step, seconds, value, mark FROM metrics JOIN series ON series.id = series"
    )
    changed = 0
    while rows := cursor.fetchmany(CHUNK):
        *columns, found = zip(*rows, strict=True)
        try:
            changed += int(misfits(as_marks(found), row_marks(*columns)).sum())
        except (TypeError, ValueError, OverflowError, AttributeError):
            changed += 1
    if changed:
        yield f"Curve rows that are not what was written: {changed}."
    scores = connection.execute("SELECT run, model, split, metric, value, mark FROM scores").fetchall()
    changed = sum(mark is not None and mark != score_mark(*row) for *row, mark in scores)
    if changed:
        yield f"Scores that are not what was written: {changed}."
    cursor = connection.execute("SELECT * FROM runs")
    names = [column for column, *_ in cursor.description]
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        if row["mark"] is not None and row["mark"] != run_mark(row):
            yield f"The row of run {row['id']} is not what was written."


def _bits(values: Sequence[Any]) -> Numbers:
    """The bits of numbers as SQLite gives them back: one NaN for NULL and for every NaN, no minus zero."""
    plain = np.array([math.nan if value is None else value for value in values], np.float64)
    plain[plain == 0] = 0.0
    plain[np.isnan(plain)] = np.nan
    return plain.view(np.uint64)


def _mix(numbers: Numbers) -> Numbers:
    """Every bit in, every bit out: the finaliser of SplitMix64 (Steele, Lea and Flood 2014), after adding its constant."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _mark(content: Any) -> int:
    text = json.dumps(content, sort_keys=True, default=repr)
    return zlib.crc32(text.encode()) & (2**BITS - 1)
