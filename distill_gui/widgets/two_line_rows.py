"""A list of things with a name, a second line, a figure at the right and a colour. Knows the theme only."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from distill_gui.theme import M, S, current, notifier, number_font, run_colour
from distill_gui.widgets.elision import elided_name

ROW_HEIGHT, SWATCH = 48, 10  # px
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Roles:
    """Where a model keeps the second line, the figure at the right, and the index of the run colour."""

    caption: int
    trailing: int
    colour: int


class TwoLineRows(QListView):
    """One row chosen at a time; ``chosen(index)`` when the person does, never when ``set_chosen`` does."""

    chosen = Signal(QModelIndex)

    def __init__(self, model: QAbstractItemModel, roles: Roles, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._quiet = False
        self.setItemDelegate(_RowDelegate(roles, self))
        self.setModel(model)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        notifier().changed.connect(self.viewport().update)

    def set_chosen(self, index: QModelIndex, scroll: bool = True) -> None:
        """Show a row as chosen, and bring it into sight unless ``scroll`` is off."""
        self._quiet = True
        self.setAutoScroll(scroll)
        self.setCurrentIndex(index)
        self.setAutoScroll(True)
        self._quiet = False

    def _on_current_changed(self, index: QModelIndex, _: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            self.chosen.emit(index)


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, roles: Roles, parent: QWidget) -> None:
        super().__init__(parent)
        self._roles = roles

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colours, area = current(), QRect(option.rect)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(colours.accent_soft if chosen else colours.hover))
        painter.fillRect(QRect(area.left(), area.bottom(), area.width(), 1), QColor(colours.line))
        if chosen:
            # a bar at the edge, so that the chosen row is told by more than its colour
            painter.fillRect(QRect(area.left(), area.top(), 3, area.height() - 1), QColor(colours.accent))
        if option.state & QStyle.StateFlag.State_HasFocus and option.state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRoundedRect(area.adjusted(2, 2, -3, -3), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(run_colour(index.data(self._roles.colour) or 0)))
        painter.drawRoundedRect(QRect(area.left() + M, area.center().y() - SWATCH // 2, SWATCH, SWATCH), 3, 3)
        right = self._paint_trailing(painter, area, index)
        left = area.left() + M + SWATCH + S
        text = QRect(left, area.top() + S, right - S - left, area.height() - 2 * S)
        self._paint_line(painter, text, index.data(), 13, True, Qt.AlignmentFlag.AlignTop, colours.text)
        caption = index.data(self._roles.caption)
        self._paint_line(painter, text, caption, 11, False, Qt.AlignmentFlag.AlignBottom, colours.muted)
        painter.restore()

    def _paint_trailing(self, painter: QPainter, area: QRect, index: Index) -> int:
        """Paint the figure; returns where it begins."""
        words, font = str(index.data(self._roles.trailing) or ""), number_font(13, bold=True)
        width = QFontMetrics(font).horizontalAdvance(words)
        painter.setFont(font)
        painter.setPen(QColor(current().text))
        box = QRect(area.right() - M - width, area.top(), width + 1, area.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        return box.left()

    def _paint_line(
        self, painter: QPainter, area: QRect, words: str, size: int, bold: bool, place: Qt.AlignmentFlag, colour: str
    ) -> None:
        font = number_font(size, bold=bold)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        metrics, words, room = QFontMetrics(font), str(words), area.width()
        shown = (
            elided_name(metrics, words, room) if bold else metrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
        )
        painter.drawText(area, Qt.AlignmentFlag.AlignLeft | place, shown)
