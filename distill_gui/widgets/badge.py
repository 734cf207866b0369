"""A word in a coloured pill: the state of a run, a finding, a device."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from distill_gui.theme import restyle
from distill_gui.widgets.visibility import show_if

TONES = ("good", "warn", "bad", "info", "neutral")


class Badge(QLabel):
    """Always a word, never a colour alone."""

    def __init__(self, text: str = "", tone: str = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "badge")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedHeight(18)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.set(text, tone)

    def set(self, text: str, tone: str = "neutral") -> None:
        """Show ``text`` in one of ``TONES``; an empty text hides the badge."""
        if tone not in TONES:
            raise ValueError(f"badge tone is {tone!r}: choose one of {', '.join(TONES)}")
        self.setText(text)
        show_if(self, bool(text))
        if self.property("tone") != tone:
            self.setProperty("tone", tone)
            restyle(self)
