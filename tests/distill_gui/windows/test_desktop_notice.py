"""The desktop's notification: one at a time, a click is heard, nothing stays in the tray. The tray itself is feigned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.windows.desktop_notice import DesktopNotice


@pytest.fixture
def notice(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[DesktopNotice]:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", staticmethod(lambda: True))
    window = QWidget()
    qtbot.addWidget(window)
    yield DesktopNotice(window)


def test_a_click_is_heard_once_and_the_icon_goes(notice: DesktopNotice) -> None:
    heard: list[str] = []
    assert notice.show("a finished", "F1 85.2", lambda: heard.append("a"))
    assert notice.tray.isVisible()
    assert notice.show("b finished", "F1 86.0", lambda: heard.append("b"))
    notice.tray.messageClicked.emit()
    notice.tray.messageClicked.emit()
    assert heard == ["b"] and not notice.tray.isVisible()


def test_it_goes_by_itself(notice: DesktopNotice, qtbot: QtBot) -> None:
    notice._timer.setInterval(1)
    heard: list[str] = []
    notice.show("a finished", "F1 85.2", lambda: heard.append("a"))
    qtbot.waitUntil(lambda: not notice.tray.isVisible())
    notice.tray.messageClicked.emit()
    assert heard == []


def test_a_desktop_without_a_place_for_it_is_left_alone(notice: DesktopNotice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: False))
    assert not notice.show("a finished", "F1 85.2", lambda: None)
    assert not notice.tray.isVisible()


def test_a_desktop_finds_no_markup_in_a_name(notice: DesktopNotice, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(notice.tray, "showMessage", lambda heading, text, *more: said.append((heading, text)))
    notice.show("<b>a</b> finished", "<a href='http://x'>F1</a> < 1", lambda: None)
    assert said == [("‹b>a‹/b> finished", "‹a href='http://x'>F1‹/a> ‹ 1")]
