"""The rail: a place a button, the person's choice told, the program's not."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.windows.rail import Rail


@pytest.fixture
def rail(qtbot: QtBot) -> Rail:
    made = Rail()
    qtbot.addWidget(made)
    made.add_place("compose", "Compose", "compose")
    made.add_place("runs", "Runs", "runs")
    made.resize(made.width(), 600)
    made.show()
    return made


def test_a_click_is_told(rail: Rail, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rail.chosen) as told:
        qtbot.mouseClick(rail.button("runs"), Qt.MouseButton.LeftButton)
    assert told.args == ["runs"]


def test_set_current_shows_one_or_none_and_does_not_tell(rail: Rail) -> None:
    told: list[str] = []
    rail.chosen.connect(told.append)
    rail.set_current("runs")
    assert [rail.button(key).isChecked() for key in ("compose", "runs")] == [False, True]
    rail.set_current("")
    assert [rail.button(key).isChecked() for key in ("compose", "runs")] == [False, False]
    rail.set_current("compose")
    rail.set_current("runs")
    assert [rail.button(key).isChecked() for key in ("compose", "runs")] == [False, True]
    assert told == []


def test_every_button_names_itself_and_its_key(rail: Rail) -> None:
    assert rail.button("compose").text() == "Compose"
    assert rail.button("compose").toolTip() == "Compose (Ctrl+1)"
    assert rail.button("runs").toolTip() == "Runs (Ctrl+2)"


def test_settings_are_asked_for_and_are_no_place(rail: Rail, qtbot: QtBot) -> None:
    with qtbot.waitSignal(rail.settings_wanted):
        qtbot.mouseClick(rail.settings, Qt.MouseButton.LeftButton)
    assert not rail.settings.isChecked()


def test_no_label_is_cut(qapp: QApplication, rail: Rail) -> None:
    apply(qapp, False)
    for key in ("compose", "runs"):
        button = rail.button(key)
        bold = QFont(button.font())
        bold.setWeight(QFont.Weight.DemiBold)  # the sheet's for the chosen place
        assert QFontMetrics(bold).horizontalAdvance(button.text()) <= button.width() - 4
