"""One thing a place offers to do, as its own button or menu entry has it: title, shortcut, whether it is possible and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton

WHY_NOT = "why not"  # property of an action: why it is disabled


@dataclass(frozen=True)
class Offer:
    """What is left out is taken from ``source``, at the moment it is asked. ``about`` names what it acts on."""

    source: QAction | QAbstractButton
    keys: str = ""
    text: str = ""
    about: Callable[[], str] = lambda: ""
    reason: Callable[[], str] = lambda: ""

    def title(self) -> str:
        return (self.text or self.source.text()).removesuffix(" ▾")

    def shortcut(self) -> str:
        keys = QKeySequence(self.keys) if self.keys else self.source.shortcut()
        return keys.toString(QKeySequence.SequenceFormat.NativeText)

    def why_not(self) -> str:
        """Why it is not possible now; "" where it is."""
        if self.source.isEnabled():
            return ""
        return self.reason() or self.source.property(WHY_NOT) or "Not possible now."

    def act(self) -> None:
        """As if it were clicked."""
        if isinstance(self.source, QAction):
            self.source.trigger()
        else:
            self.source.click()
