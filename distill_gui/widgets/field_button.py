"""The small buttons in and beside a field: a way back, a folder, suggestions. Always named, always with a tooltip."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme.icons import set_icon

SIDE = 20  # px


def field_button(icon: str, name: str, colour: str = "muted", parent: QWidget | None = None) -> QToolButton:
    """A square button of ``SIDE`` px in the colour of a theme token; ``name`` is its tooltip and accessible name."""
    made = QToolButton(parent)
    set_tip(made, name)
    made.setAccessibleName(name)
    made.setProperty("fit", "field")
    made.setFixedSize(SIDE, SIDE)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    set_icon(made, icon, colour, size=14)
    return made
