"""A few choices side by side, one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class Segmented(QFrame):
    """Row of ``(key, label)``; ``chosen(key)`` when the person chooses, never when ``set_current`` does.

    The arrow keys move between segments, as in every exclusive group of buttons.
    """

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "segmented")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QPushButton] = {}
        for position, (key, text) in enumerate(choices):
            segment = _Segment(text)
            segment.setProperty("edge", _edge(position, len(choices)))
            self._group.addButton(segment)
            self._buttons[key] = segment
            segment.clicked.connect(lambda _=False, key=key: self._on_clicked(key))
            row.addWidget(segment)
        self._shown = ""
        if choices:
            self.set_current(choices[0][0])

    def current(self) -> str:
        """The key of the chosen segment."""
        return self._shown

    def set_current(self, key: str) -> None:
        """Show ``key`` as chosen. KeyError if there is no such segment."""
        self._buttons[key].setChecked(True)
        for of, segment in self._buttons.items():  # Tab comes to the chosen one; Qt sees to that only after a click
            segment.setFocusPolicy(Qt.FocusPolicy.StrongFocus if of == key else Qt.FocusPolicy.ClickFocus)
        self._shown = key

    def button(self, key: str) -> QPushButton:
        """The button of ``key``, for a tooltip or to disable it."""
        return self._buttons[key]

    def _on_clicked(self, key: str) -> None:
        if key != self._shown:
            self._shown = key
            self.chosen.emit(key)


class _Segment(QPushButton):
    """As wide as its text in bold, so that choosing moves nothing."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setCheckable(True)
        self.setProperty("kind", "segment")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        font = self.font()
        font.setWeight(font.Weight.DemiBold)
        hint = super().sizeHint()
        return QSize(QFontMetrics(font).horizontalAdvance(self.text()) + 24, hint.height())

    minimumSizeHint = sizeHint


def _edge(position: int, count: int) -> str:
    if count == 1:
        return "only"
    return {0: "first", count - 1: "last"}.get(position, "middle")
