"""Showing a widget that has no parent yet opens no window; it comes with the parent it gets."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.widgets.visibility import show_if


def test_shown_before_it_has_a_place(qtbot: QtBot) -> None:
    page, late = QWidget(), QLabel("late")
    qtbot.addWidget(page)
    show_if(late, False)
    show_if(late, True)
    assert not late.isVisible()
    QHBoxLayout(page).addWidget(late)
    page.show()
    assert late.isVisible()


def test_hidden_before_it_has_a_place_stays_hidden(qtbot: QtBot) -> None:
    page, late = QWidget(), QLabel("late")
    qtbot.addWidget(page)
    show_if(late, False)
    QHBoxLayout(page).addWidget(late)
    page.show()
    assert not late.isVisible()
    show_if(late, True)
    assert late.isVisible()
