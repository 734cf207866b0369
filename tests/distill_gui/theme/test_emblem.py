"""The program's own pictures: there in every size, drawn anew for each theme."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from distill_gui.theme import apply
from distill_gui.theme.emblem import DRAWING_HEIGHT, DRAWING_WIDTH, app_icon, drawing


def test_the_icon_is_drawn_for_task_bars_and_docks(qapp: QApplication) -> None:
    assert {16, 32, 48, 128} <= {size.width() for size in app_icon().availableSizes()}
    assert app_icon().pixmap(QSize(32, 32)).toImage().pixelColor(16, 4).name() == "#2b66d9"


def test_the_drawing_takes_the_themes_colours_and_the_screens_scale(qapp: QApplication) -> None:
    apply(qapp, False)
    light = drawing().toImage()
    apply(qapp, True)
    dark = drawing().toImage()
    apply(qapp, False)
    assert light != dark
    assert drawing(2.0).width() == 2 * DRAWING_WIDTH
    assert drawing(2.0).deviceIndependentSize().height() == DRAWING_HEIGHT
