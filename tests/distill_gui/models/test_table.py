"""The table's item model: what it shows, what it asks for, and that a step of progress resets nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from distill_gui.models import table as table_model
from distill_gui.models.table import FACE_ROLE, FIRST_TASK, GRADIENT, METHOD, SIZE, TableModel
from engine.analysis.gradient_share import INFLUENCE, LABELS_SHARE
from engine.store import RunRecord, ScoreRow

Record = Callable[..., RunRecord]


@pytest.fixture
def run(record: Record) -> Record:
    """A run of 2x128 on MRPC, rows from a folder."""

    def make(
        number: int, kind: str = "none", task: str = "mrpc", source: str = "/data/mrpc", **changes: Any
    ) -> RunRecord:
        loss: dict[str, Any] = {"kind": kind}
        if kind != "none":
            loss |= {"lambda": 0.5, "temperature": 2.0}
        config = {
            "name": f"run {number}", "task": {"name": task, "source": source, "max_length": 128}, "loss": loss,
            "teacher": {"model": "/models/big", "training": "as_is"},
            "student": {"architecture": "2x128", "init": "random"},
            "training": {"epochs": 3, "seed": changes.get("seed", 0)},
        }  # fmt: skip
        toml = f"name = 'run {number}'"
        return record(number, task=task, loss=kind, architecture="2x128", config=config, toml=toml, parameters=4_400_000,
                      **changes)  # fmt: skip

    return make


@pytest.fixture
def model(qtbot: QtBot) -> TableModel:
    made = TableModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    return made


def line_of(model: TableModel, title: str) -> int:
    """The own row of this title."""
    lines = [row for row in range(model.rowCount()) if model.index(row, METHOD).data().startswith(title)]
    return lines[-1]


def column_of(model: TableModel, title: str) -> int:
    heads = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())]
    return next(place for place, head in enumerate(heads) if head.split("\n")[0] == title)


def at(model: TableModel, row: str, column: str) -> QModelIndex:
    return model.index(line_of(model, row), column_of(model, column))


def test_published_rows_stand_alone_at_first(model: TableModel) -> None:
    assert not model.has_own_rows()
    assert model.headerData(FIRST_TASK, Qt.Orientation.Horizontal) == "QQP\n363.8 K"
    assert "BERT base" in model.index(0, METHOD).data() and model.index(0, SIZE).data() == "109"
    headings = [row for row in range(model.rowCount()) if model.is_heading(row)]
    assert [model.index(row, METHOD).data() for row in headings] == ["2 × 128", "4 × 312", "6 × 768"]
    assert not model.flags(model.index(headings[0], 0)) & Qt.ItemFlag.ItemIsSelectable


def test_changes_are_gathered_and_shown_by_themselves(model: TableModel, run: Record, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.table_changed, timeout=3000):
        model.update([run(1, best_score=0.8)])
        model.set_scores([ScoreRow(1, "student", "validation", "f1", 0.8)])
    assert at(model, "No teacher", "MRPC").data().startswith("80.0")
    assert model.runs_at(at(model, "No teacher", "MRPC")) == [1]
    assert at(model, "No teacher", "RTE").data() == "run"


def test_progress_changes_one_cell_and_resets_nothing(model: TableModel, run: Record, qtbot: QtBot) -> None:
    model.update([run(1, state="running", step=0, total_steps=100)])
    model.rebuild()
    resets: list[None] = []
    model.modelReset.connect(lambda: resets.append(None))
    with qtbot.waitSignal(model.dataChanged, timeout=3000):
        model.update([run(1, state="running", step=40, total_steps=100)])
    assert resets == [] and at(model, "No teacher", "MRPC").data() == "40 % ▸"
    with qtbot.assertNotEmitted(model.dataChanged, wait=300):
        model.update([run(1, state="running", step=40, total_steps=100, phase="training")])


def test_progress_makes_no_table_anew_and_shows_what_a_new_one_would(
    model: TableModel, run: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = ScoreRow(1, "student", "validation", "f1", 0.8)
    runs = [run(1), run(2, "kl"), run(3, "taylor"), run(4, "none", "rte", state="running", step=0, total_steps=0)]
    model.update(runs)
    model.set_scores([score])
    model.rebuild()
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), last.row())))
    with monkeypatch.context() as patch:
        patch.setattr(table_model, "build_table", lambda *_, **__: pytest.fail("all runs are read again"))
        for step in (0, 1, 50):
            model.update([run(4, "none", "rte", state="running", step=step, total_steps=100)])
    row = line_of(model, "No teacher")
    assert told == [(row, row)] * 3, "“running”, 0 %, 1 %, 50 %: each one row, and not the headings or rows beside it"
    shown = model.table
    model.rebuild()
    assert shown == model.table and at(model, "No teacher", "RTE").data() == "50 % ▸"


def test_an_empty_cell_asks_for_the_run_that_would_fill_it(model: TableModel, run: Record, tmp_path: Path) -> None:
    for task in ("mrpc", "rte"):
        (tmp_path / task).mkdir()
    model.update([run(1, "kl", source=str(tmp_path / "mrpc"))])
    model.set_scores([ScoreRow(1, "student", "validation", "f1", 0.8)])
    model.rebuild()
    asked = model.overrides_at(at(model, "Vanilla KD · T 2", "RTE"))
    assert asked["task.name"] == "rte" and asked["task.source"] == str(tmp_path / "rte")
    assert asked["loss.kind"] == "kl" and asked["loss.temperature"] == 2.0 and asked["student.architecture"] == "2x128"
    assert "training.seed" not in asked and "name" not in asked
    assert "task.source" not in model.overrides_at(at(model, "Vanilla KD · T 2", "QQP")), "there is no such folder"
    assert model.overrides_at(at(model, "Vanilla KD · T 2", "MRPC")) == {}, "it has a figure"
    assert model.overrides_at(at(model, "BERT base", "RTE")) == {}, "a published row cannot be run"


def test_own_only_and_hidden_columns_hold_for_every_copy(model: TableModel, run: Record) -> None:
    model.update([run(1)])
    model.set_scores([ScoreRow(1, "student", "validation", "f1", 0.8)])
    model.set_published_shown(False)
    assert [model.index(row, METHOD).data().split("  ")[0] for row in range(model.rowCount())] == [
        "2 × 128",
        "No teacher",
    ]
    model.set_hidden_columns({"qqp", "mnli"})
    assert model.columnCount() == FIRST_TASK + 5
    assert "QQP" not in model.text_in("csv") and "BERT base" not in model.text_in("latex")
    assert ("qqp", "QQP", False) in model.all_columns() and len(model.all_columns()) == 7
    model.set_hidden_columns(())
    assert "QQP" in model.text_in("csv")


def test_every_format_can_be_copied(model: TableModel) -> None:
    for name, words in model.formats():
        assert "BERT base" in model.text_in(name) and words


def test_notes_end_with_the_legend(model: TableModel) -> None:
    notes = model.notes()
    assert [mark for mark, _ in notes] == ["a", "b", "c", "d", "e", "†", ""]
    assert notes[-1][1].startswith("Metrics: F1 (QQP, MRPC)")


def test_a_name_is_text_in_a_tooltip(model: TableModel, run: Record) -> None:
    hostile = "<b>x</b><img src='file:///etc/passwd'>"
    made = run(1, "kl")
    made.config["teacher"]["model"] = hostile
    plain = run(2, "kl")
    model.update([made, plain])
    model.rebuild()
    row = line_of(model, "Vanilla KD · T 2 · teacher")
    tip = model.index(row, METHOD).data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in tip and "<b>" not in tip
    told = model.index(row, METHOD).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Own runs, measured on validation" in told


def test_runs_that_are_deleted_go(model: TableModel, run: Record) -> None:
    model.update([run(1), run(2, "kl")])
    model.rebuild()
    assert model.has_own_rows()
    model.forget([1, 2, 99])
    assert not model.has_own_rows()


def test_every_cell_has_a_face_and_words(model: TableModel, run: Record) -> None:
    model.update([run(1), run(2, "kl", state="failed"), run(3, "kl", "rte", state="queued")])
    model.rebuild()
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            assert index.data(FACE_ROLE) is not None
            assert index.data(Qt.ItemDataRole.ToolTipRole).startswith("<qt>")


def test_the_gradient_share_is_a_column_on_demand(model: TableModel, run: Record, qtbot: QtBot) -> None:
    model.update([run(1), run(2, "kl")])
    model.set_scores([ScoreRow(number, "student", "validation", "f1", 0.8) for number in (1, 2)])
    model.rebuild()
    before = model.columnCount()
    assert not model.gradient_shown() and "Gradient share" not in model.text_in("markdown")
    model.set_gradient_shown(True)
    assert model.columnCount() == before + 1 and model.gradient_shown()
    kl = line_of(model, "Vanilla KD · T 2")
    assert model.index(kl, GRADIENT).data() == "–"
    with qtbot.waitSignal(model.dataChanged, timeout=3000):
        model.add_curve_means({2: {LABELS_SHARE: 0.4, INFLUENCE: 0.25}, 7: {LABELS_SHARE: 0.9}})
    assert model.index(kl, GRADIENT).data() == "60.0  0.25"
    assert "60.0 %" in model.index(kl, GRADIENT).data(Qt.ItemDataRole.ToolTipRole)
    assert model.headerData(GRADIENT, Qt.Orientation.Horizontal).startswith("Gradient share")
    assert at(model, "Vanilla KD · T 2", "MRPC").data().startswith("80.0") and model.runs_at(
        at(model, "Vanilla KD · T 2", "MRPC")
    ) == [2]
    assert model.overrides_at(at(model, "Vanilla KD · T 2", "RTE"))["task.name"] == "rte"
    assert model.overrides_at(model.index(kl, GRADIENT)) == {} and model.runs_at(model.index(kl, GRADIENT)) == []
    assert "| 60.0 | 0.25 |" in model.text_in("markdown")
    model.set_gradient_shown(False)
    assert model.columnCount() == before


def test_a_run_in_the_trash_is_no_longer_in_the_table(model: TableModel, run: Record, qtbot: QtBot) -> None:
    model.update([run(1), run(2, "kl")])
    model.set_scores([ScoreRow(number, "student", "validation", "f1", 0.8) for number in (1, 2)])
    model.rebuild()
    with qtbot.waitSignal(model.table_changed, timeout=3000):
        model.update([run(2, "kl", trashed_at=1.8e9)])
    assert not any("Vanilla KD · T 2" in model.index(row, METHOD).data() for row in range(model.rowCount()))
    with qtbot.waitSignal(model.table_changed, timeout=3000):
        model.update([run(2, "kl")])
    assert model.runs_at(at(model, "Vanilla KD · T 2", "MRPC")) == [2]


def test_stopped_runs_are_said_not_to_count(model: TableModel, run: Record) -> None:
    model.update([run(1), run(2, "kl", state="stopped")])
    model.set_scores([ScoreRow(1, "student", "validation", "f1", 0.8)])
    model.rebuild()
    assert ("", "Not counted, as they ended before their last step: 1 stopped.") in model.notes()


def test_what_is_shown_can_be_remembered_and_told_once(qtbot: QtBot, model: TableModel) -> None:
    told: list[dict[str, Any]] = []
    model.switches_changed.connect(lambda: told.append(model.switches()))
    model.set_published_shown(False)
    model.set_gradient_shown(True)
    model.set_hidden_columns({"qqp", "rte"})
    model.set_hidden_columns({"rte", "qqp"})
    assert told[-1] == {"published": False, "gradient": True, "hidden_columns": ["qqp", "rte"]} and len(told) == 3
    other = TableModel()
    other.set_switches(told[-1])
    assert other.switches() == told[-1]
    assert (other.published_shown(), other.gradient_shown()) == (False, True)
    assert {key for key, _, shown in other.all_columns() if not shown} == {"qqp", "rte"}
    other.set_switches({})
    assert other.switches() == TableModel().switches() and not other.has_choices()


@pytest.mark.parametrize("damage", [{"published": 0}, {"gradient": "yes"}, {"hidden_columns": "qqp"}, {"later": 1}])
def test_damaged_switches_are_at_their_defaults(model: TableModel, damage: dict[str, Any]) -> None:
    model.set_switches(damage)
    assert not model.has_choices()
