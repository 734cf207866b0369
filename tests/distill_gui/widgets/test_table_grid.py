"""The grid: nothing cut, the first column in sight, one click or key a choice."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.table_cells import HEADING_HEIGHT, PAD, ROW_HEIGHT, joined_width, plain_width, slot_widths
from distill_gui.widgets.table_grid import LEAST_FIRST, TableGrid

ROLE = 0x0101


@dataclass(frozen=True)
class Span:
    text: str
    look: str
    slot: int = 0
    brief: str = ""


@dataclass(frozen=True)
class Face:
    spans: tuple[Span, ...]
    is_right: bool = True
    slotted: bool = False
    is_heading: bool = False
    clickable: bool = False


FIGURE = Face((Span("82.0", "best"), Span("±.4", "small", 1), Span("+0.4", "good", 2)), slotted=True, clickable=True)
NAME = Face((Span("Vanilla KD · T 2 · λ .3", "text"), Span("3 seeds", "small")), is_right=False)
HEADING = Face((Span("2 × 128", "heading"),), is_right=False, is_heading=True)


def model_of(tasks: int, rows: int = 4) -> QStandardItemModel:
    model = QStandardItemModel(rows, tasks + 2)
    model.setHorizontalHeaderLabels(["Method", "# P (M)", *(f"Task {number}\n3.7 K" for number in range(tasks))])
    for row in range(rows):
        for column in range(tasks + 2):
            model.setItem(row, column, QStandardItem())
            face = NAME if column == 0 else Face((Span("4.4", "muted"),)) if column == 1 else FIGURE
            if row == 0:
                face = HEADING if column == 0 else Face((), is_heading=True)
            model.item(row, column).setData(face, ROLE)
    return model


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    theme.apply(qapp, False)


def grid_of(qtbot: QtBot, tasks: int, width: int = 900, rows: int = 4) -> TableGrid:
    grid = TableGrid(model_of(tasks, rows), ROLE)
    grid.model().setParent(grid)
    qtbot.addWidget(grid)
    grid.resize(width, 400)
    grid.show()
    qtbot.waitExposed(grid)
    return grid


def test_a_narrow_table_fills_the_width_and_a_wide_one_scrolls(qtbot: QtBot) -> None:
    narrow, wide = grid_of(qtbot, 2), grid_of(qtbot, 14)
    total = sum(narrow.columnWidth(column) for column in range(4))
    assert total == narrow.viewport().width() and narrow.horizontalScrollBar().maximum() == 0
    assert wide.horizontalScrollBar().maximum() > 0


@pytest.mark.parametrize("tasks", [1, 7, 14])
def test_no_figure_is_ever_cut(qtbot: QtBot, tasks: int) -> None:
    grid = grid_of(qtbot, tasks, width=700)
    needed = joined_width(slot_widths(FIGURE)) + 2 * PAD
    assert all(grid.columnWidth(column) >= needed for column in range(2, tasks + 2))


def test_the_first_column_gives_way_before_anything_scrolls(qtbot: QtBot) -> None:
    grid = grid_of(qtbot, 3)
    natural = grid.natural_width()
    spare = grid.columnWidth(0)
    for width in range(natural, natural - 400, -20):
        grid.resize(width, 400)
        scrolls = grid.horizontalScrollBar().maximum() > 0
        first, rest = grid.columnWidth(0), sum(grid.columnWidth(column) for column in range(1, 5))
        assert first >= 200 and (scrolls or first + rest == grid.viewport().width())
        assert not scrolls or grid.viewport().width() - rest < LEAST_FIRST, "it scrolls only where names would be lost"
    assert spare >= first


def test_a_badge_says_less_before_a_name_is_cut_and_names_scroll_before_they_are(qtbot: QtBot) -> None:
    name = Face((Span("2 × 128 · from scratch", "text"), Span("teacher · validation", "badge", brief="teacher")), False)
    whole, brief = (plain_width(name, short) + 2 * PAD for short in (False, True))
    model = model_of(7)
    for row in range(1, 4):
        model.item(row, 0).setData(name, ROLE)
    grid = TableGrid(model, ROLE)
    model.setParent(grid)
    qtbot.addWidget(grid)
    grid.show()
    seen = set()
    for width in range(grid.natural_width() + 40, 600, -15):
        grid.resize(width, 400)
        QApplication.processEvents()
        first, in_brief = grid.columnWidth(0), 0 in grid._cells.brief
        scrolls = grid.horizontalScrollBar().maximum() > 0
        assert in_brief == (first < whole)
        assert first >= brief, "a name that fits is cut"
        seen.add((in_brief, scrolls))
    assert {(False, False), (True, False)} <= seen


def test_the_first_column_stays_in_sight(qtbot: QtBot) -> None:
    grid = grid_of(qtbot, 14)
    (frozen,) = [child for child in grid.findChildren(type(grid).__mro__[1]) if child is not grid and child.isVisible()]
    grid.horizontalScrollBar().setValue(200)
    assert frozen.x() == 0 and frozen.columnWidth(0) == grid.columnWidth(0)
    assert frozen.indexAt(frozen.viewport().rect().center()).column() in (0, -1)
    grid.scrollTo(grid.model().index(1, 2))
    assert grid.visualRect(grid.model().index(1, 2)).left() >= frozen.width()


def test_headings_span_the_table_and_are_lower(qtbot: QtBot) -> None:
    grid = grid_of(qtbot, 3)
    assert grid.columnSpan(0, 0) == 5 and grid.rowHeight(0) == HEADING_HEIGHT and grid.rowHeight(1) == ROW_HEIGHT


def test_it_asks_for_the_height_of_its_content(qtbot: QtBot) -> None:
    grid = grid_of(qtbot, 2, rows=5)
    assert grid.sizeHint().height() == grid.content_height() == 46 + HEADING_HEIGHT + 4 * ROW_HEIGHT


def test_a_click_and_return_choose_a_figure_and_nothing_else(qtbot: QtBot) -> None:
    grid = grid_of(qtbot, 2)
    chosen: list[tuple[int, int]] = []
    grid.chosen.connect(lambda index: chosen.append((index.row(), index.column())))

    def click(row: int, column: int) -> None:
        middle = grid.visualRect(grid.model().index(row, column)).center()
        QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)

    click(1, 2)
    click(1, 0)
    click(0, 0)
    assert chosen == [(1, 2)]
    grid.setCurrentIndex(grid.model().index(2, 3))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        QTest.keyClick(grid, key)
    assert chosen == [(1, 2), (2, 3), (2, 3)]


def test_arrow_keys_move_between_cells(qtbot: QtBot) -> None:
    grid = grid_of(qtbot, 2)
    grid.setCurrentIndex(grid.model().index(1, 2))
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert (grid.currentIndex().row(), grid.currentIndex().column()) == (2, 3)


def test_a_wider_figure_widens_its_column_and_a_reset_starts_anew(qtbot: QtBot) -> None:
    grid = grid_of(qtbot, 9, width=700)
    model = grid.model()
    assert isinstance(model, QStandardItemModel)
    before = grid.columnWidth(4)
    wide = Face((Span("82.0/82.1", "best"), Span("±11.4/10.1", "small", 1), Span("+10.4", "good", 2)), slotted=True)
    model.item(2, 4).setData(wide, ROLE)
    assert grid.columnWidth(4) > before
    model.item(2, 4).setData(FIGURE, ROLE)
    assert grid.columnWidth(4) > before, "it does not jitter back"
    grid.arrange()
    assert grid.columnWidth(4) == before


def test_an_empty_model_is_no_trouble(qtbot: QtBot) -> None:
    grid = TableGrid(QStandardItemModel(0, 0), ROLE)
    grid.model().setParent(grid)
    qtbot.addWidget(grid)
    grid.resize(300, 200)
    grid.show()
    assert grid.sizeHint().height() == 46 and not QModelIndex().isValid()
