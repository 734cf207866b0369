"""The welcome: two ways to begin, nothing cut."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.windows.welcome import WelcomePage


def test_two_ways_to_begin(qtbot: QtBot) -> None:
    page = WelcomePage()
    qtbot.addWidget(page)
    page.show()
    with qtbot.waitSignal(page.sample_wanted):
        qtbot.mouseClick(page.sample_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.own_wanted):
        qtbot.mouseClick(page.own_button, Qt.MouseButton.LeftButton)


def test_nothing_is_cut_in_the_smallest_window(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    page = WelcomePage()
    qtbot.addWidget(page)
    page.resize(1280 - 74, 720 - 40)
    page.show()
    for label in page.findChildren(QLabel):
        wanted = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        assert label.height() >= wanted, label.text()
        assert page.rect().contains(label.mapTo(page, label.rect().bottomRight())), label.text()


def test_the_drawing_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    page = WelcomePage()
    qtbot.addWidget(page)
    light = page._drawing.pixmap().toImage()
    apply(qapp, True)
    dark = page._drawing.pixmap().toImage()
    apply(qapp, False)
    assert light != dark
