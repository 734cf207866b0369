"""A focus ring for the keyboard only: a clicked button wears none, one reached by Tab does.

The style sheet draws the ring on buttons with the property ``ring``; fields always show theirs.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from distill_gui.theme.type import restyle


def follow(app: QApplication) -> None:
    """Ring the focused button from now on; a second call changes nothing."""
    if not app.property("focus_followed"):
        app.setProperty("focus_followed", True)
        app.focusChanged.connect(_move_ring)


def _move_ring(old: QWidget | None, new: QWidget | None) -> None:
    if isinstance(old, QAbstractButton) and old.property("ring"):
        old.setProperty("ring", False)
        restyle(old)
    by_mouse = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
    if isinstance(new, QAbstractButton) and not by_mouse:
        new.setProperty("ring", True)
        restyle(new)
