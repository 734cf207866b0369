"""The second click of a double click: kept from what came under the pointer meanwhile, and later clicks are left alone."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.widgets.second_click import swallow_second_click


def test_only_the_second_click_goes_nowhere(qtbot: QtBot) -> None:
    window, hits = QWidget(), []
    qtbot.addWidget(window)
    window.resize(200, 100)
    below, above = QPushButton("below", window), QPushButton("above", window)
    for made in (below, above):
        made.setGeometry(0, 0, 200, 100)
        made.clicked.connect(partial(hits.append, made.text()))
    window.show()
    above.clicked.connect(above.hide)
    where = window.rect().center()

    def double_click() -> list[str]:
        hits.clear()
        above.show()
        QTest.mouseDClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
        QApplication.processEvents()
        return list(hits)

    assert double_click() == ["above", "below"], "what this is against"
    QTest.qWait(QApplication.doubleClickInterval())  # else the next is a third click
    above.clicked.connect(lambda: swallow_second_click(above))
    assert double_click() == ["above"]
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
    assert hits == ["above", "below"]


def test_a_widget_that_was_never_shown_has_nothing_to_keep(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    swallow_second_click(widget)
    assert widget.windowHandle() is None
