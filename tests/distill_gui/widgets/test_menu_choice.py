"""The small switch: tells what a person chooses, hides where there is nothing to choose."""

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.widgets.menu_choice import MenuChoice


def test_a_choice_is_told_once_and_shown(qtbot: QtBot) -> None:
    switch = MenuChoice()
    qtbot.addWidget(switch)
    switch.set_choices([("a", "weighted", "about a"), ("b", "as defined", "about b")])
    told: list[str] = []
    switch.chosen.connect(told.append)
    assert switch.current() == "a" and switch.text() == "weighted ▾"
    switch.action("b").trigger()
    switch.action("b").trigger()
    assert told == ["b"] and switch.text() == "as defined ▾" and switch.action("b").isChecked()
    assert switch.action("b").toolTip() == "about b"
    switch.show_key("a")
    assert told == ["b"] and not switch.action("b").isChecked()
    with pytest.raises(KeyError):
        switch.show_key("c")


def test_one_choice_is_none(qtbot: QtBot) -> None:
    switch = MenuChoice()
    qtbot.addWidget(switch)
    switch.set_choices([("a", "weighted", "")])
    assert switch.isHidden()
