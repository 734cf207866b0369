"""The scroll area that is as high as its content."""

from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.widgets.fitted_scroll import FittedScroll


def framed(qtbot: QtBot, text: str) -> tuple[QWidget, FittedScroll, QLabel]:
    label = QLabel(text)
    label.setWordWrap(True)
    content = QWidget()
    QVBoxLayout(content).addWidget(label)
    area = FittedScroll(content)
    window = QWidget()
    column = QVBoxLayout(window)
    column.addWidget(area)
    column.addStretch(1)
    qtbot.addWidget(window)
    window.resize(200, 400)
    window.show()
    return window, area, label


def settle(app: QApplication) -> None:
    for _ in range(5):
        app.processEvents()


def test_it_takes_what_its_content_needs(qtbot: QtBot, qapp: QApplication) -> None:
    _, area, label = framed(qtbot, "one line")
    settle(qapp)
    low = area.height()
    assert low < 80
    label.setText("many words that need several lines " * 5)
    settle(qapp)
    assert area.height() > low + 40
    assert area.verticalScrollBar().maximum() == 0, "nothing to scroll where there is room"
    label.setText("one line")
    settle(qapp)
    assert area.height() == low


def test_it_scrolls_where_there_is_no_room(qtbot: QtBot, qapp: QApplication) -> None:
    window, area, _ = framed(qtbot, "many words that need several lines " * 30)
    settle(qapp)
    assert area.height() <= window.height()
    assert area.verticalScrollBar().maximum() > 0


def test_a_narrower_area_is_higher(qtbot: QtBot, qapp: QApplication) -> None:
    window, area, _ = framed(qtbot, "many words that need several lines " * 4)
    window.resize(500, 400)
    settle(qapp)
    low = area.height()
    window.resize(200, 400)
    settle(qapp)
    assert area.height() > low
