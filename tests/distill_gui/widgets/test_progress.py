"""The thin bar: filled to the fraction, within bounds, said to screen readers."""

import math

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply, current
from distill_gui.widgets.progress import Bar


@pytest.mark.parametrize(("asked", "shown"), [(0.5, 0.5), (-1, 0.0), (7, 1.0), (math.nan, 0.0), (math.inf, 0.0)])
def test_fractions_are_held_between_0_and_1(qtbot: QtBot, asked: float, shown: float) -> None:
    bar = Bar("epoch")
    qtbot.addWidget(bar)
    bar.set_fraction(0.3)
    bar.set_fraction(asked)
    assert bar.fraction() == shown
    assert bar.accessibleName() == f"epoch {shown:.0%}"


def test_the_filled_part_is_painted_in_the_accent(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, False)
    bar = Bar(height=6)
    qtbot.addWidget(bar)
    bar.resize(200, 6)
    bar.set_fraction(0.5)
    image = bar.grab().toImage()
    assert image.pixelColor(50, 3).name().upper() == current().accent
    assert image.pixelColor(150, 3).name().upper() == current().line
