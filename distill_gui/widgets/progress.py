"""A thin bar that fills: the part of a run, of an epoch, of a download."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from distill_gui.theme import current, notifier


class Bar(QWidget):
    """``set_fraction`` fills it from 0 to 1. Two bars of one height align whatever their width."""

    def __init__(self, name: str = "progress", height: int = 6, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._fraction = 0.0
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._say()
        notifier().changed.connect(self.update)

    def fraction(self) -> float:
        """The part filled, 0 to 1."""
        return self._fraction

    def set_fraction(self, fraction: float) -> None:
        """Fill to ``fraction``, held between 0 and 1; not a number counts as 0."""
        fraction = min(1.0, max(0.0, fraction)) if math.isfinite(fraction) else 0.0
        if fraction != self._fraction:
            self._fraction = fraction
            self._say()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(140, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(32, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = self.height() / 2
        whole = QRectF(self.rect())
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(whole, radius, radius)
        if self._fraction > 0:
            filled = QRectF(whole)
            filled.setWidth(max(self.height(), whole.width() * self._fraction))
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(filled, radius, radius)
        painter.end()

    def _say(self) -> None:
        self.setAccessibleName(f"{self._name} {self._fraction:.0%}")
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.NameChanged))
