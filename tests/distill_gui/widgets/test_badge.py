"""The badge: a word in a tone, gone without a word, never a window of its own."""

import pytest
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.widgets.badge import TONES, Badge


@pytest.mark.parametrize("tone", TONES)
def test_every_tone_has_colours_of_its_own(qtbot: QtBot, tone: str) -> None:
    badge = Badge("ready", tone)
    qtbot.addWidget(badge)
    assert badge.property("tone") == tone
    assert badge.text() == "ready"


def test_a_badge_without_a_word_takes_no_room(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    badge = Badge()
    QHBoxLayout(page).addWidget(badge)
    page.show()
    assert not badge.isVisible()
    badge.set("failed", "bad")
    assert badge.isVisible()
    badge.set("")
    assert not badge.isVisible()


def test_a_badge_without_a_parent_opens_no_window(qtbot: QtBot) -> None:
    badge = Badge()
    qtbot.addWidget(badge)
    badge.set("ready", "good")
    assert not badge.isVisible()


def test_an_unknown_tone_is_refused(qtbot: QtBot) -> None:
    badge = Badge("ready")
    qtbot.addWidget(badge)
    with pytest.raises(ValueError, match=r"'pink'.*good, warn, bad, info, neutral"):
        badge.set("ready", "pink")
