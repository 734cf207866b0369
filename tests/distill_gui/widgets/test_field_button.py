"""The small buttons: named, square, in a theme colour that follows the theme."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.field_button import SIDE, field_button


def test_it_says_what_it_is(qtbot: QtBot) -> None:
    made = field_button("reset", "Reset Epochs", "accent")
    qtbot.addWidget(made)
    assert made.accessibleName() == made.toolTip() == "Reset Epochs"
    assert (made.width(), made.height()) == (SIDE, SIDE)
    assert made.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_its_icon_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    made = field_button("reset", "Reset", "accent")
    qtbot.addWidget(made)
    light = made.icon().pixmap(16, 16).toImage()
    apply(qapp, True)
    assert made.icon().pixmap(16, 16).toImage() != light
    apply(qapp, False)
