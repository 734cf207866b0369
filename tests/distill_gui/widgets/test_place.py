"""A place's head and pages: what stands where."""

from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.theme import L
from distill_gui.widgets.labels import muted
from distill_gui.widgets.place import lay_out_place


def test_controls_stand_right_of_the_name_and_pages_take_the_rest(qtbot: QtBot) -> None:
    place, about, first, second, pages = (
        QWidget(),
        muted("What it is"),
        QPushButton("One"),
        QPushButton("Two"),
        QWidget(),
    )
    qtbot.addWidget(place)
    lay_out_place(place, "Table", about, [first, second], pages)
    place.resize(900, 600)
    place.show()
    (name,) = [label for label in place.findChildren(QLabel) if label.text() == "Table"]
    assert name.geometry().bottom() < about.geometry().top() and name.x() == about.x() == pages.x()
    assert name.geometry().right() < first.x() < second.x() and second.geometry().right() == pages.geometry().right()
    assert pages.y() > max(about.geometry().bottom(), first.geometry().bottom())
    assert pages.geometry().bottom() == place.height() - 1 - L
