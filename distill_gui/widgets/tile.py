"""One figure with what it is: a caption, a large number, a short note beside it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.theme import M, S
from distill_gui.widgets.labels import ElidedLabel, caption, label, set_tone


class Tile(QFrame):
    """Sunken tile. The note stands on the number's baseline."""

    def __init__(self, caption_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "sunken")
        self._caption = caption(caption_text)
        self._value = label("—", "number")
        self._note = ElidedLabel("", "caption")
        row = QHBoxLayout()
        row.setSpacing(S - 2)
        row.addWidget(self._value, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self._note, 1, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, S, M, S)
        column.setSpacing(2)
        column.addWidget(self._caption)
        column.addLayout(row)
        self.set("—")

    def set(self, value: str, note: str = "", tone: str = "", shorter: Sequence[str] = ()) -> None:
        """Show a figure with its note; ``tone`` ("good", "warn", "bad") colours the note, ``shorter`` ones stand in for it where
        there is too little room."""
        self._value.setText(value)
        self._note.set_texts([note, *shorter])
        set_tone(self._note, tone)
        self.setAccessibleName(f"{self._caption.text()}: {value} {note}".strip())

    def set_caption(self, text: str) -> None:
        """Change what the figure is."""
        self._caption.setText(text)

    def value(self) -> str:
        """The figure as shown."""
        return self._value.text()

    def note(self) -> str:
        """The whole note, also where it is cut."""
        return self._note.text()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)  # only now the style sheet has given both their fonts
        for widget in (self._value, self._note):
            widget.ensurePolished()
        deeper = QFontMetrics(self._value.font()).descent() - QFontMetrics(self._note.font()).descent()
        self._note.setContentsMargins(0, 0, 0, max(0, deeper))
