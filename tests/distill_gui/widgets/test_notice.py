"""The notice: bold and plain words, never markup from outside, gone when there is nothing to say."""

import pytest
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.widgets.notice import Notice


@pytest.fixture
def notice(qtbot: QtBot) -> Notice:
    page = QWidget()
    qtbot.addWidget(page)
    made = Notice("warn")
    QHBoxLayout(page).addWidget(made)
    page.show()
    made.page = page  # type: ignore[attr-defined]
    return made


def test_hidden_until_there_is_something_to_say(notice: Notice) -> None:
    assert not notice.isVisible()
    notice.set_text("At T = 1", "nothing changes.")
    assert notice.isVisible()
    assert notice.text() == notice.accessibleName() == "At T = 1 nothing changes."
    notice.set_text("", "")
    assert not notice.isVisible()


def test_markup_from_a_file_is_shown_not_obeyed(notice: Notice) -> None:
    hostile = '<img src="file:///etc/passwd"><b>x</b> & y'
    notice.set_text(hostile, f"row 3:\n{hostile}")
    document = QTextDocument()
    document.setHtml(notice.findChild(QLabel).text())
    assert document.toPlainText() == f"{hostile} row 3:\n{hostile}"


def test_tones_change_and_unknown_ones_are_refused(notice: Notice) -> None:
    notice.set_tone("bad")
    assert notice.property("tone") == "bad"
    with pytest.raises(ValueError, match="'loud'"):
        notice.set_tone("loud")
