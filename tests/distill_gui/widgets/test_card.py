"""The card: heading, trailing widget, body."""

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from distill_gui.widgets.card import Card


def test_a_card_with_all_its_parts(qtbot: QtBot) -> None:
    trailing, inside = QLabel("trailing"), QLabel("inside")
    card = Card("Teacher", trailing)
    qtbot.addWidget(card)
    card.body.addWidget(inside)
    card.resize(400, 200)
    card.show()
    assert card.heading.isVisible()
    assert trailing.isVisible()
    assert card.heading.x() < trailing.x()
    assert inside.y() > card.heading.geometry().bottom()
    card.set_title("Student")
    assert card.heading.text() == "Student"


def test_a_card_without_heading_gives_its_room_to_the_body(qtbot: QtBot) -> None:
    plain, named = Card(), Card("Teacher")
    for card in (plain, named):
        qtbot.addWidget(card)
        card.body.addWidget(QLabel("inside"))
        card.show()
    assert not plain.heading.isVisible()
    assert plain.sizeHint().height() < named.sizeHint().height()
