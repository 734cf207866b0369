"""Every value of a store is marked: one that was changed behind the program's back is refused, named, and left out by a repair."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Facts, Metrics, Score
from engine.store import Store
from engine.store.check import check_store
from engine.store.marks import misfits, row_marks
from engine.store.repair import repair_store

Make = Callable[..., DistillationConfig]
ODD = [0.0, -0.0, math.nan, math.inf, -math.inf, 1e-308, 1e20, 3.0]


@pytest.fixture
def filled(home: Path, make_config: Make) -> Path:
    store = Store(home)
    run = store.enqueue(make_config())
    with store.writer(run) as writer:
        for step, value in enumerate(ODD):
            writer.emit(Metrics(step, step / 3, {"train/loss": value, "validation/f1": step / 7}))
        writer.emit(Score("student", "validation", "f1", 0.75))
        writer.emit(Score("student", "test", "f1", -0.0))
        writer.emit(Score("teacher", "validation", "f1", math.nan))
        writer.emit(Facts({"best_score": 0.75, "best_step": 3}))
    store.set_state(run, "finished")
    store.close()
    return home


def _read(home: Path) -> tuple[Any, ...]:
    store = Store(home)
    try:
        rows = store.metrics_after(0)
        return store.runs(), store.scores(), store.curve(1, "train/loss"), store.metrics_of(1, 10**6), rows
    finally:
        store.close()


def test_what_was_written_fits_also_where_sqlite_gives_another_form_of_it_back(filled: Path) -> None:
    runs, scores, (steps, _, values), _, _ = _read(filled)
    assert runs[0].best_score == 0.75 and len(scores) == 3 and steps.tolist() == list(range(len(ODD)))
    assert np.array_equal(values, np.array(ODD), equal_nan=True)
    assert check_store(filled).is_whole


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("UPDATE metrics SET value = value + 1e-12 WHERE id = 3", (15, 3)),
        ("UPDATE metrics SET value = 7 WHERE value IS NULL", (15, 3)),
        ("UPDATE metrics SET seconds = 99 WHERE id = 5", (15, 3)),
        ("UPDATE metrics SET step = 1000 WHERE id = 5", (15, 3)),
        ("UPDATE metrics SET series = 3 - series WHERE id = 5", (15, 3)),
        ("UPDATE scores SET value = 0.76 WHERE value = 0.75", (16, 2)),
        ("UPDATE scores SET split = 'test2' WHERE split = 'test'", (16, 2)),
        ("UPDATE runs SET best_score = 0.9", (16, 3)),
        ("UPDATE runs SET name = 'another'", (16, 3)),
    ],
)
def test_one_changed_value_is_refused_named_and_left_out_by_a_repair(
    filled: Path, change: str, left: tuple[int, int]
) -> None:
    with closing(sqlite3.connect(filled / "runs.db")) as connection:
        for table in ("runs", "metrics", "scores"):
            connection.execute(f"DROP TRIGGER {table}_unmarked")  # as a flipped byte does not ask for it
        connection.execute(change)
        connection.commit()
    with pytest.raises(StoreError, match=r"is damaged\. Run “distill store repair.*not what was written"):
        _read(filled)
    assert len(check_store(filled).damage) == 1
    done = repair_store(filled)
    assert done.salvage is not None and done.salvage.doubtful == ([1] if "runs" in change else [])
    assert check_store(filled).is_whole
    rows, scores = _read(filled)[4], _read(filled)[1]
    assert (len(rows), len(scores)) == left
    assert repair_store(filled).did_nothing


def test_a_curve_whose_name_was_changed_has_it_again(filled: Path) -> None:
    """The index still has the name, and the rows' marks say which of the two is right."""
    with closing(sqlite3.connect(filled / "runs.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_series_1'")
        connection.commit()
    content = (filled / "runs.db").read_bytes()
    assert content.count(b"train/loss") >= 2
    place = content.index(b"train/loss")
    (filled / "runs.db").write_bytes(content[:place] + b"train/lo5s" + content[place + 10 :])
    repair_store(filled)
    store = Store(filled)
    assert store.curve_names(1) == ["train/loss", "validation/f1"]
    assert len(store.curve(1, "train/loss")[0]) == len(ODD)
    store.close()


def test_rows_of_earlier_versions_have_no_mark_and_are_taken_as_they_are(filled: Path) -> None:
    with closing(sqlite3.connect(filled / "runs.db")) as connection:
        for table in ("runs", "metrics", "scores"):
            connection.execute(f"UPDATE {table} SET mark = NULL")
        connection.execute("UPDATE metrics SET value = 7 WHERE id = 1")
        connection.commit()
    assert _read(filled)[2][2][0] == 7
    assert check_store(filled).is_whole


@pytest.mark.parametrize(
    "change",
    ["UPDATE runs SET name = 'mine'", "UPDATE metrics SET value = 7 WHERE id = 1", "UPDATE scores SET value = 1"],
)
def test_what_an_older_program_or_a_person_changes_by_sql_is_no_damage(filled: Path, change: str) -> None:
    with closing(sqlite3.connect(filled / "runs.db")) as connection:
        connection.execute(change)
        connection.commit()
    _read(filled)
    assert check_store(filled).is_whole
    store = Store(filled)
    store.update(1, note="and now by this program")
    store.close()
    assert check_store(filled).is_whole


def test_a_changed_letter_in_a_tables_description_is_damage_that_a_repair_mends(filled: Path) -> None:
    file = filled / "runs.db"
    content = file.read_bytes()
    place = content.index(b"key_metric TEXT")
    file.write_bytes(content[:place] + b"key_metrZc" + content[place + 10 :])
    with pytest.raises(StoreError, match="store repair.*the table runs has no column key_metric"):
        Store(filled)
    assert "The table runs has other columns" in " ".join(check_store(filled).damage)
    repair_store(filled)
    assert check_store(filled).is_whole and _read(filled)[0][0].best_score == 0.75


def test_every_bit_of_a_row_counts() -> None:
    """64 bits of step, seconds and value, each flipped for itself."""
    whole = ([3], ["train/loss"], np.array([70]), np.array([1.25]), np.array([0.5]))
    mark = row_marks(*whole)  # type: ignore[arg-type]
    for column in (2, 3, 4):
        for bit in range(64):
            changed = [np.array(part).copy() for part in whole]
            changed[column].view(np.uint64)[0] ^= np.uint64(1 << bit)
            again = row_marks([3], ["train/loss"], *changed[2:])  # type: ignore[arg-type]
            assert misfits(mark, again).all(), (column, bit)
