"""Buttons in the kinds of the theme; those with an icon only always carry an accessible name and a tooltip."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import restyle
from distill_gui.theme.icons import set_icon

KINDS = ("primary", "secondary", "quiet", "danger")
_ICON_COLOURS = {"primary": "on_accent", "secondary": "text", "quiet": "muted", "danger": "bad"}


def button(text: str, kind: str = "secondary", icon: str = "", parent: QWidget | None = None) -> QPushButton:
    """A push button of one of ``KINDS``, with the icon of that name before its text if given."""
    made = QPushButton(text, parent)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    set_kind(made, kind)
    if icon:
        set_icon(made, icon, _ICON_COLOURS[kind], size=16)
    return made


def icon_button(icon: str, name: str, kind: str = "", parent: QWidget | None = None) -> QToolButton:
    """A square button with an icon only; ``name`` is its tooltip and its accessible name."""
    made = QToolButton(parent)
    set_tip(made, name)
    made.setAccessibleName(name)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if kind:
        made.setProperty("kind", kind)
    set_icon(made, icon, "muted", checked="accent")
    side = 32 if kind == "secondary" else 28
    made.setFixedSize(side, side)
    return made


def set_kind(made: QPushButton, kind: str) -> None:
    """Change what rank a button has."""
    if kind not in KINDS:
        raise ValueError(f"button kind is {kind!r}: choose one of {', '.join(KINDS)}")
    if made.property("kind") != kind:
        made.setProperty("kind", kind)
        restyle(made)
