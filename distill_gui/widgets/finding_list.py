"""Findings one under the other: a badge, a sentence, and the key it is about. A click on one leads to its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import XS, S
from distill_gui.widgets.badge import Badge
from distill_gui.widgets.labels import caption, label

BADGE_WIDTH = 50  # px, so that the sentences align
WORD_JOINER = "\u2060"
Row = tuple[str, str, str, str]  # badge, its tone, sentence, key or ""


class FindingList(QWidget):
    """``chosen(key)`` for a click on a finding that has a key; the same rows again change nothing."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None, name_of: Callable[[str], str] = str) -> None:
        """``name_of`` says what a key is called for people."""
        super().__init__(parent)
        self._name_of = name_of
        self._rows: list[Row] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(S)

    def rows(self) -> list[Row]:
        return list(self._rows)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these findings."""
        if list(rows) == self._rows:
            return
        self._rows = list(rows)
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for badge, tone, text, key in rows:
            row = _FindingRow(badge, tone, text, key, self._name_of(key))
            row.clicked.connect(self.chosen)
            self._column.addWidget(row)


def unbroken(text: str) -> str:
    """``text`` with the numbers of tensors such as hidden/2 kept on the line of their names."""
    return re.sub(r"/(?=\d)", f"/{WORD_JOINER}", text)


class _FindingRow(QWidget):
    clicked = Signal(str)

    def __init__(self, badge: str, tone: str, text: str, key: str, name: str) -> None:
        super().__init__()
        self._key = key
        mark = Badge(badge, tone)
        mark.setMinimumWidth(BADGE_WIDTH)
        words = QVBoxLayout()
        words.setSpacing(0)
        if key:
            words.addWidget(caption(name))
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            set_tip(self, "Go to this field")
        words.addWidget(label(unbroken(text), wrap=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        beside = QVBoxLayout()
        beside.setContentsMargins(0, 0 if not key else XS, 0, 0)
        beside.addWidget(mark)
        beside.addStretch(1)
        row.addLayout(beside)
        row.addLayout(words, 1)
        self.setAccessibleName(f"{badge}: {name} {text}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if (
            self._key
            and event.button() == Qt.MouseButton.LeftButton
            and self.rect().contains(event.position().toPoint())
        ):
            self.clicked.emit(self._key)
