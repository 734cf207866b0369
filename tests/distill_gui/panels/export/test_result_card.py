"""The result: where it lies, what was checked, and buttons that do what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.panels.export.result_card import ResultCard
from distill_gui.widgets.toast import Toast


@pytest.fixture
def card(qtbot: QtBot, qapp: QApplication) -> Iterator[ResultCard]:
    theme.apply(qapp, False)
    window = QWidget()
    window.resize(600, 400)
    made = ResultCard(window)
    made.resize(400, 300)
    qtbot.addWidget(window)
    window.show()
    yield made  # the window lives as long as this frame


def test_shown_only_while_there_is_a_folder(card: ResultCard) -> None:
    assert not card.isVisible()
    card.set("/out", "checked", "load('/out')")
    assert card.isVisible() and card.path.text() == "/out"
    card.set("", "", "")
    assert not card.isVisible()


@pytest.mark.parametrize("opens", [True, False])
def test_open_folder_opens_the_folder_or_says_that_nothing_does(
    card: ResultCard, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    asked: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url) or opens)
    card.set("/out/a b", "", "")
    QTest.mouseClick(card.open_button, Qt.MouseButton.LeftButton)
    assert asked == [QUrl.fromLocalFile("/out/a b")]
    assert bool(card.window().findChildren(Toast)) == (not opens)
