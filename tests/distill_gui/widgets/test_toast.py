"""The toast: shown over the window, acts once, goes by itself, waits under the pointer, stacks."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.toast import MOST, Toast, show_toast


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot) -> QWidget:
    apply(qapp, False)
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(1280, 720)
    made.show()
    return made


def alive(window: QWidget) -> list[Toast]:
    return [toast for toast in window.findChildren(Toast) if not toast.isHidden()]


def by_height(window: QWidget) -> list[Toast]:
    return sorted(alive(window), key=lambda toast: toast.y())


def test_inside_the_window_and_in_its_middle(window: QWidget) -> None:
    toast = show_toast(window, "Taylor KD finished: F1 85.2")
    assert toast.isVisible()
    assert window.rect().contains(toast.geometry())
    assert abs(toast.geometry().center().x() - window.rect().center().x()) <= 1
    window.resize(900, 500)
    assert window.rect().contains(toast.geometry())


def test_the_action_is_done_once_and_ends_it(window: QWidget, qtbot: QtBot) -> None:
    done: list[bool] = []
    toast = show_toast(window, "Finished", "Show", lambda: done.append(True))
    qtbot.mouseClick(toast.action, Qt.MouseButton.LeftButton)
    assert done == [True]
    assert alive(window) == []


def test_it_goes_by_itself_and_waits_under_the_pointer(window: QWidget, qtbot: QtBot) -> None:
    toast = show_toast(window, "Finished")
    QApplication.sendEvent(toast, QEnterEvent(QPointF(), QPointF(), QPointF()))
    assert not toast.timer.isActive()
    QApplication.sendEvent(toast, QEvent(QEvent.Type.Leave))
    assert toast.timer.isActive()
    toast.timer.start(1)
    qtbot.waitUntil(lambda: alive(window) == [])


def test_toasts_stack_and_close_the_gap(window: QWidget) -> None:
    first, second = show_toast(window, "first"), show_toast(window, "second")
    assert not first.geometry().intersects(second.geometry())
    assert first.y() < second.y()
    lowest = second.geometry().bottom()
    second.close()
    assert first.geometry().bottom() == lowest


def test_of_many_the_newest_stay_and_the_oldest_go(window: QWidget) -> None:
    toasts = [show_toast(window, f"run {number} ended") for number in range(MOST + 3)]
    assert by_height(window) == toasts[3:]
    window.resize(1200, 700)
    assert by_height(window) == toasts[3:], "the newest stays lowest"
    toasts[-1].close()
    newest = show_toast(window, "the next")
    assert by_height(window) == [*toasts[3:-1], newest], "a place that is free is taken first"


def test_markup_is_shown_as_text(window: QWidget) -> None:
    toast = show_toast(window, "<b>run</b> ended")
    assert toast.label.textFormat() == Qt.TextFormat.PlainText
    assert toast.accessibleName() == "<b>run</b> ended"


def test_a_window_that_goes_takes_its_toast_along(qapp: QApplication, qtbot: QtBot) -> None:
    window = QWidget()
    window.show()
    show_toast(window, "Finished")
    window.close()
    window.deleteLater()
    with qtbot.captureExceptions() as faults:
        qtbot.wait(10)
    assert faults == []


def test_one_that_lasts_stays_until_it_is_answered(window: QWidget) -> None:
    toast = show_toast(window, "Two runs were interrupted.", "Resume", lambda: None, lasts=True)
    assert not toast.timer.isActive()
    QApplication.sendEvent(toast, QEvent(QEvent.Type.Leave))
    assert not toast.timer.isActive() and toast.isVisible()
    toast.action.click()
    assert toast.isHidden()


def test_a_double_click_answers_one_toast_only(window: QWidget) -> None:
    done: list[str] = []
    show_toast(window, "“one” is in the trash.", "Undo", lambda: done.append("one"))
    newest = show_toast(window, "“two” is in the trash.", "Undo", lambda: done.append("two"))
    where = newest.action.mapTo(window, newest.action.rect().center())
    QTest.mouseDClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
    assert done == ["two"], "the other came down to where it was"


def test_news_does_not_drive_out_what_lasts(window: QWidget) -> None:
    asked = show_toast(window, "A run was interrupted.", "Resume", lambda: None, lasts=True)
    for number in range(MOST + 1):
        show_toast(window, f"run {number} ended")
    assert not asked.isHidden() and len(alive(window)) == MOST


def test_it_waits_for_the_keyboard_and_hands_it_to_no_other_button(window: QWidget, qtbot: QtBot) -> None:
    other, done = QPushButton("other", window), []
    other.show()
    toast = show_toast(window, "“one” is in the trash.", "Undo", lambda: done.append("undone"))
    with qtbot.waitActive(window):
        window.activateWindow()
    toast.action.setFocus()
    toast.timer.timeout.emit()
    assert not toast.isHidden() and toast.timer.isActive()
    qtbot.keyClick(toast.action, Qt.Key.Key_Space)
    assert done == ["undone"] and toast.isHidden() and window.hasFocus()
    second = show_toast(window, "“two” is in the trash.", "Undo")
    other.setFocus()
    second.timer.timeout.emit()
    assert second.isHidden() and other.hasFocus()


def test_a_name_that_is_one_long_word_is_broken(window: QWidget) -> None:
    named = show_toast(window, f"“{'x' * 200}” is in the trash.", "Undo")
    plain = show_toast(window, "“" + "x " * 100 + "” is in the trash.", "Undo")
    assert abs(named.width() - plain.width()) < 100 and named.accessibleName().count("x" * 200) == 1
    path = "/home/somebody/models/distilled/a-student-of-a-run"
    assert show_toast(window, path).label.text() == path, "as it is where it can be broken"
