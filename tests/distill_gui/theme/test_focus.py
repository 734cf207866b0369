"""The focus ring: worn by a button reached by the keyboard, not by a clicked one."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply, current, focus
from distill_gui.widgets.buttons import button


def test_tab_moves_the_ring(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    page = QWidget()
    qtbot.addWidget(page)
    row = QHBoxLayout(page)
    first, second = QPushButton("first"), QPushButton("second")
    row.addWidget(first)
    row.addWidget(second)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()  # without a window manager no one else does
    first.setFocus()
    qtbot.waitUntil(lambda: first.property("ring") is True)
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    qtbot.waitUntil(lambda: second.property("ring") is True)
    assert not first.property("ring")


def test_a_pressed_mouse_button_gives_no_ring(qapp: QApplication, qtbot: QtBot, monkeypatch) -> None:
    clicked = QPushButton("clicked")
    qtbot.addWidget(clicked)
    monkeypatch.setattr(focus.QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    focus._move_ring(None, clicked)
    assert not clicked.property("ring")


def test_following_twice_rings_once(qapp: QApplication) -> None:
    before = qapp.property("focus_followed")
    focus.follow(qapp)
    focus.follow(qapp)
    assert qapp.property("focus_followed") is True
    assert before in (None, True)


def test_the_ring_is_all_that_marks_a_button_reached_by_tab(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    window = QWidget()
    row = QHBoxLayout(window)
    first, second = button("one", "primary"), button("two", "primary")
    for made in (first, second):
        made.setMinimumWidth(200)
        row.addWidget(made)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert second.hasFocus()
    image, middle = second.grab().toImage(), second.height() // 2
    fills = {image.pixelColor(x, middle).name() for x in range(5, 60)}
    assert fills == {current().accent.lower()}, "no second frame inside the ring"
