"""Log and configuration: plain text, the log at its end until one scrolls up."""

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from distill_gui.panels.runs.text_tabs import ConfigTab, LogTab


@pytest.fixture
def log(qtbot: QtBot) -> LogTab:
    made = LogTab()
    qtbot.addWidget(made)
    made.resize(500, 260)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_pieces_become_lines(log: LogTab) -> None:
    log.append("one\n\x1b[31mtwo\x1b[0m\n<b>thr")
    log.append("ee</b>\n")
    assert log.text.toPlainText() == "one\ntwo\n<b>three</b>"
    assert log.tail(1) == ["<b>three</b>"]
    assert log.says.text() == "3 lines"


def test_the_end_is_followed_until_one_scrolls_up(log: LogTab) -> None:
    bar = log.text.verticalScrollBar()
    log.append("line\n" * 200)
    assert bar.value() == bar.maximum() > 0
    bar.setValue(10)
    log.append("line\n" * 50)
    assert bar.value() == 10
    assert log.to_end.isVisible()
    log.to_end.click()
    assert bar.value() == bar.maximum()
    assert not log.to_end.isVisible()
    log.append("line\n" * 50)
    assert bar.value() == bar.maximum()


def test_another_run_starts_empty(log: LogTab) -> None:
    log.append("one\n")
    log.clear()
    assert log.text.toPlainText() == ""
    assert log.tail(3) == []
    assert log.says.text() == "Nothing logged yet."


def test_the_configuration_is_coloured_plain_text_and_copied_whole(qtbot: QtBot) -> None:
    tab = ConfigTab()
    qtbot.addWidget(tab)
    toml = '[task]\nname = "<b>mrpc</b>"  # a file\nlambda = 0.5\n'
    tab.show_toml(toml, "/home/a/config.toml")
    assert tab.text.toPlainText() == toml
    formats = tab.text.document().findBlockByLineNumber(1).layout().formats()
    assert len({found.format.foreground().color().name() for found in formats}) == 3  # key, string, comment
    tab.copy.click()
    assert QGuiApplication.clipboard().text() == toml
