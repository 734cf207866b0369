"""The differences as a table: heads with scores, what stands out, and no reset without a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from distill_gui.models.compare_diff import FACE_ROLE, DiffModel
from engine.analysis.compare.comparison import Comparison, compare
from engine.store import RunRecord, ScoreRow

Record = Callable[..., RunRecord]

LONG = "/a/very/long/way/to/a/folder/with/the/teacher"


def compared(record: Record, control_teacher: str = LONG) -> Comparison:
    """A run without a teacher and one with, whose students take their tokenizers from the teachers' models."""

    def config(kind: str, teacher: str, **loss: Any) -> dict[str, Any]:
        return {"task": {"name": "mrpc"}, "loss": {"kind": kind, **loss}, "teacher": {"model": teacher, "training": "as_is"},
                "student": {"architecture": "2x128", "init": "random"}, "training": {"seed": 0}}  # fmt: skip

    runs = [
        record(1, architecture="2x128", loss="none", config=config("none", control_teacher)),
        record(2, architecture="2x128", config=config("kl", LONG, temperature=2.0)),
    ]
    return compare(runs, [ScoreRow(run.id, "student", "validation", "f1", 0.8) for run in runs])


@pytest.fixture
def comparison(record: Record) -> Comparison:
    return compared(record)


@pytest.fixture
def model(qtbot: QtBot, comparison: Comparison) -> DiffModel:
    made = DiffModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.show(comparison)
    return made


def row_of(model: DiffModel, key: str) -> int:
    return next(row for row in range(model.rowCount()) if model.index(row, 0).data() == key)


def test_heads_name_method_score_and_baseline(model: DiffModel) -> None:
    heads = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    assert heads[:2] == ["Setting", "No teacher ⚑\n80.0, 1 seed"] and heads[2].startswith("Vanilla KD")
    assert "Runs 2" in model.headerData(2, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)


def test_what_is_not_the_baselines_stands_out_and_long_values_are_whole_in_the_tip(
    model: DiffModel, record: Record
) -> None:
    model.show(compared(record, "/another"))
    kind, teacher = row_of(model, "loss.kind"), row_of(model, "teacher.model")
    looks = [model.index(kind, column).data(FACE_ROLE).spans[0].look for column in range(3)]
    assert looks == ["muted", "value", "best"]
    shown = model.index(teacher, 2).data(FACE_ROLE).spans[0].text
    assert "…" in shown and shown.endswith("the/teacher")
    assert "/a/very/long/way" in model.index(teacher, 2).data(Qt.ItemDataRole.ToolTipRole)
    said = model.index(kind, 2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("loss.kind, kl, Vanilla KD") and said.endswith("not as the baseline")


def test_the_same_comparison_resets_nothing(model: DiffModel, comparison: Comparison, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(model.modelReset):
        model.show(comparison)
    with qtbot.waitSignal(model.modelReset):
        model.show(Comparison())
    assert model.rowCount() == 0
