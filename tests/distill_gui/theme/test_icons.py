"""Icons: each one drawn, in the colour asked for, following the theme on buttons."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.theme.drawings import DRAWINGS
from distill_gui.theme.icons import icon, pixmap, set_icon
from distill_gui.theme.tokens import DARK, LIGHT


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    apply(qapp, False)
    yield
    apply(qapp, False)


def inked(image: QImage) -> list[QColor]:
    points = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return [colour for colour in points if colour.alpha() > 250]


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_has_ink_in_the_colour_asked_for(qapp: QApplication, name: str) -> None:
    ink = inked(pixmap(name, 24, "#FF0000", 2.0).toImage())
    assert len(ink) > 20
    assert {colour.name() for colour in ink} == {"#ff0000"}


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_drawing_leaves_its_grid(qapp: QApplication, name: str) -> None:
    image = pixmap(name, 96, "#000000").toImage()
    edge = [image.pixelColor(at, y).alpha() for at in range(96) for y in (0, 95)]
    edge += [image.pixelColor(x, at).alpha() for at in range(96) for x in (0, 95)]
    assert max(edge) == 0


def test_an_unknown_name_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(KeyError):
        icon("no such icon")


def test_a_button_icon_follows_the_theme(qapp: QApplication, qtbot: QtBot) -> None:
    button = QToolButton()
    qtbot.addWidget(button)
    set_icon(button, "stop", "text", checked="accent")

    def colour(state: QIcon.State) -> str:
        image = button.icon().pixmap(button.iconSize(), QIcon.Mode.Normal, state).toImage()
        return inked(image)[0].name().upper()

    assert colour(QIcon.State.Off) == LIGHT.text
    assert colour(QIcon.State.On) == LIGHT.accent
    apply(qapp, True)
    assert colour(QIcon.State.Off) == DARK.text
    assert colour(QIcon.State.On) == DARK.accent


def test_a_second_icon_takes_the_first_ones_place(qapp: QApplication, qtbot: QtBot) -> None:
    button = QPushButton("Start")
    qtbot.addWidget(button)
    set_icon(button, "play", size=16)
    first = button.icon().pixmap(32).toImage()
    set_icon(button, "stop", size=16)
    assert len(button.children()) == 1  # one follower, whatever was asked
    assert button.icon().pixmap(32).toImage() != first
    assert button.iconSize().width() > button.iconSize().height()  # air before the text
