"""A white card with a heading: the frame around everything that belongs together."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.theme import L, M, S
from distill_gui.widgets.labels import ElidedLabel


class Card(QFrame):
    """Frame with ``heading`` (hidden if empty), an optional ``trailing`` widget at its right, and a ``body`` layout."""

    def __init__(self, title: str = "", trailing: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.heading = ElidedLabel(title, "heading")
        self.header = QHBoxLayout()
        self.header.setSpacing(S)
        self.header.addWidget(self.heading)
        self.header.addStretch(1)
        if trailing is not None:
            self.header.addWidget(trailing)
        self.body = QVBoxLayout()
        self.body.setSpacing(S)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, L)
        column.setSpacing(M)
        if title or trailing is not None:
            column.addLayout(self.header)
        else:
            self.heading.setParent(self)  # made but not laid out: it must go with the card
            self.heading.hide()
            column.setContentsMargins(L, L, L, L)
        column.addLayout(self.body, 1)

    def set_title(self, title: str) -> None:
        """Change the heading of a card that was made with one."""
        self.heading.setText(title)
