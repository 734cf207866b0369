"""A drop-down of ``(key, label)`` pairs that leaves the wheel to the page around it. Knows the theme, no meaning of the keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from distill_gui.theme import current


class Choice(QComboBox):
    """``chosen(key)`` when the person chooses, never when ``set_current`` or ``set_choices`` does."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.set_choices(choices)
        self.activated.connect(self._on_activated)

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer other choices; the current key stays chosen if it is still among them, else the first is."""
        if list(choices) == [(self.itemData(place), self.itemText(place)) for place in range(self.count())]:
            return  # somebody may have the list open
        before = self.current()
        with QSignalBlocker(self):
            self.clear()
            for key, text in choices:
                self.addItem(text, key)
            self.setCurrentIndex(max(0, self.findData(before)) if choices else -1)
        self._shown = self.current()

    def current(self) -> str:
        """The key of the choice shown, "" without any."""
        return self.currentData() or ""

    def set_current(self, key: str) -> None:
        """Show the choice ``key``. KeyError if it is not offered."""
        index = self.findData(key)
        if index < 0:
            raise KeyError(key)
        with QSignalBlocker(self):
            self.setCurrentIndex(index)
        self._shown = key
        self.update()

    def text_room(self) -> QRect:
        """Where the text stands: clear of the border and the arrow."""
        return QRect(10, 0, self.width() - 10 - 28, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """As Qt, which cuts a text that is too long, and earlier than it must; here it ends in "…"."""
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        room = self.text_room()
        painter.setFont(self.font())
        painter.setPen(self.palette().color(QPalette.ColorRole.Text) if self.isEnabled() else current().disabled)
        shown = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def _on_activated(self, index: int) -> None:
        key = self.itemData(index)
        if key != self._shown:
            self._shown = key
            self.chosen.emit(key)
