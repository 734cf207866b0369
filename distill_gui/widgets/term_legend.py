"""Which line is which term: short pieces of the lines with their names, in as many rows as they need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from distill_gui.theme import M, current, number_font, term_look
from distill_gui.theme.tokens import CAPTION_SIZE
from distill_gui.widgets.visibility import show_if

SAMPLE = 20  # px, of a line
GAP = 5  # px, between a line and its name
ROW = 16  # px


class TermLegend(QWidget):
    """Entries are a name and the term's place in the loss. Names are drawn as they are; nothing without entries."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: list[tuple[str, int]] = []
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    def entries(self) -> list[tuple[str, int]]:
        return list(self._entries)

    def set_entries(self, entries: Sequence[tuple[str, int]]) -> None:
        """Show these terms."""
        if list(entries) != self._entries:
            self._entries = list(entries)
            self.setAccessibleName(", ".join(text for text, _ in entries))
            show_if(self, bool(entries))
            self.updateGeometry()
            self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return places[-1].bottom() + 1 if places else 0

    def sizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(max(self.width(), 1)))

    def _places(self, width: int) -> list[QRect]:
        """Where each entry stands: from left to right, in the next row where the line is full."""
        metrics, corner, places = QFontMetrics(number_font(CAPTION_SIZE)), QPoint(0, 0), []
        for text, _ in self._entries:
            wide = min(width, SAMPLE + GAP + metrics.horizontalAdvance(text) + 1)
            if corner.x() and corner.x() + wide > width:
                corner = QPoint(0, corner.y() + ROW)
            places.append(QRect(corner, QSize(wide, ROW)))
            corner = QPoint(corner.x() + wide + M, corner.y())
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(number_font(CAPTION_SIZE))
        for (text, term), place in zip(self._entries, self._places(self.width()), strict=True):
            look = term_look(term)
            pen = QPen(QColor(look.colour), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap)
            if look.dash:
                pen.setDashPattern([length / pen.widthF() for length in look.dash])
            painter.setPen(pen)
            middle = place.center().y()
            painter.drawLine(place.left(), middle, place.left() + SAMPLE, middle)
            painter.setPen(current().muted)
            room = place.adjusted(SAMPLE + GAP, 0, 0, 0)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()
