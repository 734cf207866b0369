"""The drop-down with notes and explanations."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.widgets.field_choice import ABOUT_ROLE, NARROWEST, NotedChoice

OPTIONS = [("kl", "Vanilla KD", "The student matches the teacher."), ("none", "No teacher", "")]


@pytest.fixture
def choice(qapp: QApplication, qtbot: QtBot) -> NotedChoice:
    apply(qapp, False)
    made = NotedChoice(prefix="Preset: ", placeholder="Choose…")
    qtbot.addWidget(made)
    made.set_options(OPTIONS)
    made.resize(260, 32)
    made.show()
    return made


def test_showing_a_key_is_not_told(choice: NotedChoice) -> None:
    told: list[str] = []
    choice.chosen.connect(told.append)
    choice.show_key("none")
    assert (choice.current(), told) == ("none", [])


def test_a_persons_choice_is_told(choice: NotedChoice) -> None:
    told: list[str] = []
    choice.chosen.connect(told.append)
    choice.show_key("kl")
    choice.setCurrentIndex(1)
    choice.activated.emit(1)
    assert told == ["none"]


def test_an_unknown_key_shows_the_placeholder_and_any_choice_is_told(choice: NotedChoice) -> None:
    told: list[str] = []
    choice.chosen.connect(told.append)
    choice.show_key("kl")
    choice.show_key("")
    assert choice.currentIndex() == -1
    choice.activated.emit(0)
    assert told == ["kl"]


def test_the_same_options_again_change_nothing(choice: NotedChoice) -> None:
    choice.show_key("none")
    choice.set_options(OPTIONS)
    assert choice.current() == "none"
    choice.set_options([*OPTIONS, ("taylor", "Taylor KD", "")])
    assert choice.current() == "none" and choice.count() == 3


def test_it_may_be_narrower_than_its_texts(choice: NotedChoice) -> None:
    choice.set_options([("x", "a very long label " * 5, "")])
    assert choice.minimumSizeHint().width() == NARROWEST


def test_note_prefix_and_placeholder_are_drawn(choice: NotedChoice) -> None:
    choice.show_key("kl")
    plain = choice.grab().toImage()
    choice.set_note("3,668 rows")
    noted = choice.grab().toImage()
    assert noted != plain and choice.note() == "3,668 rows"
    choice.show_key("")
    assert choice.grab().toImage() not in (plain, noted)


def test_a_choice_with_an_explanation_has_two_lines(choice: NotedChoice) -> None:
    view = choice.view()
    explained, plain = (view.sizeHintForIndex(choice.model().index(row, 0)).height() for row in (0, 1))
    assert explained >= plain + 12


def test_the_list_shows_label_and_explanation_in_both_themes(choice: NotedChoice, qapp: QApplication) -> None:
    choice.showPopup()
    view = choice.view()
    pictures = []
    for dark in (False, True):
        apply(qapp, dark)
        choice.setItemData(0, "The student matches the teacher.", ABOUT_ROLE)
        explained = view.grab().toImage()
        choice.setItemData(0, "Another explanation.", ABOUT_ROLE)
        pictures += [explained, view.grab().toImage()]
    choice.hidePopup()
    apply(qapp, False)
    assert all(not picture.isNull() for picture in pictures)
    assert all(one != other for n, one in enumerate(pictures) for other in pictures[:n])
