"""One line of a form: label, control, a way back where the value was changed, and below it what is wrong."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import M, current
from distill_gui.widgets.field_button import SIDE, field_button
from distill_gui.widgets.labels import ElidedLabel, caption, set_tone

LABEL_WIDTH = 156  # px, the same in every card so that controls align; the longest label of the form fits
GUTTER = SIDE  # px, for the way back
_MARGINS = (10, 0, M - 2, 0)  # px around a label: the dot at its left, the control at its right


class FieldRow(QWidget):
    """``reset_clicked`` when the person wants the former value back. The control is whatever widget it is given."""

    reset_clicked = Signal()

    def __init__(
        self, label: str, control: QWidget, label_width: int = LABEL_WIDTH, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.control = control
        self.label = _FieldLabel(label, label_width)
        self.label.setBuddy(control)
        self.reset = field_button("reset", f"Reset {label}" if label else "Reset", "accent")
        self.reset.setCursor(Qt.CursorShape.PointingHandCursor)
        self.reset.clicked.connect(self.reset_clicked)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.reset.hide()
        self.fault = caption("", wrap=True)
        set_tone(self.fault, "bad")
        self.fault.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(0)
        grid.setVerticalSpacing(2)
        grid.setColumnMinimumWidth(0, label_width)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(control, 0, 1)
        grid.addWidget(self.reset, 0, 2, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.fault, 1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def set_changed(self, changed: bool, former: str = "") -> None:
        """Mark the value as changed, with a way back to ``former``."""
        self.label.set_dot(changed)
        self.reset.setVisible(changed)
        set_tip(self.reset, f"Back to {former}" if former else "Reset")

    def set_fault(self, text: str) -> None:
        """Say what is wrong under the control; nothing takes the line away."""
        self.fault.setText(text)
        self.fault.setVisible(bool(text))

    def set_help(self, text: str) -> None:
        """What hovering over label or control explains."""
        self.label.set_help(text)
        set_tip(self.control, text)
        self.control.setAccessibleDescription(text)


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
