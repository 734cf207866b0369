"""The question at the close: three answers, the harmless one by Enter, none by Escape."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.windows.close_question import CloseQuestion, ask_close


@pytest.fixture
def question(qtbot: QtBot) -> CloseQuestion:
    made = CloseQuestion(2)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()  # without a window manager no one else does
    return made


def test_enter_keeps_the_runs(question: CloseQuestion, qtbot: QtBot) -> None:
    qtbot.keyClick(question, Qt.Key.Key_Return)
    assert question.answer == "keep"
    assert not question.isVisible()


def test_enter_takes_the_button_reached_by_tab(question: CloseQuestion, qtbot: QtBot) -> None:
    question.stop_button.setFocus()
    qtbot.keyClick(question.stop_button, Qt.Key.Key_Return)
    assert question.answer == "stop"


def test_escape_keeps_the_window(question: CloseQuestion, qtbot: QtBot) -> None:
    qtbot.keyClick(question, Qt.Key.Key_Escape)
    assert question.answer == "cancel"


@pytest.mark.parametrize(
    ("name", "answer"), [("keep_button", "keep"), ("stop_button", "stop"), ("cancel_button", "cancel")]
)
def test_each_button_is_an_answer(question: CloseQuestion, qtbot: QtBot, name: str, answer: str) -> None:
    qtbot.mouseClick(getattr(question, name), Qt.MouseButton.LeftButton)
    assert question.answer == answer
    assert not question.isVisible()


def test_one_run_is_spoken_of_as_one(qtbot: QtBot) -> None:
    one, many = CloseQuestion(1), CloseQuestion(3)
    for made in (one, many):
        qtbot.addWidget(made)
    assert one.findChild(QLabel).text() == "A run is active"
    assert many.findChild(QLabel).text() == "3 runs are active"


def test_asking_waits_for_the_answer_and_leaves_no_window(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)

    def stop() -> None:
        shown = QApplication.activeModalWidget()
        assert isinstance(shown, CloseQuestion)
        shown.stop_button.click()

    QTimer.singleShot(0, stop)
    assert ask_close(window, 1) == "stop"
