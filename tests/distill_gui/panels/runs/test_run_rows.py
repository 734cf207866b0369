"""A row of the list: its box ticks, its name is edited in place, its text is painted plainly."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from distill_gui.models.run_list import NOWHERE, RECORD_ROLE, RunListModel
from distill_gui.panels.runs.run_rows import HEADING, ROW, RunRows
from engine.store import RunRecord


@pytest.fixture
def rows_view(qtbot: QtBot, models: SimpleNamespace) -> RunRows:
    made = RunRows()
    made.setModel(models.runs)
    qtbot.addWidget(made)
    made.resize(280, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def click(view: RunRows, qtbot: QtBot, run: int, x: int) -> None:
    area = view.visualRect(view.model().index(view.model().row_of(run)))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(x, area.center().y()))


def test_a_click_on_the_box_ticks_and_chooses_nothing(
    rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot
) -> None:
    assert models.runs.ticked() == [1, 3]
    before = rows_view.currentIndex()
    assert models.runs.run_at(before) != 1
    click(rows_view, qtbot, 1, 18)
    assert models.runs.ticked() == [3]
    assert rows_view.currentIndex() == before
    click(rows_view, qtbot, 1, 120)
    assert models.runs.ticked() == [3]
    assert models.runs.run_at(rows_view.currentIndex()) == 1


def test_space_ticks_the_chosen_run(rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot) -> None:
    rows_view.setCurrentIndex(models.runs.index(models.runs.row_of(2)))
    qtbot.keyClick(rows_view, Qt.Key.Key_Space)
    assert models.runs.ticked() == [1, 2, 3]
    qtbot.keyClick(rows_view, Qt.Key.Key_Space)
    assert models.runs.ticked() == [1, 3]


def test_long_names_are_told_apart_by_their_ends(rows_view: RunRows, models: SimpleNamespace) -> None:
    """As those of a sweep are: "… · λ 0.3", "… · λ 0.7"."""
    pictures = []
    for weight in ("0.3", "0.7"):
        record = models.runs.record(1)
        models.runs.update([replace(record, name=f"A long name of a run, three layers of the teacher · λ {weight}")])
        pictures.append(
            rows_view.viewport().grab(rows_view.visualRect(models.runs.index(models.runs.row_of(1)))).toImage()
        )
    assert pictures[0] != pictures[1]


def test_the_arrow_keys_step_over_headings(rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot) -> None:
    models.runs.set_group("state")  # running 3, finished 1, failed 2
    rows_view.setCurrentIndex(models.runs.index(models.runs.row_of(3)))
    qtbot.keyClick(rows_view, Qt.Key.Key_Down)
    assert models.runs.run_at(rows_view.currentIndex()) == 1


def test_headings_are_lower_than_runs(rows_view: RunRows, models: SimpleNamespace) -> None:
    models.runs.set_group("state")
    assert [rows_view.sizeHintForRow(row) for row in range(3)] == [HEADING, ROW, HEADING]


def rename(view: RunRows, models: SimpleNamespace, qtbot: QtBot, run: int, name: str) -> None:
    view.edit(models.runs.index(models.runs.row_of(run)))
    editor = view.findChild(QLineEdit)
    assert editor is not None
    editor.setText(name)
    qtbot.keyClick(editor, Qt.Key.Key_Return)


def test_a_new_name_is_asked_for_not_taken(rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rows_view.renamed) as told:
        rename(rows_view, models, qtbot, 1, "  a   better\tname ")
    assert told.args == [1, "a better name"]
    assert models.runs.record(1).name == "run 1"


def test_a_run_that_gets_on_takes_no_letter_of_its_new_name(
    rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot
) -> None:
    rows_view.edit(models.runs.index(models.runs.row_of(3)))
    (editor,) = rows_view.viewport().findChildren(QLineEdit)
    assert editor.selectedText() == "run 3"
    qtbot.keyClicks(editor, "a bet")
    models.runs.update([replace(models.runs.record(3), step=51)])
    qtbot.keyClicks(editor, "ter one")
    with qtbot.waitSignal(rows_view.renamed) as told:
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert told.args == [3, "a better one"]


@pytest.mark.parametrize("name", ["", "   ", "run 1"])
def test_no_name_and_the_same_name_ask_for_nothing(
    rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot, name: str
) -> None:
    with qtbot.assertNotEmitted(rows_view.renamed):
        rename(rows_view, models, qtbot, 1, name)


def test_the_run_under_the_pointer_is_told(rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot) -> None:
    area = rows_view.visualRect(models.runs.index(models.runs.row_of(2)))
    with qtbot.waitSignal(rows_view.pointed) as told:
        qtbot.mouseMove(rows_view.viewport(), area.center())
    assert told.args == [2]


def test_what_is_painted_follows_run_and_tick(
    rows_view: RunRows, models: SimpleNamespace, qtbot: QtBot, record: Callable[..., RunRecord]
) -> None:
    qtbot.mouseMove(rows_view.viewport(), QPoint(5, 290))  # below the last row: none is lit by the pointer

    def picture(run: int) -> QImage:
        area = rows_view.visualRect(models.runs.index(models.runs.row_of(run)))
        return rows_view.viewport().grab(area).toImage()

    before, other = picture(1), picture(2)
    models.runs.set_ticked([1], False)
    unticked = picture(1)
    models.runs.update([record(1, loss="none", best_score=0.91)])
    after = picture(1)
    assert before != unticked and unticked != after and after != before
    assert picture(2) == other
    rows_view.set_pointed(2)
    assert picture(2) != other


@pytest.mark.parametrize("group", ["none", "task"])
def test_a_step_of_one_run_lays_out_no_other_row(qtbot: QtBot, record: Callable[..., RunRecord], group: str) -> None:
    class Counting(RunListModel):
        asked = painted = 0

        def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NOWHERE) -> int:
            self.asked += 1
            return super().rowCount(parent)

        def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
            self.painted += role == RECORD_ROLE
            return super().data(index, role)

    runs, view = Counting(), RunRows()
    runs.set_group(group)
    runs.update([record(run) for run in range(1, 500)] + [record(500, state="running", step=1, ended_at=None)])
    view.setModel(runs)
    qtbot.addWidget(view)
    view.resize(280, 400)
    view.show()
    qtbot.waitExposed(view)
    qtbot.wait(50)
    runs.asked = runs.painted = 0
    runs.update([record(500, state="running", step=9, ended_at=None)])
    qtbot.waitUntil(lambda: runs.painted > 0)
    QApplication.processEvents()
    assert runs.asked < 100, "each row was asked for: a layout of them all"
