"""A drop-down with a note at its right and a line of explanation under each choice. Knows no meaning of the keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QStylePainter,
    QWidget,
)

from distill_gui.theme import current, number_font, restyle
from distill_gui.theme.tokens import CAPTION_SIZE
from distill_gui.widgets.choice import Choice

ABOUT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
NARROWEST = 110  # px; a longer text is cut short
WIDEST = 440  # px, of the list


class NotedChoice(Choice):
    """Like ``Choice``; ``prefix`` stands before the chosen text, ``placeholder`` where nothing is chosen."""

    def __init__(self, prefix: str = "", placeholder: str = "", parent: QWidget | None = None) -> None:
        self._note = ""
        super().__init__((), parent)
        self._prefix = prefix
        self.setPlaceholderText(placeholder)
        self.setItemDelegate(_AboutDelegate(self))

    def set_options(self, options: Sequence[tuple[str, str, str]]) -> None:
        """Offer ``(key, label, about)``; nothing is chosen until ``show_key`` says so."""
        known = [(self.itemData(i), self.itemText(i), self.itemData(i, ABOUT_ROLE)) for i in range(self.count())]
        if known == list(options):
            return
        self.set_choices([(key, text) for key, text, _ in options])
        for index, (_, _, about) in enumerate(options):
            self.setItemData(index, about, ABOUT_ROLE)
        metrics, small = QFontMetrics(self.font()), QFontMetrics(number_font(CAPTION_SIZE))
        widest = max((max(metrics.horizontalAdvance(t), small.horizontalAdvance(a)) for _, t, a in options), default=0)
        self.view().setMinimumWidth(min(WIDEST, widest + 44))

    def show_key(self, key: str) -> None:
        """Show the choice ``key``, or the placeholder for one that is not offered. Does not emit."""
        if self.findData(key) < 0:
            self.blockSignals(True)
            self.setCurrentIndex(-1)
            self.blockSignals(False)
            self._shown = ""
        else:
            self.set_current(key)

    def minimumSizeHint(self) -> QSize:
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def set_note(self, text: str) -> None:
        """What stands muted at the right, before the arrow."""
        if text != self._note:
            self._note = text
            self.update()

    def note(self) -> str:
        return self._note

    def set_invalid(self, invalid: bool) -> None:
        """Frame it in the colour of faults. Say the fault in words too."""
        if bool(self.property("invalid")) != invalid:
            self.setProperty("invalid", invalid)
            restyle(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.text_room()
        text = self._prefix + option.currentText if self.currentIndex() >= 0 else self.placeholderText()
        note_font = number_font(CAPTION_SIZE)
        note_width = QFontMetrics(note_font).horizontalAdvance(self._note) + 8 if self._note else 0
        wide = self.fontMetrics().horizontalAdvance(text)
        if note_width and wide + note_width <= room.width():
            painter.setFont(note_font)
            painter.setPen(current().muted)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), self._note)
            room.setWidth(room.width() - note_width)
        role = QPalette.ColorRole.Text if self.currentIndex() >= 0 else QPalette.ColorRole.PlaceholderText
        painter.setFont(self.font())
        painter.setPen(self.palette().color(role) if self.isEnabled() else current().disabled)
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()


class _AboutDelegate(QStyledItemDelegate):
    """The label, and under it what it means, in second-rank text."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        about = index.data(ABOUT_ROLE)
        if not about:
            super().paint(painter, option, index)
            return
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        title, bare.text = bare.text, ""
        bare.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, bare, painter, bare.widget)
        room = option.rect.adjusted(10, 5, -10, -5)
        painter.save()
        painter.setPen(current().text)
        painter.setFont(option.font)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft), title)
        small = number_font(CAPTION_SIZE)
        painter.setFont(small)
        painter.setPen(current().muted)
        text = QFontMetrics(small).elidedText(about, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft), text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), 44 if index.data(ABOUT_ROLE) else max(hint.height(), 28))
