"""Rows are chosen by the person and shown by the program, and long names give way."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor, QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.two_line_rows import ROW_HEIGHT, Roles, TwoLineRows

ROLES = Roles(0x0101, 0x0102, 0x0103)


@pytest.fixture
def rows(qtbot: QtBot, qapp: QApplication) -> TwoLineRows:
    theme.apply(qapp, False)
    model = QStandardItemModel()
    for number in range(3):
        item = QStandardItem("a very long name " * 5)
        item.setData(f"line {number}", ROLES.caption)
        item.setData("82.0", ROLES.trailing)
        item.setData(number, ROLES.colour)
        model.appendRow(item)
    made = TwoLineRows(model, ROLES)
    model.setParent(made)
    qtbot.addWidget(made)
    made.resize(240, 200)
    made.show()
    return made


def test_the_person_chooses_by_click_and_arrow_and_the_program_in_silence(rows: TwoLineRows) -> None:
    chosen: list[int] = []
    rows.chosen.connect(lambda index: chosen.append(index.row()))
    rows.set_chosen(rows.model().index(2, 0))
    assert chosen == [] and rows.currentIndex().row() == 2
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualRect(rows.model().index(0, 0)).center())
    QTest.keyClick(rows, Qt.Key.Key_Down)
    assert chosen == [0, 1]
    rows.set_chosen(QModelIndex())
    assert chosen == [0, 1]


def test_the_chosen_row_is_told_by_more_than_its_ground(rows: TwoLineRows) -> None:
    rows.set_chosen(rows.model().index(1, 0))
    image = rows.viewport().grab().toImage()
    accent = QColor(theme.current().accent)
    assert image.pixelColor(1, ROW_HEIGHT + 20) == accent and image.pixelColor(1, 20) != accent


def test_the_swatch_wears_the_run_s_colour_and_the_name_stays_clear_of_the_figure(rows: TwoLineRows) -> None:
    image = rows.viewport().grab().toImage()
    for row in range(3):
        assert image.pixelColor(17, row * ROW_HEIGHT + ROW_HEIGHT // 2) == QColor(theme.run_colour(row))
    gap = [image.pixel(x, y) for x in range(rows.viewport().width() - 50, rows.viewport().width() - 46)
           for y in range(4, ROW_HEIGHT - 4)]  # fmt: skip
    assert len(set(gap)) == 1, "between name and figure nothing is drawn"
