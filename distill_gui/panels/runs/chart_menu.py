"""The one gear for all chart options: smoothing, logarithmic axes, outliers, which charts. Knows the options only."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QVBoxLayout, QWidget

from distill_gui.models.chart_memory import without_choices
from distill_gui.models.run_charts import CHARTS, LARGEST_WEIGHT, ChartOptions
from distill_gui.plain import set_tip
from distill_gui.theme import L, M, S
from distill_gui.widgets.buttons import button
from distill_gui.widgets.labels import caption, heading, line
from distill_gui.widgets.slider import NumberSlider


class ChartMenu(QFrame):
    """A small window that closes when one clicks elsewhere. `changed` when the person changes something."""

    changed = Signal(object)  # ChartOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # never see-through: not every desktop composes
        self.setProperty("role", "card")
        self._options = ChartOptions()
        self.weight = NumberSlider(0.0, LARGEST_WEIGHT, 0.01)
        self.weight.set_name("Smoothing")
        self.weight.value_changed.connect(lambda value: self._take(weight=value))
        self.boxes = {
            "log_x": QCheckBox("Logarithmic x"),
            "log_y": QCheckBox("Logarithmic y (not for scores)"),
            "clip": QCheckBox("Leave outliers out of view"),
        }
        set_tip(self.boxes["clip"], "Only the view is cut; each chart says how many points lie off-scale.")
        self.charts = {kind.key: QCheckBox(kind.title) for kind in CHARTS}
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, L)
        column.setSpacing(S)
        column.addWidget(heading("Smoothing"))
        column.addWidget(self.weight)
        column.addWidget(caption("Exponential average over the steps; scores are never smoothed."))
        column.addWidget(line())
        for name, box in self.boxes.items():
            column.addWidget(box)
            box.toggled.connect(lambda on, name=name: self._take(**{name: on}))
        column.addWidget(line())
        column.addWidget(heading("Charts"))
        for key, box in self.charts.items():
            column.addWidget(box)
            box.toggled.connect(lambda on, key=key: self._on_chart_toggled(key, on))
        self.defaults = button("Back to defaults", "quiet")
        self.defaults.clicked.connect(self._on_defaults_wanted)
        column.addWidget(self.defaults, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_options(self._options)

    def set_options(self, options: ChartOptions) -> None:
        """Show these options; tells nobody."""
        self._options = options
        self.weight.set_value(options.weight)
        self.defaults.setEnabled(options != without_choices(options))
        for boxes, wanted in (
            (self.boxes, {name: bool(getattr(options, name)) for name in self.boxes}),
            (self.charts, {key: key not in options.hidden for key in self.charts}),
        ):
            for key, box in boxes.items():
                blocked = box.blockSignals(True)
                box.setChecked(wanted[key])
                box.blockSignals(blocked)

    def open_below(self, widget: QWidget) -> None:
        """Show it under the button, its right edge at the button's; higher up or further in where the screen ends."""
        self.adjustSize()
        corner = widget.mapToGlobal(QPoint(widget.width() - self.width(), widget.height() + 4))
        room = widget.screen().availableGeometry()
        x = max(room.left(), min(corner.x(), room.right() + 1 - self.width()))
        y = max(room.top(), min(corner.y(), room.bottom() + 1 - self.height()))
        self.move(x, y)
        self.show()
        self.weight.setFocus()

    def _on_chart_toggled(self, key: str, shown: bool) -> None:
        hidden = self._options.hidden - {key} if shown else self._options.hidden | {key}
        self._take(hidden=hidden)

    def _on_defaults_wanted(self) -> None:
        self.set_options(without_choices(self._options))
        self.changed.emit(self._options)

    def _take(self, **changes: object) -> None:
        self._options = replace(self._options, **changes)  # type: ignore[arg-type]
        self.defaults.setEnabled(self._options != without_choices(self._options))
        self.changed.emit(self._options)
