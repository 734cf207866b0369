"""An offer is what its button or menu entry is at the moment it is asked."""

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from distill_gui.widgets.buttons import button
from distill_gui.widgets.offer import WHY_NOT, Offer


def test_of_a_button(qtbot: QtBot) -> None:
    made = button("Choose a teacher")
    qtbot.addWidget(made)
    offer, heard = Offer(made, "Ctrl+Return", reason=lambda: "First: a teacher"), list[bool]()
    made.clicked.connect(lambda on: heard.append(on))
    made.setText("Start ▾")
    assert (offer.title(), offer.shortcut(), offer.why_not()) == ("Start", "Ctrl+Return", "")
    offer.act()
    made.setEnabled(False)
    assert offer.why_not() == "First: a teacher"
    offer.act()
    assert len(heard) == 1, "a button that is disabled does nothing"


def test_of_a_menu_entry() -> None:
    action = QAction("Pause")
    action.setShortcut("Ctrl+P")
    offer, heard = Offer(action), list[bool]()
    action.triggered.connect(lambda on: heard.append(on))
    assert (offer.title(), offer.shortcut()) == ("Pause", "Ctrl+P")
    offer.act()
    action.setEnabled(False)
    assert offer.why_not()
    action.setProperty(WHY_NOT, "It is finished")
    assert offer.why_not() == "It is finished"
    offer.act()
    assert len(heard) == 1
