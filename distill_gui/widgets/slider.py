"""A number chosen by a slider or typed into the box beside it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from distill_gui.theme import M
from distill_gui.widgets.number_box import NumberBox


class NumberSlider(QWidget):
    """Numbers from ``minimum`` to ``maximum`` by ``step``; ``value_changed`` when the person moves or types."""

    value_changed = Signal(float)

    def __init__(
        self, minimum: float, maximum: float, step: float, decimals: int = 2, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._minimum, self._step = minimum, step
        self.slider = _CalmSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round((maximum - minimum) / step))
        self.slider.setPageStep(max(1, self.slider.maximum() // 10))
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.box = NumberBox(minimum, maximum, step, decimals, arrows=False)
        self.box.setFixedWidth(64)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(M)
        row.addWidget(self.slider, 1)
        row.addWidget(self.box)
        self.setFocusProxy(self.slider)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._value = minimum
        self.set_value(minimum)
        self.slider.valueChanged.connect(self._on_slider_moved)
        self.box.valueChanged.connect(self._on_box_changed)

    def value(self) -> float:
        """The number shown."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show ``value``, held inside the bounds. Does not emit; what is being typed into the box stays, unless the value
        is another one."""
        if value == self._value and self._is_typed_in():
            return
        with QSignalBlocker(self.slider), QSignalBlocker(self.box):
            self.box.setValue(value)
            self._value = self.box.value()
            self.slider.setValue(round((self._value - self._minimum) / self._step))

    def set_decimals(self, decimals: int) -> None:
        """How many places the box shows."""
        if decimals != self.box.decimals():  # Qt writes its text anew even where they are the same
            self.box.setDecimals(decimals)

    def _is_typed_in(self) -> bool:
        return self.box.hasFocus() and self.box.lineEdit().isModified()

    def set_name(self, name: str) -> None:
        """What screen readers call the slider and its box."""
        self.slider.setAccessibleName(name)
        self.box.setAccessibleName(name)

    def _on_slider_moved(self, position: int) -> None:
        self._take(self._minimum + position * self._step)

    def _on_box_changed(self, value: float) -> None:
        self._take(value)

    def _take(self, value: float) -> None:
        before = self._value
        self.set_value(value)
        if self._value != before:
            self.value_changed.emit(self._value)


class _CalmSlider(QSlider):
    """Leaves the wheel to the scroll area around it unless it has the focus."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
