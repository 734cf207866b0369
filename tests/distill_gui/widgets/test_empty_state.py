"""The empty state: says what to do and lets it be done."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.empty_state import EmptyState

LONG = "Start one from Compose, or run the sample: three runs that need no network and take under two minutes."


def test_the_button_is_the_way_out(qtbot: QtBot) -> None:
    empty = EmptyState("runs", "No runs yet", LONG, "Run the sample")
    qtbot.addWidget(empty)
    empty.show()
    with qtbot.waitSignal(empty.clicked):
        qtbot.mouseClick(empty.button, Qt.MouseButton.LeftButton)


def test_without_a_button_there_is_none(qtbot: QtBot) -> None:
    empty = EmptyState("table", "No results yet", LONG)
    qtbot.addWidget(empty)
    empty.show()
    assert not empty.button.isVisible()
    empty.set("Nothing matches", "No run has this name.", "Show all")
    assert empty.button.isVisible()
    assert empty.button.text() == "Show all"


def test_a_long_text_is_shown_whole(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    empty = EmptyState("runs", "No runs yet", LONG, "Run the sample")
    qtbot.addWidget(empty)
    empty.resize(900, 500)
    empty.show()
    text = empty._text
    assert text.height() >= text.heightForWidth(text.width()) > text.fontMetrics().lineSpacing() * 1.5


def test_the_picture_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    empty = EmptyState("runs", "No runs yet", LONG)
    qtbot.addWidget(empty)
    light = empty._picture.pixmap().toImage()
    apply(qapp, True)
    dark = empty._picture.pixmap().toImage()
    apply(qapp, False)
    assert light != dark
