"""The charts of the drawn runs side by side, sharing one x and one cursor. Knows models and widgets only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from distill_gui.models.curve_view import Range, x_range
from distill_gui.models.curves import CurveKey, CurveModel, XAxis
from distill_gui.models.run_charts import (
    CHARTS,
    ChartKind,
    ChartOptions,
    curve_names,
    obstacle,
    term_place,
    term_text,
    title,
    view_of,
    x_axis,
    x_end,
    x_text,
)  # fmt: skip
from distill_gui.models.run_text import score_text
from distill_gui.panels.runs.chart_looks import NO_ROWS, CurveId, Level, Look
from distill_gui.theme import M, notifier

if TYPE_CHECKING:
    from distill_gui.panels.runs.chart_card import ChartCard
    from engine.store import RunRecord

NARROWEST = 340  # px, a chart; as many columns as fit, at most three


class ChartGrid(QScrollArea):
    """`draw` brings what can be seen up to date; everything else only notes what changed and asks for it by `stale`.

    The charts, and pyqtgraph with them, are made once they are to be seen, one a `draw`: the window answers meanwhile.
    """

    stale = Signal()
    following_changed = Signal(bool)
    run_chosen = Signal(int)
    view_chosen = Signal(str, str)  # chart, and the view of its terms
    run_pointed = Signal(object)  # the run whose curve is under the pointer, None when there is none

    def __init__(self, curves: CurveModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves = curves
        self._records: list[RunRecord] = []
        self._chosen: RunRecord | None = None
        self._published: tuple[str, float] | None = None
        self._pointed: int | None = None
        self._baseline: int | None = None
        self._cursor: float | None = None  # x under the pointer
        self._options = ChartOptions()
        self._changed: dict[str, set[CurveKey]] = {kind.key: set() for kind in CHARTS}
        self._known: set[CurveKey] = set()
        self._x: Range | None = None
        self._x_stale = self._looks_stale = True
        self._shown: tuple[object, ...] = ()
        self._extent: Range | None = None
        self._axes: dict[CurveKey, XAxis] = {}
        self._following = True
        self._columns = 0
        self._arranged: list[ChartCard] = []
        self.cards: dict[str, ChartCard] = {}
        self._lacking = list(CHARTS)
        self._lay_out()
        curves.changed.connect(self._on_curves_changed)
        self.verticalScrollBar().valueChanged.connect(lambda _: self.stale.emit())
        notifier().changed.connect(self._redraw_all)

    def complete(self) -> None:
        """Make every chart that is not made yet, at once."""
        while self._lacking:
            self._make_next()

    def is_complete(self) -> bool:
        """Whether every chart is made."""
        return not self._lacking

    def _make_next(self) -> None:
        kind = self._lacking.pop(0)
        self.cards[kind.key] = self._make_card(kind)
        if not self._lacking:
            self._x_stale = self._looks_stale = True

    def _make_card(self, kind: ChartKind) -> ChartCard:
        from distill_gui.panels.runs.chart_card import ChartCard

        card = ChartCard(kind, self._curves, self._inside)
        card.hide()
        card.set_options(self._options)
        card.chart.setAccessibleName(f"Chart: {kind.title}")
        card.chart.resized.connect(self._redraw_all)
        card.chart.panned.connect(self._on_panned)
        card.chart.reset_wanted.connect(self.follow)
        card.show_all_wanted.connect(self.follow)
        card.view_chosen.connect(lambda view: self.view_chosen.emit(kind.key, view))
        card.chart.cursor_moved.connect(self._on_cursor_moved)
        card.chart.curve_pointed.connect(self._on_curve_pointed)
        card.chart.curve_clicked.connect(lambda curve: self.run_chosen.emit(curve[0]))
        return card

    def _lay_out(self) -> None:
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(M)
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._arrange()

    # what to show -----------------------------------------------------------------------------------------------------

    def set_runs(
        self, records: list[RunRecord], chosen: RunRecord | None, published: tuple[str, float] | None = None
    ) -> None:
        """Draw these runs, `chosen` in front; `published` is a name and a score from 0 to 1 to compare it with."""
        if chosen is not None and all(record.id != chosen.id for record in records):
            records = [*records, chosen]
        chosen_id = chosen.id if chosen else None
        shown = (chosen_id, published, *map(_what_charts_show, records))
        self._records, self._chosen, self._published = records, chosen, published
        if shown != self._shown:  # a run's progress alone moves nothing here
            self._shown = shown
            self._looks_stale = self._x_stale = True
            self._forget_undrawn({record.id for record in records})
            self.stale.emit()

    def set_baseline(self, run: int | None) -> None:
        """Draw the run that the others are compared with as a dashed line."""
        if run != self._baseline:
            self._baseline = run
            self._looks_stale = True
            self.stale.emit()

    def _forget_undrawn(self, drawn: set[int]) -> None:
        """A window lives for weeks: keep nothing of runs no longer drawn, also for a chart nobody scrolls to."""
        for keys in (self._known, *self._changed.values()):
            keys -= {key for key in keys if key[0] not in drawn}

    def set_options(self, options: ChartOptions) -> None:
        before, self._options = self._options, options
        if (before.x, before.log_x, before.side) != (options.x, options.log_x, options.side):
            self._set_following(True)
            self._x = None
        for card in self.cards.values():
            card.set_options(options)
        self._x_stale = self._looks_stale = True
        if before.hidden != options.hidden:
            self._arrange()
        self.stale.emit()

    def point_at(self, run: int | None) -> None:
        """Bring one run to the front for as long as it is pointed at."""
        if run != self._pointed:
            self._pointed = run
            self._looks_stale = True
            self.stale.emit()

    @property
    def following(self) -> bool:
        return self._following

    def follow(self) -> None:
        """Show everything again, and what is still to come."""
        self._set_following(True)
        self._x = None
        self._x_stale = True
        self.stale.emit()

    def _set_following(self, following: bool) -> None:
        if following != self._following:
            self._following = following
            self.following_changed.emit(following)

    # drawing ----------------------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Draw what is out of date and in sight."""
        if not self.isVisible():
            return
        if self._lacking:
            self._make_next()
            self.stale.emit()
            return
        if self._looks_stale:
            self._looks_stale = False
            self._set_looks()
            self._measure()
        if self._x_stale and self._following:
            self._x_stale = False
            self._fit_x()
        x = self._x or (0.0, 1.0)
        for key, card in self.cards.items():
            if card.isVisible() and card.is_in_sight():
                card.draw(x, frozenset(self._changed[key]))
                self._changed[key].clear()
        if self._cursor is not None:  # a curve may have come to where the pointer rests
            self._say_what_is_there()

    def _set_looks(self) -> None:
        records = {record.id: record for record in self._records}
        for key, card in self.cards.items():
            if key in self._options.hidden:
                continue
            looks: dict[CurveId, Look] = {}
            for record in records.values():
                looks |= self._looks_of(card.kind, record)
            card.set_looks(looks)
            card.set_title(title(card.kind, records.values()))
            card.empty = self._obstacle(card.kind) or NO_ROWS
            if (view := view_of(card.kind, self._options, self._chosen)) is not None:
                card.show_view(view)
                terms = [(name, look.term) for (_, name, raw), look in looks.items() if not raw]
                card.set_legend([(term_text(name), place) for name, place in terms if place is not None])
        self._arrange()
        self.cards["validation"].set_levels(self._levels())

    def _obstacle(self, kind: ChartKind) -> str:
        """Why none of the runs drawn here can have rows of this kind, "" where one can."""
        chosen = [self._chosen] if self._chosen else []
        view = view_of(kind, self._options, self._chosen)
        said = [obstacle(kind, view, record) for record in (chosen if kind.chosen_only else self._records)]
        return said[-1] if said and all(said) else ""

    def _looks_of(self, kind: ChartKind, record: RunRecord) -> dict[CurveId, Look]:
        chosen = self._chosen is not None and record.id == self._chosen.id
        if kind.chosen_only and not chosen:
            return {}
        axis = x_axis(record, self._options)
        front = (chosen or record.id == self._pointed) and not kind.chosen_only
        looks = {}
        view = view_of(kind, self._options, record)
        for name in curve_names(kind, record, self._curves.names(record.id), self._options.side, view):
            term = term_place(name, record) if kind.views else None
            dashed = record.id == self._baseline
            looks[record.id, name, False] = Look(axis, record.colour, front, term=term, dashed=dashed)
            if kind.smooth and self._options.weight and record.id == self._pointed:
                looks[record.id, name, True] = Look(axis, record.colour, raw=True, term=term)
        return looks

    def _levels(self) -> dict[str, Level]:
        levels = {}
        if self._chosen and self._options.side == "student":
            score = self._chosen.teacher_score
            if score is not None:
                levels["teacher"] = Level(100 * score, f"teacher {score_text(score)}")
            if self._published:
                name, score = self._published
                levels["published"] = Level(100 * score, f"{name} {score_text(score)}")
        return levels

    def _measure(self) -> None:
        """Find the range of x of everything drawn."""
        keys = {
            (run, name): look.axis
            for card in self.cards.values()
            if card.kind.key not in self._options.hidden
            for (run, name, _), look in card.looks().items()
        }
        self._axes = keys
        self._extent = self._curves.extent(keys.items())

    def _stretch(self, keys: frozenset[CurveKey]) -> None:
        """Widen the range of x by what was added to a few curves."""
        grown = self._curves.extent((key, self._axes[key]) for key in keys if key in self._axes)
        if grown:
            low, high = self._extent or grown
            self._extent = (min(low, grown[0]), max(high, grown[1]))

    def _fit_x(self) -> None:
        ends = [end for record in self._records if (end := x_end(record, self._options)) is not None]
        self._x = x_range(self._extent, max(ends, default=None), self._x, self._options.log_x)

    # what happens -----------------------------------------------------------------------------------------------------

    def _on_curves_changed(self, keys: frozenset[CurveKey]) -> None:
        drawn = {record.id for record in self._records}
        keys = frozenset(key for key in keys if key[0] in drawn)
        if not keys:
            return
        if not keys <= self._known:
            self._known |= keys
            self._looks_stale = True
        self._stretch(keys)
        self._x_stale = True
        for changed in self._changed.values():
            changed |= keys
        self.stale.emit()

    def _on_panned(self, low: float, high: float) -> None:
        self._set_following(False)
        self._x = (low, high)
        self.stale.emit()

    def _on_curve_pointed(self, curve: CurveId | None) -> None:
        run = curve[0] if curve else None
        self.point_at(run)
        self.run_pointed.emit(run)

    def _on_cursor_moved(self, x: float | None) -> None:
        self._cursor = x
        for card in self.cards.values():
            card.chart.set_cursor(x)
        self._say_what_is_there()

    def _say_what_is_there(self) -> None:
        for card in self.cards.values():
            card.say("" if self._cursor is None else self._said_at(card, self._cursor))

    def _said_at(self, card: ChartCard, x: float) -> str:
        """What the chosen (or pointed) run's curve says at `x`."""
        run = self._pointed or (self._chosen.id if self._chosen else None)
        weight = self._options.weight if card.kind.smooth else 0.0
        said, at = [], x
        for (of, name, raw), look in card.looks().items():
            if of == run and not raw and (found := self._curves.at((of, name), look.axis, x, weight)):
                value = score_text(found[1]) if card.kind.scale == 100 else f"{found[1]:.4g}"
                said.append(value if look.term is None else f"{term_text(name)} {value}")
                at = found[0]
                if look.term is None:
                    break
        return f"{', '.join(said)} at {x_text(self._options, at)}" if said else ""

    def _redraw_all(self) -> None:
        for card in self.cards.values():
            card.redraw_all()
        self.stale.emit()

    # columns ----------------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        if self._lacking:
            return
        columns = max(1, min(3, self.viewport().width() // NARROWEST))
        shown = [
            card
            for key, card in self.cards.items()
            if key not in self._options.hidden and (card.looks() or not card.kind.optional)
        ]
        if (columns, shown) == (self._columns, self._arranged):
            return
        self._columns, self._arranged = columns, shown
        for card in self.cards.values():
            self._grid.removeWidget(card)
            card.setParent(self._inside)
            card.setVisible(card in shown)
        for place, card in enumerate(shown):
            self._grid.addWidget(card, place // columns, place % columns)
        for column in range(3):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        self._grid.activate()  # at once: new charts would be seen in a heap for the blink of an eye
        self.stale.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.stale.emit()


def _what_charts_show(record: RunRecord) -> tuple[object, ...]:
    """What of a run changes its curves' looks, axes or levels."""
    length = (record.steps_per_epoch, record.total_steps, record.batch_size, record.phase_total)
    return (record.id, record.state == "running", record.colour, record.key_metric, record.teacher_score, *length)
