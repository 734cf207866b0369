"""The line with a note, suggestions and a folder button: what is told, what gives way, what the keyboard reaches."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.field_button import SIDE
from distill_gui.widgets.field_text import TextField


@pytest.fixture
def field(qapp: QApplication, qtbot: QtBot) -> TextField:
    apply(qapp, False)
    made = TextField(browse=True, elide_left=True)
    qtbot.addWidget(made)
    made.resize(240, 32)
    made.show()
    return made


def note_of(field: TextField) -> QLabel:
    return field.findChildren(QLabel)[0]


def test_typing_is_told_and_setting_is_not(field: TextField, qtbot: QtBot) -> None:
    told: list[str] = []
    field.edited.connect(told.append)
    field.set_text("owner/model")
    assert told == [] and field.text() == "owner/model"
    field.end(False)
    qtbot.keyClicks(field, "s")
    assert told == ["owner/models"]


def test_the_note_gives_way_to_a_long_text(field: TextField) -> None:
    field.set_note("22.7 M")
    field.set_text("short")
    assert note_of(field).isVisible()
    assert note_of(field).geometry().right() < field.width() - SIDE, "the note stands left of the folder button"
    field.set_text("/a/very/long/folder/name/that/needs/the/room")
    assert not note_of(field).isVisible() and field.note() == "22.7 M"
    field.set_text("")
    assert note_of(field).isVisible()


def test_text_ends_before_note_and_buttons(field: TextField) -> None:
    without = field.textMargins().right()
    field.set_note("22.7 M")
    assert field.textMargins().right() >= without + note_of(field).width()
    field.set_suggestions(["a"])
    assert field.textMargins().right() >= without + note_of(field).width() + SIDE


def test_a_suggestion_is_told_once_and_shown(field: TextField, qtbot: QtBot) -> None:
    told: list[str] = []
    field.edited.connect(told.append)
    field.set_suggestions(["2x128", "3x384"])
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    (menu,) = field.findChildren(QMenu)
    assert [action.text() for action in menu.actions()] == ["2x128", "3x384"]
    menu.actions()[1].trigger()
    assert told == ["3x384"] and field.text() == "3x384"
    menu.actions()[1].trigger()
    assert told == ["3x384"]
    menu.close()


def test_names_with_an_ampersand_are_shown_whole(field: TextField) -> None:
    field.set_suggestions(["r&d"])
    field.open_suggestions()
    (menu,) = field.findChildren(QMenu)
    assert menu.actions()[0].text() == "r&&d"
    menu.actions()[0].trigger()
    assert field.text() == "r&d"
    menu.close()


def test_without_suggestions_there_is_no_menu(field: TextField, qtbot: QtBot) -> None:
    qtbot.keyClick(field, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert field.findChildren(QMenu) == []


def test_the_folder_button_is_reached_by_mouse_and_keyboard(field: TextField, qtbot: QtBot) -> None:
    with qtbot.waitSignal(field.browse_clicked):
        qtbot.mouseClick(field._browse, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(field.browse_clicked):
        qtbot.keyClick(field, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)


def test_the_cursor_stays_where_the_person_types(field: TextField) -> None:
    field.activateWindow()
    field.setFocus()
    field.set_text("abcdef")
    field.setCursorPosition(3)
    field.set_text("abcxdef")
    if field.hasFocus():  # not every test platform gives windows the focus
        assert field.cursorPosition() == 3


def test_a_fault_is_framed(field: TextField) -> None:
    before = field.grab().toImage()
    field.set_invalid(True)
    assert field.property("invalid") is True
    assert field.grab().toImage() != before


def test_a_long_text_shows_its_end_without_the_focus(field: TextField) -> None:
    field.clearFocus()
    start = "/somewhere/deep/in/a/tree/of/folders/"
    field.set_text(start + "teacher-one")
    one = field.grab().toImage()
    field.set_text(start + "teacher-two")
    assert field.grab().toImage() != one
