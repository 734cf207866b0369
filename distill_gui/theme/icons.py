"""The icons of the window, in the colours of the theme. Knows the shapes and no widget class but the button."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QPushButton

from distill_gui.theme.drawings import DRAWINGS
from distill_gui.theme.scheme import current, notifier

AIR = 0.25  # of the icon's size, kept free between an icon and the text after it; Qt's own 4 px look crowded
SIZES = (16, 20, 24, 32, 40, 48, 64)  # px, rendered ahead so that a screen with a scale of 2 stays sharp


def icon(name: str, colour: str | None = None) -> QIcon:
    """The icon called ``name`` in ``colour`` (``#RRGGBB``; muted if left out). KeyError for an unknown name."""
    return _rendered(name, colour or current().muted, current().disabled)


def pixmap(name: str, size: int, colour: str | None = None, scale: float = 1.0) -> QPixmap:
    """The icon as a picture ``size`` px wide for a screen with ``scale`` device pixels each."""
    return QPixmap(_picture(name, colour or current().muted, round(size * scale), scale))


def set_icon(button: QAbstractButton, name: str, colour: str = "muted", checked: str = "", size: int = 18) -> None:
    """Give ``button`` an icon that follows the theme. ``colour`` and ``checked`` name tokens, not values."""
    follower = button.findChild(_Follower, options=Qt.FindChildOption.FindDirectChildrenOnly)
    air = AIR if isinstance(button, QPushButton) and button.text() else 0.0
    (follower or _Follower(button)).show(name, colour, checked, air, size)
    button.setIconSize(QSize(round(size * (1 + air)), size))


class _Follower(QObject):
    """Redraws one button's icon after a change of theme; lives as long as the button."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self._button = button
        self._asked = ("info", "muted", "", 0.0, 18)
        notifier().changed.connect(self._redraw)

    def show(self, name: str, colour: str, checked: str, air: float, size: int) -> None:
        self._asked = (name, colour, checked, air, size)
        self._redraw()

    def _redraw(self) -> None:
        name, colour, checked, air, size = self._asked
        sizes = (size, 2 * size)  # for a plain screen and for one with a scale of 2; a third of what all sizes take
        colours = current()
        made = QIcon(_rendered(name, getattr(colours, colour), colours.disabled, air, sizes))
        if checked:
            drawing = _drawing(name, getattr(colours, checked))
            for pixels in sizes:
                made.addPixmap(_paint(drawing, pixels), QIcon.Mode.Normal, QIcon.State.On)
        self._button.setIcon(made)


@lru_cache(maxsize=512)
def _rendered(name: str, colour: str, disabled: str, air: float = 0.0, sizes: tuple[int, ...] = SIZES) -> QIcon:
    made = QIcon()
    usual, pale = _drawing(name, colour), _drawing(name, disabled)
    for size in sizes:
        picture = _paint(usual, size, air=air)
        made.addPixmap(picture)
        made.addPixmap(picture, QIcon.Mode.Selected)  # else tinted with the highlight
        made.addPixmap(_paint(pale, size, air=air), QIcon.Mode.Disabled)
    return made


@lru_cache(maxsize=512)
def _picture(name: str, colour: str, pixels: int, scale: float) -> QPixmap:
    """Kept, as a list paints the same few in each of its rows."""
    return _paint(_drawing(name, colour), pixels, scale)


def _drawing(name: str, colour: str) -> QSvgRenderer:
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" color="{colour}" fill="none" stroke="{colour}" '
        f'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">{DRAWINGS[name]}</svg>'
    ).replace("currentColor", colour)
    return QSvgRenderer(QByteArray(text.encode()))


def _paint(drawing: QSvgRenderer, pixels: int, scale: float = 1.0, air: float = 0.0) -> QPixmap:
    """``pixels`` is in device pixels; ``air`` widens the picture at its right by that part of it."""
    picture = QPixmap(round(pixels * (1 + air)), pixels)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    drawing.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture
