"""Text from files and people in the places where Qt guesses whether it is rich text. Knows no widget."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtWidgets import QWidget


class HasToolTip(Protocol):
    """A widget, or an action in a menu."""

    def setToolTip(self, text: str, /) -> None: ...


def plain_tip(text: str) -> str:
    """``text`` as a tooltip that shows it to the letter: Qt would read a name with tags or &lt; in it as rich text."""
    return f'<span style="white-space:pre-wrap">{escape(text)}</span>' if "<" in text or "&" in text else text


def wrapped_tip(text: str) -> str:
    """The same for an item of a view, always wrapped by Qt where it is long."""
    return f"<qt>{escape(text)}</qt>".replace("\n", "<br>")


def set_tip(thing: HasToolTip, text: str) -> None:
    """The one way to give a widget or an action a tooltip."""
    thing.setToolTip(plain_tip(text))


def show_tip(place: QPoint, text: str, beside: QWidget) -> None:
    """The one way to show a tooltip that the pointer did not ask for, at a place of the screen."""
    from PySide6.QtWidgets import QToolTip

    QToolTip.showText(place, plain_tip(text), beside)
