"""A word with an arrow at the head of something that can be folded away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

HEIGHT = 22  # px


class Fold(QToolButton):
    """``toggled_by_hand(open)`` when the person folds or unfolds, never when ``set_open`` does.

    A ``leading`` one begins a line: the arrow comes first, and the words are a heading.
    """

    toggled_by_hand = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, leading: bool = False) -> None:
        super().__init__(parent)
        self._words, self._open, self._leading = "", False, leading
        if leading:
            self.setProperty("kind", "heading")
        self.setFixedHeight(HEIGHT)
        self.setProperty("fit", "line")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self._on_clicked)

    def is_open(self) -> bool:
        return self._open

    def set_open(self, opened: bool) -> None:
        """Turn the arrow."""
        self._open = opened
        self.set_words(self._words)

    def set_words(self, words: str) -> None:
        """What is folded away, such as "Advanced (2 changed)"."""
        self._words = words
        arrow = "▾" if self._open else "▸"
        self.setText(f"{arrow} {words}" if self._leading else f"{words} {arrow}")
        self.setAccessibleName(f"{words}, {'shown' if self._open else 'folded'}")

    def _on_clicked(self) -> None:
        self.set_open(not self._open)
        self.toggled_by_hand.emit(self._open)
