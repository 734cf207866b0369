"""Facts: label, figure, stressed end."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from distill_gui.widgets.fact_list import FactList


def texts(facts: FactList) -> list[str]:
    return [label.text() for label in facts.findChildren(QLabel) if not label.isHidden()]


def test_rows_are_shown_and_replaced(qtbot: QtBot) -> None:
    facts = FactList()
    qtbot.addWidget(facts)
    facts.set_rows([("Teacher → student", "22.7 M → 17.4 M", "1.3×"), ("Steps", "345", "")])
    assert texts(facts) == ["Teacher → student", "22.7 M → 17.4 M", "1.3×", "Steps", "345"]
    facts.set_rows([("Steps", "<b>7</b>", "")])
    qtbot.waitUntil(lambda: texts(facts) == ["Steps", "<b>7</b>"])
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in facts.findChildren(QLabel))


def test_the_same_rows_make_no_new_widgets(qtbot: QtBot) -> None:
    facts = FactList()
    qtbot.addWidget(facts)
    facts.set_rows([("Steps", "345", "")])
    before = facts.findChildren(QLabel)
    facts.set_rows([("Steps", "345", "")])
    assert facts.findChildren(QLabel) == before and facts.rows() == [("Steps", "345", "")]


def test_figures_end_at_the_right(qtbot: QtBot) -> None:
    facts = FactList()
    qtbot.addWidget(facts)
    facts.set_rows([("a", "1", ""), ("a longer name", "22", "")])
    facts.resize(300, 60)
    facts.show()
    ends = {
        label.mapTo(facts, label.rect().topRight()).x()
        for label in facts.findChildren(QLabel)
        if label.text() in ("1", "22")
    }
    assert len(ends) == 1
