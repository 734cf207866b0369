"""The style sheet: complete, understood by Qt, and every picture it names is there."""

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.theme.style import IMAGES, style_sheet
from distill_gui.theme.tokens import CONTROL_HEIGHT, DARK, LIGHT
from distill_gui.widgets.buttons import button
from distill_gui.widgets.segmented import Segmented


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_nothing_is_left_to_fill_in_and_every_picture_is_there(colours) -> None:
    sheet = style_sheet(colours)
    assert "$" not in sheet
    named = set(re.findall(r'url\("([^"]+)"\)', sheet))
    assert named
    assert [name for name in named if not Path(name).is_file()] == []


def test_the_pictures_carry_the_tokens_colours() -> None:
    assert LIGHT.on_accent.lower() in (IMAGES / "check-light.svg").read_text()
    assert DARK.on_accent.lower() in (IMAGES / "check-dark.svg").read_text()


def test_qt_understands_the_sheet(qapp: QApplication, qtbot: QtBot, qtlog) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)

    def complaints(sheet: str) -> list[str]:
        before = len(qtlog.records)
        widget.setStyleSheet(sheet)
        widget.ensurePolished()
        return [record.message for record in qtlog.records[before:] if "style" in record.message.lower()]

    assert complaints(style_sheet(LIGHT)) == []
    assert complaints("QWidget { color ") != []  # what the line above would have caught


def test_fields_and_buttons_have_one_height(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    controls = [QLineEdit(), QComboBox(), QSpinBox(), button("Start"), Segmented([("a", "One"), ("b", "Two")])]
    for control in controls:
        column.addWidget(control)
    page.show()
    assert {type(control).__name__: control.height() for control in controls} == {
        type(control).__name__: CONTROL_HEIGHT for control in controls
    }


def test_the_hint_in_an_empty_field_reads_as_well_as_other_text(qapp: QApplication, qtbot: QtBot) -> None:
    """Qt's own is half transparent."""
    apply(qapp, False)
    for field in (QLineEdit(), QComboBox(), QPlainTextEdit()):
        qtbot.addWidget(field)
        field.ensurePolished()
        hint = field.palette().color(QPalette.ColorRole.PlaceholderText)
        assert (hint.name().upper(), hint.alpha()) == (LIGHT.muted, 255), type(field).__name__


@pytest.mark.parametrize("dark", [False, True])
def test_a_box_that_cannot_be_changed_shows_whether_it_is_ticked(qapp: QApplication, qtbot: QtBot, dark: bool) -> None:
    apply(qapp, dark)
    box = QCheckBox("as it is")
    qtbot.addWidget(box)
    pictures = []
    for ticked in (False, True):
        box.setChecked(ticked)
        box.setEnabled(False)
        pictures.append(box.grab().toImage())
    assert pictures[0] != pictures[1]
