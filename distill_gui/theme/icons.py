"""The icons of the window, in the colours of the theme. Knows the shapes and no widget class but the button."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

from distill_gui.theme.drawings import DRAWINGS
from distill_gui.theme.scheme import current, notifier

SIZES = (16, 20, 24, 32, 40, 48, 64)  # px, rendered ahead so that a screen with a scale of 2 stays sharp


def icon(name: str, colour: str | None = None) -> QIcon:
    """The icon called ``name`` in ``colour`` (``#RRGGBB``; muted if left out). KeyError for an unknown name."""
    return _rendered(name, colour or current().muted, current().disabled)


def pixmap(name: str, size: int, colour: str | None = None, scale: float = 1.0) -> QPixmap:
    """The icon as a picture ``size`` px wide for a screen with ``scale`` device pixels each."""
    return _draw(name, round(size * scale), colour or current().muted, scale)


def set_icon(button: QAbstractButton, name: str, colour: str = "muted", checked: str = "", size: int = 18) -> None:
    """Give ``button`` an icon that follows the theme. ``colour`` and ``checked`` name tokens, not values."""
    former = button.findChild(_Follower, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if former is not None:
        former.show(name, colour, checked)
    else:
        _Follower(button).show(name, colour, checked)
    button.setIconSize(QSize(size + 4, size) if button.text() else QSize(size, size))  # air before the text


class _Follower(QObject):
    """Redraws one button's icon after a change of theme; lives as long as the button."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self._button = button
        self._asked = ("info", "muted", "")
        notifier().changed.connect(self._redraw)

    def show(self, name: str, colour: str, checked: str) -> None:
        self._asked = (name, colour, checked)
        self._redraw()

    def _redraw(self) -> None:
        name, colour, checked = self._asked
        made = QIcon(icon(name, getattr(current(), colour)))
        if checked:
            for size in SIZES:
                made.addPixmap(_draw(name, size, getattr(current(), checked)), QIcon.Mode.Normal, QIcon.State.On)
        self._button.setIcon(made)


@lru_cache(maxsize=512)
def _rendered(name: str, colour: str, disabled: str) -> QIcon:
    made = QIcon()
    for size in SIZES:
        made.addPixmap(_draw(name, size, colour))
        made.addPixmap(_draw(name, size, disabled), QIcon.Mode.Disabled)
        made.addPixmap(_draw(name, size, colour), QIcon.Mode.Selected)  # else the style tints it with the highlight
    return made


def _draw(name: str, pixels: int, colour: str, scale: float = 1.0) -> QPixmap:
    """``pixels`` is in device pixels."""
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" color="{colour}" fill="none" stroke="{colour}" '
        f'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round">{DRAWINGS[name]}</svg>'
    ).replace("currentColor", colour)
    picture = QPixmap(pixels, pixels)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture
