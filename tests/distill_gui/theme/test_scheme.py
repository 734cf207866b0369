"""Changing the theme: palette, tokens and those who paint for themselves follow."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.theme import scheme
from distill_gui.theme.tokens import DARK, LIGHT


@pytest.fixture(autouse=True)
def light_again(qapp: QApplication) -> Iterator[None]:
    theme.follow(qapp, "light")
    yield
    theme.follow(qapp, "light")


def test_apply_changes_palette_sheet_and_tokens(qapp: QApplication) -> None:
    theme.apply(qapp, True)
    assert theme.is_dark()
    assert theme.current() is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == DARK.ground
    assert DARK.surface in qapp.styleSheet()
    theme.apply(qapp, False)
    assert theme.current() is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == LIGHT.ground


def test_notifier_speaks_once_a_change_and_after_it(qapp: QApplication, qtbot: QtBot) -> None:
    seen: list[bool] = []
    note = lambda: seen.append(theme.is_dark())  # noqa: E731
    theme.notifier().changed.connect(note)
    theme.apply(qapp, True)
    theme.notifier().changed.disconnect(note)
    assert seen == [True]


def test_choices_are_followed(qapp: QApplication) -> None:
    theme.follow(qapp, "dark")
    assert theme.is_dark()
    theme.follow(qapp, "light")
    assert not theme.is_dark()


def test_only_the_system_choice_follows_the_desktop(qapp: QApplication) -> None:
    theme.follow(qapp, "light")
    scheme._follow_system(qapp, Qt.ColorScheme.Dark)
    assert not theme.is_dark()
    theme.follow(qapp, "system")
    scheme._follow_system(qapp, Qt.ColorScheme.Dark)
    assert theme.is_dark()


def test_an_unknown_choice_is_refused_by_name(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match=r"'sepia'.*system, light, dark"):
        theme.follow(qapp, "sepia")


def test_the_base_font_has_13_px_and_figures_of_one_width(qapp: QApplication) -> None:
    theme.apply(qapp, False)
    assert qapp.font().pixelSize() == 13
