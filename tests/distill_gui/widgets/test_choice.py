"""The drop-down of keys: the person's choice is told, the program's is not, the wheel is the page's."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.widgets.choice import Choice


@pytest.fixture
def losses(qtbot: QtBot) -> Choice:
    made = Choice([("none", "No teacher"), ("kl", "Vanilla KD"), ("taylor", "Taylor KD")])
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_key_press_chooses_and_tells_once(losses: Choice, qtbot: QtBot) -> None:
    told: list[str] = []
    losses.chosen.connect(told.append)
    qtbot.keyClick(losses, Qt.Key.Key_Down)
    assert (told, losses.current()) == (["kl"], "kl")
    losses.activated.emit(losses.currentIndex())  # choosing in the list what is chosen already
    assert told == ["kl"]


def test_the_same_choices_leave_an_open_list_as_it_is(losses: Choice, qtbot: QtBot) -> None:
    losses.showPopup()
    losses.view().setCurrentIndex(losses.model().index(2, 0))
    losses.set_choices([("none", "No teacher"), ("kl", "Vanilla KD"), ("taylor", "Taylor KD")])
    assert losses.view().currentIndex().row() == 2
    losses.hidePopup()


def test_set_current_and_set_choices_do_not_tell(losses: Choice) -> None:
    told: list[str] = []
    losses.chosen.connect(told.append)
    losses.set_current("taylor")
    assert losses.currentText() == "Taylor KD"
    losses.set_choices([("kl", "Vanilla KD"), ("taylor", "Taylor")])
    assert (losses.current(), losses.currentText()) == ("taylor", "Taylor")
    losses.set_choices([("kl", "Vanilla KD")])
    assert losses.current() == "kl"
    losses.set_choices([])
    assert losses.current() == ""
    assert told == []
    with pytest.raises(KeyError):
        losses.set_current("gone")


def test_the_wheel_is_left_to_the_page(losses: Choice, qtbot: QtBot) -> None:
    losses.setFocus()
    at = QPointF(losses.rect().center())
    down = QWheelEvent(
        at, losses.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(losses, down)
    assert losses.current() == "none"
    assert not down.isAccepted()
