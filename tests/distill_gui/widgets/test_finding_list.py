"""Findings: badge and sentence; a click on one with a key tells it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.widgets.badge import Badge
from distill_gui.widgets.finding_list import WORD_JOINER, FindingList, unbroken
from distill_gui.widgets.labels import label

ROWS = [("stop", "bad", "must be at least 1; it is 0", "training.epochs"), ("fine", "good", "3,668 <b>rows</b>.", "")]


def shown(qtbot: QtBot) -> tuple[FindingList, list[QWidget]]:
    made = FindingList()
    qtbot.addWidget(made)
    made.set_rows(ROWS)
    made.resize(300, 120)
    made.show()
    rows = [row for row in made.children() if isinstance(row, QWidget)]
    return made, rows


def test_each_finding_has_a_word_and_a_plain_sentence(qtbot: QtBot) -> None:
    made, _ = shown(qtbot)
    assert [badge.text() for badge in made.findChildren(Badge)] == ["stop", "fine"]
    words = [label for label in made.findChildren(QLabel) if not isinstance(label, Badge)]
    assert [label.text() for label in words] == ["training.epochs", "must be at least 1; it is 0", "3,668 <b>rows</b>."]
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in words)


def test_a_click_leads_to_the_key(qtbot: QtBot) -> None:
    made, (with_key, without) = shown(qtbot)
    told: list[str] = []
    made.chosen.connect(told.append)
    qtbot.mouseClick(with_key, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(without, Qt.MouseButton.LeftButton)
    assert told == ["training.epochs"]


def test_sentences_align_whatever_the_badge(qtbot: QtBot) -> None:
    made, _ = shown(qtbot)
    sentences = [label for label in made.findChildren(QLabel) if label.wordWrap()]
    assert len({label.mapTo(made, label.rect().topLeft()).x() for label in sentences}) == 1


def test_the_same_findings_make_no_new_widgets(qtbot: QtBot) -> None:
    made, rows = shown(qtbot)
    made.set_rows(ROWS)
    assert [row for row in made.children() if isinstance(row, QWidget)] == rows and made.rows() == ROWS
    made.set_rows([])
    assert made.rows() == []


def test_a_tensors_number_stays_on_the_line_of_its_name(qtbot: QtBot) -> None:
    text = "Each step asks the live teacher for hidden/2 of /models/big."
    assert unbroken(text).replace(WORD_JOINER, "") == text
    shown = label(unbroken("hidden/2"), wrap=True)
    qtbot.addWidget(shown)
    usual = label("hidden 2", wrap=True)
    qtbot.addWidget(usual)
    width = usual.fontMetrics().horizontalAdvance("hidden") + 4
    assert shown.heightForWidth(width) < usual.heightForWidth(width)
