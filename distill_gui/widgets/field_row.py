"""One line of a form: label, control, a way back where the value was changed, and below it what is wrong."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QToolButton, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import M, current
from distill_gui.widgets.field_button import SIDE, field_button
from distill_gui.widgets.labels import ElidedLabel, caption, set_tone

LABEL_WIDTH = 156  # px, the same in every card so that controls align; the longest label of the form fits
GUTTER = SIDE  # px, for the way back
_MARGINS = (10, 0, M - 2, 0)  # px around a label: the dot at its left, the control at its right


class FieldRow(QWidget):
    """``reset_clicked`` when the person wants the former value back. The control is whatever widget it is given.

    The way back and the line for a fault are made when first needed: a form has some forty rows, and few of them are.
    """

    reset_clicked = Signal()

    def __init__(
        self, label: str, control: QWidget, label_width: int = LABEL_WIDTH, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.control = control
        self.label = _FieldLabel(label, label_width)
        self.label.setBuddy(control)
        self._reset_name = f"Reset {label}" if label else "Reset"
        self._reset: QToolButton | None = None
        self._fault: QLabel | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(0)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnMinimumWidth(0, label_width)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(2, GUTTER)
        self._grid.setRowMinimumHeight(0, GUTTER)
        self._grid.addWidget(self.label, 0, 0)
        self._grid.addWidget(control, 0, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def reset(self) -> QToolButton:
        """The way back, after the control in the Tab key's order."""
        if self._reset is None:
            self._reset = field_button("reset", self._reset_name, "accent", self)
            self._reset.setCursor(Qt.CursorShape.PointingHandCursor)
            self._reset.clicked.connect(self.reset_clicked)
            self._reset.hide()
            self._grid.addWidget(self._reset, 0, 2, Qt.AlignmentFlag.AlignVCenter)
            QWidget.setTabOrder(tab_stops(self.control)[-1], self._reset)
        return self._reset

    @property
    def fault(self) -> QLabel:
        """What is wrong, under the control."""
        if self._fault is None:
            self._fault = caption("", self, wrap=True)
            set_tone(self._fault, "bad")
            self._fault.hide()
            self._grid.addWidget(self._fault, 1, 1)
        return self._fault

    def stops(self) -> list[QWidget]:
        """What the Tab key reaches in this row, in its order."""
        return [*tab_stops(self.control), *([] if self._reset is None else [self._reset])]

    def set_changed(self, changed: bool, former: str = "") -> None:
        """Mark the value as changed, with a way back to ``former``."""
        self.label.set_dot(changed)
        if changed or self._reset is not None:
            self.reset.setVisible(changed)
            set_tip(self.reset, f"Back to {former}" if former else "Reset")

    def set_fault(self, text: str) -> None:
        """Say what is wrong under the control; nothing takes the line away."""
        if text or self._fault is not None:
            self.fault.setText(text)
            self.fault.setVisible(bool(text))

    def set_help(self, text: str) -> None:
        """What hovering over label or control explains."""
        self.label.set_help(text)
        set_tip(self.control, text)
        self.control.setAccessibleDescription(text)


def tab_stops(control: QWidget) -> list[QWidget]:
    """What the Tab key reaches in a control, which may be made of several: Qt puts none of a whole in an order."""
    if control.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return [control]
    parts = control.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [stop for part in parts for stop in tab_stops(part)] or [control]


class _FieldLabel(ElidedLabel):
    """Right-aligned, with a dot in the accent colour before the text of a changed value."""

    def __init__(self, text: str, width: int) -> None:
        super().__init__(text, "muted")
        self._dot = False
        self._help = ""
        self.setFixedWidth(width)
        self.setContentsMargins(*_MARGINS)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.setContentsMargins(*_MARGINS)  # Qt forgets them where a new style comes before the first layout

    def set_dot(self, shown: bool) -> None:
        if shown != self._dot:
            self._dot = shown
            self.setAccessibleName(f"{self.text()} (changed)" if shown else self.text())
            self.update()

    def set_help(self, text: str) -> None:
        set_tip(self, text)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._dot:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current().accent))
        room = self.contentsRect()
        wide = min(room.width(), self.fontMetrics().horizontalAdvance(self.shown_text()))
        painter.drawEllipse(QRectF(room.right() - wide - 9, self.height() / 2 - 2.5, 5, 5))
        painter.end()
