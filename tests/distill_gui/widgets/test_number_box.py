"""Number boxes: text where it belongs, the wheel left to the page, one change when the person is done."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.number_box import NumberBox, WholeBox


def turn_wheel(widget: QWidget) -> bool:
    """One notch up over ``widget``; whether it was taken."""
    at = QPointF(widget.rect().center())
    up = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, up)
    return up.isAccepted()


@pytest.mark.parametrize("arrows", [True, False])
def test_the_text_has_room(qapp: QApplication, qtbot: QtBot, arrows: bool) -> None:
    apply(qapp, False)
    box = NumberBox(0, 1, 0.01, 2, arrows=arrows)
    qtbot.addWidget(box)
    box.setFixedWidth(90)
    box.show()
    edit = box.findChild(QLineEdit)
    assert edit.width() > 50
    assert edit.x() >= (9 if arrows else 2)
    apply(qapp, True)  # Qt lays a styled box out again when the sheet changes
    assert edit.width() > 50
    apply(qapp, False)


def test_the_wheel_turns_only_a_box_in_focus(qapp: QApplication, qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    other, box = WholeBox(0, 10), WholeBox(0, 10)
    column.addWidget(other)
    column.addWidget(box)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()  # without a window manager no one else does
    other.setFocus()
    assert not turn_wheel(box)
    assert box.value() == 0
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    assert turn_wheel(box)
    assert box.value() == 1


def test_typing_tells_once_at_the_end(qtbot: QtBot) -> None:
    box = WholeBox(1, 512, arrows=False)
    qtbot.addWidget(box)
    box.show()
    told: list[int] = []
    box.valueChanged.connect(told.append)
    box.selectAll()
    qtbot.keyClicks(box, "128")
    assert told == []
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert told == [128]
