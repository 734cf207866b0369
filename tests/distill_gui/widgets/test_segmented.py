"""Segments: the person's choice is told, the program's is not, and choosing moves nothing."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.segmented import Segmented

CHOICES = [("step", "step"), ("epoch", "epoch"), ("seconds", "seconds")]


@pytest.fixture
def segments(qapp: QApplication, qtbot: QtBot) -> Segmented:
    apply(qapp, False)
    made = Segmented(CHOICES)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_click_is_told_once(segments: Segmented, qtbot: QtBot) -> None:
    told: list[str] = []
    segments.chosen.connect(told.append)
    qtbot.mouseClick(segments.button("epoch"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(segments.button("epoch"), Qt.MouseButton.LeftButton)
    assert told == ["epoch"]
    assert segments.current() == "epoch"


def test_set_current_shows_and_does_not_tell(segments: Segmented) -> None:
    told: list[str] = []
    segments.chosen.connect(told.append)
    segments.set_current("seconds")
    assert segments.current() == "seconds"
    assert segments.button("seconds").isChecked()
    assert not segments.button("step").isChecked()
    assert told == []
    with pytest.raises(KeyError):
        segments.set_current("minutes")


def test_choosing_moves_nothing_and_bold_fits(segments: Segmented) -> None:
    before = [segments.button(key).geometry() for key, _ in CHOICES]
    for key, text in CHOICES:
        segments.set_current(key)
        QApplication.processEvents()
        assert [segments.button(other).geometry() for other, _ in CHOICES] == before
        bold = QFont(segments.button(key).font())
        bold.setWeight(QFont.Weight.DemiBold)  # the sheet's; the widget's own font does not tell
        assert QFontMetrics(bold).horizontalAdvance(text) + 22 <= segments.button(key).sizeHint().width()


def test_arrow_keys_choose(segments: Segmented, qtbot: QtBot) -> None:
    with qtbot.waitActive(segments):
        segments.activateWindow()  # without a window manager no one else does
    segments.button("step").setFocus()
    with qtbot.waitSignal(segments.chosen) as told:
        qtbot.keyClick(segments.button("step"), Qt.Key.Key_Right)
    assert told.args == ["epoch"]


def test_tab_comes_to_the_chosen_one_and_arrows_go_on_from_there(segments: Segmented, qtbot: QtBot) -> None:
    segments.set_current("epoch")
    with qtbot.waitActive(segments):
        segments.activateWindow()
    segments.setFocus()
    qtbot.keyClick(segments, Qt.Key.Key_Tab)
    assert segments.focusWidget() is segments.button("epoch")
    with qtbot.waitSignal(segments.chosen) as told:
        qtbot.keyClick(segments.button("epoch"), Qt.Key.Key_Right)
    assert told.args == ["seconds"]
