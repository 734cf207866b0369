"""The card: notes in plain text below the grid, and a picture with nothing scrolled away."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QStandardItemModel
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.table_card import NARROWEST_PICTURE, TableCard, notes_text
from distill_gui.widgets.table_cells import ROW_HEIGHT

ROLE = 0x0101


@pytest.fixture
def card(qtbot: QtBot, qapp: QApplication) -> TableCard:
    theme.apply(qapp, False)
    model = QStandardItemModel(40, 3)
    model.setHorizontalHeaderLabels(["Method", "# P (M)", "MRPC\n3.7 K"])
    made = TableCard(model, ROLE)
    model.setParent(made)
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    return made


def test_notes_are_raised_letters_and_plain_text(card: TableCard) -> None:
    card.set_notes([("a", "first <b>note</b>"), ("†", "more data"), ("", "Metrics: F1.")])
    assert card.notes.text() == "ᵃ first <b>note</b>     † more data     Metrics: F1."
    assert card.notes.textFormat() == Qt.TextFormat.PlainText and card.notes.isVisible()
    assert notes_text([("a2", "x")]) == "ᵃ2 x"
    card.set_notes([])
    assert not card.notes.isVisible()


def test_the_picture_holds_every_row_on_the_ground_of_the_theme(card: TableCard) -> None:
    card.set_notes([("a", "a note")])
    picture = card.picture(scale=2.0)
    assert picture.height() / 2 > 40 * ROW_HEIGHT > card.height()
    assert picture.width() / 2 >= NARROWEST_PICTURE
    assert picture.pixelColor(2, 2) == QColor(theme.current().ground)
    middle = picture.pixelColor(picture.width() // 2, picture.height() // 2)
    assert middle == QColor(theme.current().surface)
