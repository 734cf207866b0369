"""Two columns: what, and how much. Figures are right-aligned and may have a part to stress."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.theme import M, S
from distill_gui.widgets.labels import ElidedLabel, label, muted


class FactList(QWidget):
    """Rows of ``(label, value, stressed end)``; the same rows again change nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, str, str]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(S)

    def rows(self) -> list[tuple[str, str, str]]:
        return list(self._rows)

    def set_rows(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Show these rows."""
        if list(rows) == self._rows:
            return
        self._rows = list(rows)
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for what, value, strong in rows:
            self._column.addWidget(_row(what, value, strong))


def _row(what: str, value: str, strong: str) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(S)
    row.addWidget(muted(what))
    row.addSpacing(M - S)
    shown = ElidedLabel(value)
    shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(shown, 1)
    if strong:
        row.addWidget(label(strong, "heading"))
    return made
