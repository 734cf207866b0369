"""One chart in its card: draws the curves it is told to, only those that changed. Knows models and widgets only."""

from __future__ import annotations

from math import log10

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from distill_gui.models.curve_view import Range, Spread, outside, spread, y_range
from distill_gui.models.curves import CurveKey, CurveModel, Window
from distill_gui.models.run_charts import ChartKind, ChartOptions, View
from distill_gui.panels.runs.chart_looks import NO_ROWS, CurveId, Level, Look
from distill_gui.plain import set_tip
from distill_gui.theme import L, M, S
from distill_gui.widgets.card import Card
from distill_gui.widgets.labels import ElidedLabel
from distill_gui.widgets.menu_choice import HEIGHT, MenuChoice
from distill_gui.widgets.plot import Chart
from distill_gui.widgets.term_legend import TermLegend


class ChartCard(Card):
    """A heading, what the chart says in words at its right, and the chart."""

    show_all_wanted = Signal()
    view_chosen = Signal(str)

    def __init__(self, kind: ChartKind, curves: CurveModel, parent: QWidget | None = None) -> None:
        self.note = ElidedLabel("", "caption")
        self.legend = TermLegend()
        self.views = MenuChoice()
        super().__init__(kind.title, None, parent)
        set_tip(self.heading, kind.about)
        self.heading.setMinimumHeight(HEIGHT)  # with views or without: headings side by side stand on one line
        self.kind = kind
        self.chart = Chart()
        self._curves = curves
        self._options = ChartOptions()
        self._looks: dict[CurveId, Look] = {}
        self._windows: dict[CurveId, Window] = {}
        self._spreads: dict[CurveId, Spread | None] = {}
        self._levels: dict[str, Level] = {}
        self._all_stale = True
        self._x: Range | None = None
        self._says = self._said = ""
        self.empty = NO_ROWS  # what it says while it has nothing to draw
        self._lay_out()
        self.chart.menu_wanted.connect(self._on_menu_wanted)

    def _lay_out(self) -> None:
        frame = self.layout()
        assert frame is not None
        frame.setContentsMargins(L, M, S, S)
        frame.setSpacing(2)
        self.header.setContentsMargins(0, 0, S, 0)
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.header.addWidget(self.note, 1)  # takes what heading and views leave
        self.header.addWidget(self.views)
        self.header.setStretch(1, 0)
        self.body.addWidget(self.legend)
        self.body.addWidget(self.chart, 1)
        self.views.set_choices([(view.key, view.text, view.about) for view in self.kind.views])
        self.views.chosen.connect(self.view_chosen)
        self.setMinimumSize(240, 196)  # a long legend may not push other charts out of sight

    # what to show -----------------------------------------------------------------------------------------------------

    def set_options(self, options: ChartOptions) -> None:
        self._options = options
        self.chart.set_log(options.log_x, options.log_y and self.kind.log)
        self.chart.set_x_kind({"seconds": "time", "step": "whole", "examples": "whole"}.get(options.x, "number"))
        self._windows.clear()
        self._spreads.clear()
        self._all_stale = True

    def set_looks(self, looks: dict[CurveId, Look]) -> None:
        """Which curves to draw, and how; what is drawn already and stays is not touched."""
        for curve in self._looks.keys() - looks.keys():
            self.chart.remove_curve(curve)
            self._windows.pop(curve, None)
            self._spreads.pop(curve, None)
        for curve, look in looks.items():
            if curve in self._looks and self._looks[curve].axis != look.axis:
                self._windows.pop(curve, None)
        if looks != self._looks:
            self._looks = looks
            self._all_stale = True

    def set_levels(self, levels: dict[str, Level]) -> None:
        if levels != self._levels:
            self._levels, self._all_stale = levels, True

    def set_legend(self, entries: list[tuple[str, int]]) -> None:
        """Name terms by their place in the loss; empty where the list of runs is the legend."""
        self.legend.set_entries(entries)

    def show_view(self, view: View) -> None:
        """Say which way of looking at the terms this is; tells nobody."""
        self.views.show_key(view.key)
        set_tip(self.heading, view.about)

    def looks(self) -> dict[CurveId, Look]:
        return self._looks

    def redraw_all(self) -> None:
        """Other colours or other pixels: look at every curve again when drawing next."""
        self._all_stale = True

    def is_in_sight(self) -> bool:
        """Whether any part of the card can be seen: its note says what there is even where only the heading shows."""
        return not self.visibleRegion().isEmpty()

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self, x: Range, changed: frozenset[CurveKey]) -> None:
        """Bring the chart up to date with the view `x`: all curves if something else changed, else only `changed`."""
        if x != self._x:
            self._x, self._all_stale = x, True
        if not self._all_stale and not any((run, name) in changed for run, name, _ in self._looks):
            return
        pixels = self.chart.pixels()
        for curve, look in self._looks.items():
            if self._all_stale or curve[:2] in changed:
                self._draw_curve(curve, look, x, pixels)
        self._draw_levels()
        self._fit(x)
        self.chart.place_level_names()
        self._all_stale = False
        self._tell()

    def _draw_curve(self, curve: CurveId, look: Look, x: Range, pixels: int) -> None:
        run, name, raw = curve
        weight = 0.0 if raw else self._weight()
        drawing = self._curves.drawing((run, name), look.axis, x, pixels, weight, self._windows.get(curve))
        line = look.line()
        if drawing is None:
            if curve in self._windows:
                self.chart.set_look(curve, line.colour, look.emphasised, look.raw, line.dash)
            return
        self._windows[curve], xs, ys = drawing
        ys = self.kind.scale * ys
        self._spreads[curve] = None if raw else spread(ys, self._log())
        self.chart.set_curve(curve, xs, ys, line.colour, look.emphasised, look.raw, line.dash)

    def _draw_levels(self) -> None:
        shown = self.chart.levels()
        for key in shown.keys() - self._levels.keys():
            self.chart.remove_level(key)
        for key, level in self._levels.items():
            if shown.get(key) != level.value:
                self.chart.set_level(key, level.value, level.text)

    def _fit(self, x: Range) -> None:
        spreads = [spread for spread in self._spreads.values() if spread]
        levels = [level.value for level in self._levels.values()]
        y = y_range(spreads, levels, self._options.clip, self._log(), self.chart.text_share())
        self.chart.set_view(x, y)

    def _weight(self) -> float:
        return self._options.weight if self.kind.smooth else 0.0

    def _log(self) -> bool:
        return self._options.log_y and self.kind.log

    def off_scale(self) -> int:
        """How many rows in the view of x lie above or below it; counted on all rows, not on the few points drawn."""
        if not self._options.clip:
            return 0
        y = self.chart.y_view()
        reach = tuple(log10(bound) for bound in y) if self._log() else y
        low, high = (bound / self.kind.scale for bound in y)
        count = 0
        for curve, found in self._spreads.items():
            if found is None or (reach[0] <= found.low and found.high <= reach[1]):
                continue  # no point drawn lies outside, so no row between the points does
            series, window = self._curves.series(*curve[:2]), self._windows[curve]
            if series is not None:
                values = series.smoothed(self._weight()).values if self._weight() else series.values
                count += outside(values.view[window.start : window.stop], low, high)
        return count

    def _shows_thinned(self) -> bool:
        """Whether old rows of some curve are drawn of which only the extremes are held."""
        return any(
            series.is_thinned(window)
            for curve, window in self._windows.items()
            if (series := self._curves.series(*curve[:2])) is not None
        )

    # words ------------------------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        off = self.off_scale()
        if not self._windows:
            self._says = self.empty
        elif off:
            least = "at least " if self._shows_thinned() else ""
            self._says = f"{least}{off:,} {'point' if off == 1 else 'points'} off-scale"
        else:
            self._says = f"smoothing {self._options.weight:.2g}" if self._weight() else ""
        self.chart.set_blank(not self._windows)
        self._show_note()

    def say(self, text: str) -> None:
        """Show what is under the cursor instead of the usual note; "" goes back to that."""
        self._said = text
        self._show_note()

    def _show_note(self) -> None:
        self.note.all_or_nothing = not self._said
        self.note.setText(self._said or self._says)

    # menu -------------------------------------------------------------------------------------------------------------

    def _on_menu_wanted(self, position: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show everything", self.show_all_wanted.emit)
        menu.addAction("Copy picture", self.copy_picture)
        menu.addAction("Copy values as CSV", self.copy_values)
        menu.popup(position)

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self.grab())

    def copy_values(self) -> None:
        """Put the rows in view on the clipboard, unsmoothed and, but for the old rows of very long runs, unreduced."""
        lines = ["run,metric,step,seconds,value"]
        for (run, name, raw), window in self._windows.items():
            series = self._curves.series(run, name)
            if series is None or raw:
                continue
            part = slice(window.start, window.stop)
            columns = (series.steps.view[part], series.seconds.view[part], series.values.view[part])
            lines += [
                f"{run},{name},{step:.0f},{seconds:.3f},{value!r}"
                for step, seconds, value in np.stack(columns, 1).tolist()
            ]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")
