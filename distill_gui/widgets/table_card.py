"""A results table in a card, its notes below it, and the whole of it as a picture. Knows the theme only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QPoint, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QRegion
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from distill_gui.theme import L, S, current
from distill_gui.widgets.labels import caption, line
from distill_gui.widgets.table_cells import PAD
from distill_gui.widgets.table_grid import TableGrid

_RAISED = dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
NARROWEST_PICTURE = 900  # px


def notes_text(notes: Sequence[tuple[str, str]]) -> str:
    """Notes one after the other, a letter raised as it is in the table."""
    return "     ".join(f"{''.join(_RAISED.get(sign, sign) for sign in mark)} {text}".strip() for mark, text in notes)


class TableCard(QFrame):
    """``grid`` and below it the notes, as high as the content where there is room."""

    def __init__(
        self, model: QAbstractItemModel, face_role: int, parent: QWidget | None = None, key_role: int | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.grid = TableGrid(model, face_role, key_role=key_role)
        self.notes = caption(wrap=True)
        self.notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notes.setContentsMargins(PAD, S, PAD, S)
        self._line = line()
        column = QVBoxLayout(self)
        # clear of the border, and of the round corners above and below
        column.setContentsMargins(1, 4, 1, 4)
        column.setSpacing(0)
        column.addWidget(self.grid, 1)
        column.addWidget(self._line)
        column.addWidget(self.notes)

    def set_notes(self, notes: Sequence[tuple[str, str]]) -> None:
        """Show ``(mark, sentence)`` pairs; none hides the line above them too."""
        self.notes.setText(notes_text(notes))
        self.notes.setVisible(bool(notes))
        self._line.setVisible(bool(notes))

    def picture(self, scale: float = 2.0) -> QImage:
        """The whole card on its ground, nothing scrolled away; ``scale`` is pixels a unit."""
        whole = TableCard(self.grid.model(), self.grid.face_role)
        whole.notes.setText(self.notes.text())
        whole.notes.setVisible(bool(self.notes.text()))
        whole.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        width = max(whole.grid.natural_width() + 2, NARROWEST_PICTURE)
        notes = whole.notes.heightForWidth(width - 2) if self.notes.text() else 0
        whole.resize(width, whole.grid.content_height() + notes + 9)
        for show_bar in (whole.grid.setHorizontalScrollBarPolicy, whole.grid.setVerticalScrollBarPolicy):
            show_bar(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole.show()
        size = whole.size() + QSize(2 * L, 2 * L)
        image = QImage(size * scale, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(scale)
        image.fill(QColor(current().ground))
        painter = QPainter(image)
        whole.render(painter, QPoint(L, L), QRegion(), QWidget.RenderFlag.DrawChildren)
        painter.end()
        whole.close()
        whole.deleteLater()
        return image
