"""Boxes to type a number into that leave the wheel to the page around them. Know no meaning of the number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent, QResizeEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox, QWidget

if TYPE_CHECKING:
    _Base = QAbstractSpinBox
else:
    _Base = object  # PySide takes only one Qt class among the bases


class _Calm(_Base):
    """Turns with the wheel only while it has the focus; its text stands as far from the edge as a line edit's.

    Qt 6.11 leaves the padding of a styled spin box out of account, and without arrows gives its text a width of 1 px:
    so the place of the text is set here.
    """

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_text()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_text()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._place_text()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._place_text()

    def _place_text(self) -> None:
        arrows = self.buttonSymbols() != QAbstractSpinBox.ButtonSymbols.NoButtons
        self.lineEdit().setGeometry(
            self.rect().adjusted(9, 2, -24, -2) if arrows else self.rect().adjusted(2, 2, -2, -2)
        )


class NumberBox(_Calm, QDoubleSpinBox):
    """A number with ``decimals`` places; with ``arrows`` left out the text is centred."""

    def __init__(
        self,
        minimum: float,
        maximum: float,
        step: float = 1.0,
        decimals: int = 2,
        arrows: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setDecimals(decimals)
        self.setRange(minimum, maximum)
        self.setSingleStep(step)
        _prepare(self, arrows)


class WholeBox(_Calm, QSpinBox):
    """A whole number; with ``arrows`` left out the text is centred."""

    def __init__(
        self, minimum: int, maximum: int, step: int = 1, arrows: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setRange(minimum, maximum)
        self.setSingleStep(step)
        _prepare(self, arrows)


def _prepare(box: QAbstractSpinBox, arrows: bool) -> None:
    box.setKeyboardTracking(False)  # one change when the person is done, not one a digit
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if not arrows:
        box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        box.setAlignment(Qt.AlignmentFlag.AlignCenter)
