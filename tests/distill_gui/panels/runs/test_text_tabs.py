"""Log and configuration: plain text, the log at its end until one scrolls up."""

import pytest
from PySide6.QtGui import QGuiApplication, QTextCursor
from pytestqt.qtbot import QtBot

from distill_gui.panels.runs import text_tabs
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


def select_last_line(log: LogTab, upwards: bool) -> None:
    cursor = log.text.textCursor()
    end, start = log.text.document().characterCount() - 1, log.text.document().lastBlock().position()
    cursor.setPosition(end if upwards else start)
    cursor.setPosition(start if upwards else end, QTextCursor.MoveMode.KeepAnchor)
    log.text.setTextCursor(cursor)


@pytest.mark.parametrize("upwards", [False, True])
def test_what_is_selected_stays_what_it_is_and_where_it_is(log: LogTab, upwards: bool) -> None:
    log.append("line\n" * 199 + "last\n")
    select_last_line(log, upwards)
    bar = log.text.verticalScrollBar()
    at = bar.value()
    log.append("more\n" * 50)
    assert log.text.textCursor().selectedText() == "last"
    assert bar.value() == at and log.to_end.isVisible()
    log.to_end.click()
    log.append("more\n" * 50)
    assert bar.value() == bar.maximum() and not log.to_end.isVisible()


def test_lines_being_read_stay_where_they_are_while_the_oldest_are_dropped(
    log: LogTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_tabs, "KEPT_LINES", 300)
    log.text.setMaximumBlockCount(300)
    log.append("".join(f"line {number}\n" for number in range(300)))
    assert log.says.text() == "The last 300 lines"
    log.text.verticalScrollBar().setValue(100)
    log.append("more\n" * 40)
    assert log.text.firstVisibleBlock().text() == "line 100"


def test_the_same_configuration_again_moves_nothing(qtbot: QtBot) -> None:
    tab = ConfigTab()
    qtbot.addWidget(tab)
    toml = 'name = "a\N{NO-BREAK SPACE}b"\n'  # the editor gives an ordinary blank back
    tab.show_toml(toml, "")
    tab.text.selectAll()
    tab.show_toml(toml, "")
    assert tab.text.textCursor().hasSelection()
