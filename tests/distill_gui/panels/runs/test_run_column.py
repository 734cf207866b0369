"""The column: filter, order, counts, and what can be done with the chosen run."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from distill_gui.panels.runs.run_column import RunColumn
from engine.store import RunRecord


@pytest.fixture
def column(qtbot: QtBot, models: SimpleNamespace) -> RunColumn:
    made = RunColumn(models.runs)
    qtbot.addWidget(made)
    made.resize(290, 400)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_filter_and_its_count(column: RunColumn, models: SimpleNamespace, qtbot: QtBot) -> None:
    assert column.count.text() == "3 runs"
    qtbot.keyClicks(column.filter, "failed")
    assert models.runs.shown() == [2]
    assert column.count.text() == "1 of 3 shown"
    qtbot.keyClicks(column.filter, "xyz")
    assert column.nothing.isVisible()
    column.filter.clear()
    assert not column.nothing.isVisible()


def test_the_chosen_run_stays_chosen_through_filter_and_order(
    column: RunColumn, models: SimpleNamespace, qtbot: QtBot
) -> None:
    column.set_run(2)
    with qtbot.assertNotEmitted(column.run_chosen):
        models.runs.set_group("state")
        models.runs.set_filter("kl")
        models.runs.set_sort("name")
        models.runs.set_filter("nothing like this")
        models.runs.set_filter("")
    assert models.runs.run_at(column.rows.currentIndex()) == 2


def test_choosing_tells_and_setting_does_not(column: RunColumn, models: SimpleNamespace, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(column.run_chosen):
        column.set_run(3)
    with qtbot.waitSignal(column.run_chosen) as told:
        qtbot.keyClick(column.rows, Qt.Key.Key_Down)
    assert told.args == [2]


def test_groups_and_order_are_chosen_in_the_menu(column: RunColumn, models: SimpleNamespace) -> None:
    actions = {action.text(): action for action in column._order_menu.actions()}
    actions["loss"].trigger()
    assert models.runs.group == "loss"
    assert column.order.text() == "Grouped by loss ▾"
    actions["best score first"].trigger()
    assert models.runs.sort_key == "score"
    assert actions["loss"].isChecked() and not actions["nothing"].isChecked()


@pytest.mark.parametrize(
    ("run", "enabled"),
    [
        (1, {"rename", "duplicate", "copy", "pin", "baseline", "only", "all", "none", "discard", "trash"}),
        (2, {"rename", "duplicate", "copy", "pin", "baseline", "only", "all", "none", "discard", "trash", "resume"}),
        (
            3,
            {
                "rename",
                "duplicate",
                "copy",
                "pin",
                "baseline",
                "only",
                "all",
                "none",
                "pause",
                "stop",
                "discard",
                "trash",
            },
        ),
    ],
)
def test_only_what_applies_can_be_done(column: RunColumn, run: int, enabled: set[str]) -> None:
    column.set_run(run)
    assert {key for key, action in column._actions.items() if action.isEnabled()} == enabled
    assert column._actions["discard"].text() == ("Stop and discard" if "stop" in enabled else "Discard")


def test_a_kept_student_can_be_exported_and_a_queued_run_taken_out(
    column: RunColumn, models: SimpleNamespace, record: Callable[..., RunRecord], tmp_path: Path
) -> None:
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "config.json").write_text("{}")
    models.runs.update([record(1, folder=tmp_path), record(4, state="queued")])
    column.set_run(1)
    assert column._actions["export"].isEnabled()
    column.set_run(4)
    assert column._actions["stop"].text() == "Take out of the queue"
    assert not column._actions["export"].isEnabled()


@pytest.mark.parametrize(
    ("key", "modifiers", "signal"),
    [
        (Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier, "duplicate_wanted"),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier, "stop_wanted"),
    ],
)
def test_shortcuts(column: RunColumn, qtbot: QtBot, key: Qt.Key, modifiers: Qt.KeyboardModifier, signal: str) -> None:
    column.set_run(3)
    column.rows.setFocus()
    with qtbot.waitSignal(getattr(column, signal)) as told:
        qtbot.keyClick(column.rows, key, modifiers)
    assert told.args == [3]


def test_delete_discards_in_the_list_and_deletes_a_letter_in_the_filter(column: RunColumn, qtbot: QtBot) -> None:
    column.set_run(1)
    column.rows.setFocus()
    with qtbot.waitSignal(column.discard_wanted) as told:
        qtbot.keyClick(column.rows, Qt.Key.Key_Delete)
    assert told.args == [1]
    column.filter.setText("ab")
    column.filter.setFocus()
    column.filter.setCursorPosition(0)
    with qtbot.assertNotEmitted(column.discard_wanted):
        qtbot.keyClick(column.filter, Qt.Key.Key_Delete)
    assert column.filter.text() == "b"


def test_f2_edits_the_name(column: RunColumn, qtbot: QtBot) -> None:
    column.set_run(3)
    column.rows.setFocus()
    qtbot.keyClick(column.rows, Qt.Key.Key_F2)
    editor = column.rows.findChild(QLineEdit)
    assert editor is not None
    with qtbot.waitSignal(column.renamed) as told:
        editor.setText("new name")
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert told.args == [3, "new name"]


def test_drawing_only_one_or_all(column: RunColumn, models: SimpleNamespace) -> None:
    column.set_run(2)
    column._actions["only"].trigger()
    assert models.runs.ticked() == [2]
    column._actions["all"].trigger()
    assert models.runs.ticked() == [1, 2, 3]
    column._actions["none"].trigger()
    assert models.runs.ticked() == []


def test_the_number_is_copied(column: RunColumn) -> None:
    column.set_run(3)
    column._actions["copy"].trigger()
    assert QGuiApplication.clipboard().text() == "3"


def test_a_right_click_opens_the_menu_on_a_run_and_none_beside(
    column: RunColumn, models: SimpleNamespace, qtbot: QtBot
) -> None:
    column.set_run(3)
    area = column.rows.visualRect(models.runs.index(models.runs.row_of(3)))
    column.rows.customContextMenuRequested.emit(area.center())
    menu = column.findChildren(QMenu)[-1]
    assert [action.text() for action in menu.actions()][:2] == ["Rename", "Duplicate with changes…"]
    menu.close()
    qtbot.waitUntil(lambda: len(column.findChildren(QMenu)) == 1)
    column.rows.customContextMenuRequested.emit(column.rows.viewport().rect().bottomLeft())
    assert len(column.findChildren(QMenu)) == 1


def test_a_run_is_pinned_and_compared_with_by_keys_and_menu(
    column: RunColumn, models: SimpleNamespace, qtbot: QtBot
) -> None:
    column.set_run(1)
    column.rows.setFocus()
    pin, baseline = column._actions["pin"], column._actions["baseline"]
    qtbot.keyClick(column.rows, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert models.runs.is_pinned(1) and models.runs.shown()[0] == 1 and pin.text() == "Unpin"
    qtbot.keyClick(column.rows, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert models.runs.baseline().id == 1 and baseline.text() == "Compare with no run"
    column.set_run(3)
    assert (pin.text(), baseline.text()) == ("Pin to the top", "Compare all with this run")
    baseline.trigger()
    assert models.runs.baseline().id == 3
    baseline.trigger()
    pin.trigger()
    assert models.runs.marks() == {"pinned": [1, 3], "baseline": None, "made": {"1": 0.0, "3": 0.0}}


def test_who_pins_a_run_sees_where_it_went(
    column: RunColumn, models: SimpleNamespace, record: Callable[..., RunRecord], qtbot: QtBot
) -> None:
    models.runs.update([record(run) for run in range(10, 60)])
    column.set_run(20)
    column.rows.scrollTo(column.rows.currentIndex())
    assert column.rows.verticalScrollBar().value() > 0
    for _ in range(2):  # to the top, and back
        qtbot.keyClick(column.rows, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
        assert column.rows.viewport().rect().contains(column.rows.visualRect(column.rows.currentIndex()).center())
    assert models.runs.run_at(column.rows.currentIndex()) == 20 and not models.runs.is_pinned(20)
