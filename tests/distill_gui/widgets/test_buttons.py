"""Buttons: their kinds, and a name on those that show an icon only."""

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.widgets.buttons import KINDS, button, icon_button, set_kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_carry_an_icon(qtbot: QtBot, kind: str) -> None:
    made = button("Start", kind, "play")
    qtbot.addWidget(made)
    assert made.property("kind") == kind
    assert made.text() == "Start"
    assert not made.icon().isNull()


def test_an_icon_button_says_what_it_does(qtbot: QtBot) -> None:
    made = icon_button("more", "More actions", "secondary")
    qtbot.addWidget(made)
    assert made.accessibleName() == made.toolTip() == "More actions"
    assert not made.icon().isNull()
    assert made.width() == made.height() == 32


def test_kinds_change_and_wrong_ones_are_refused(qtbot: QtBot) -> None:
    made = button("Stop")
    qtbot.addWidget(made)
    set_kind(made, "danger")
    assert made.property("kind") == "danger"
    with pytest.raises(ValueError, match=r"'shiny'.*primary"):
        set_kind(made, "shiny")
    assert made.property("kind") == "danger"
