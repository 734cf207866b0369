"""A failed run says why, shows the end of its log, hints, and copies."""

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from distill_gui.panels.runs.failure_card import LINES, FailureCard

REASON = "The total loss is <b>nan</b> at step 41: training has gone astray."


@pytest.fixture
def card(qtbot: QtBot) -> FailureCard:
    made = FailureCard()
    qtbot.addWidget(made)
    made.resize(700, 300)
    made.show()
    return made


def test_sentence_log_and_hint(card: FailureCard) -> None:
    card.show_failure("failed", REASON, [f"line {number}" for number in range(20)])
    assert card.sentence.text() == f"Failed. {REASON}"
    assert card.log.toPlainText().splitlines() == [f"line {number}" for number in range(20 - LINES, 20)]
    assert "learning rate" in card.hint.text()


def test_all_lines_shown_fit_without_scrolling(card: FailureCard, qtbot: QtBot) -> None:
    card.show_failure("failed", REASON, [f"line {number}" for number in range(20)])
    qtbot.waitUntil(lambda: card.log.verticalScrollBar().maximum() == 0)


def test_copy_takes_sentence_and_lines(card: FailureCard) -> None:
    card.show_failure("failed", REASON, ["one", "two"])
    card.copy.click()
    assert QGuiApplication.clipboard().text() == f"{REASON}\none\ntwo"


def test_without_log_and_reason_it_still_says_something(card: FailureCard) -> None:
    card.show_failure("interrupted", "", [])
    assert card.sentence.text().startswith("Interrupted. No reason was stored")
    assert card.log.isHidden()
    assert card.hint.text() == ""
