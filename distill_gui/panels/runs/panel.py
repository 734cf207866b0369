"""The place where runs are watched: the list at the left, the chosen run and its charts at the right.

Knows models and widgets only; what a person wants leaves by signals, what happens comes in by models and slots.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from distill_gui.models.curves import CurveKey
from distill_gui.models.run_charts import X_KINDS, ChartOptions, sides, with_view
from distill_gui.models.run_figures import figures
from distill_gui.models.run_in_sight import FAILED, RunInSight
from distill_gui.panels.runs.chart_grid import ChartGrid
from distill_gui.panels.runs.chart_menu import ChartMenu
from distill_gui.panels.runs.failure_card import LINES, FailureCard
from distill_gui.panels.runs.live_strip import STOPPING, LiveStrip
from distill_gui.panels.runs.run_column import RunColumn
from distill_gui.panels.runs.text_tabs import ConfigTab, LogTab
from distill_gui.plain import set_tip
from distill_gui.theme import L, M, S
from distill_gui.widgets.buttons import button
from distill_gui.widgets.empty_state import EmptyState
from distill_gui.widgets.offer import Offer
from distill_gui.widgets.segmented import Segmented
from distill_gui.widgets.visibility import show_if

if TYPE_CHECKING:
    from distill_gui.models import Models
    from engine.store import RunRecord

FRAME_MS = 33  # at most 30 frames a second, whatever arrives
WIDE = 980  # px, from where the gear has room for its name
GEAR = "Chart options"
SECOND_MS = 1000  # how often a running run's clock is shown anew
TABS = (("charts", "Charts"), ("log", "Log"), ("config", "Config"))


class RunsPanel(QWidget):
    """One timer for everything: it sleeps unless something changed or a clock runs."""

    stop_requested = Signal(int)
    pause_requested = Signal(int)
    resume_requested = Signal(int)
    export_requested = Signal(int)
    duplicate_requested = Signal(int)
    rename_requested = Signal(int, str)
    discard_requested = Signal(int)
    trash_requested = Signal()
    compose_requested = Signal()
    log_watched = Signal(int)  # the run whose log is wanted from its beginning
    curves_wanted = Signal(object)  # list of run ids now drawn
    run_chosen = Signal(int)
    options_changed = Signal(object)  # ChartOptions, to be remembered

    def __init__(self, models: Models, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs, self._curves = models.runs, models.curves
        self._sight = RunInSight()
        self._answered = False  # whether it was known what runs there are
        self._side_chosen = False
        self._options = ChartOptions()
        self._strip_stale = False
        self._wanted: list[int] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_tick)
        self._make()
        self._lay_out()
        self._connect()
        self._on_records_changed(frozenset())

    def _make(self) -> None:
        self.column = RunColumn(self._runs)
        self.failure = FailureCard()
        self.strip = LiveStrip(self.failure)
        self.tabs = Segmented(TABS)
        self.side = Segmented((("student", "student"), ("teacher", "teacher")))
        self.x_kind = Segmented(tuple(X_KINDS.items()))
        self.x_kind.set_current(self._options.x)
        self.follow = button("Follow", icon="right")
        set_tip(self.follow, "Show everything again, and what is still to come (or double-click a chart)")
        self.gear = button(GEAR, icon="settings")
        self.gear.setAccessibleName(GEAR)
        set_tip(self.gear, GEAR)
        self.menu = ChartMenu(self)
        self.grid = ChartGrid(self._curves)
        self.log, self.config = LogTab(), ConfigTab()
        self.empty = EmptyState(
            "runs",
            "No runs yet",
            "A run trains one student. Compose one, press Start, and watch its curves here while it learns.",
            "Compose a run",
        )

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(S)
        bar.addWidget(self.tabs)
        bar.addStretch(1)
        for widget in (self.follow, self.side, self.x_kind, self.gear):
            bar.addWidget(widget)
        self._pages = QStackedWidget()
        for page in (self.grid, self.log, self.config):
            self._pages.addWidget(page)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        column.addWidget(self.strip)
        column.addLayout(bar)
        column.addWidget(self._pages, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("runs splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(L)
        self.splitter.addWidget(self.column)
        self.splitter.addWidget(centre)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([280, 900])
        row = QHBoxLayout(self)
        row.setContentsMargins(L, L, L, L)
        row.addWidget(self.splitter)
        row.addWidget(self.empty)

    def _connect(self) -> None:
        self._runs.records_changed.connect(self._on_records_changed)
        self._runs.ticked_changed.connect(self._on_drawn_changed)
        self._runs.marks_changed.connect(self._on_drawn_changed)
        self._curves.changed.connect(self._on_curves_changed)
        for source in (self.column, self.strip):
            source.stop_wanted.connect(self._on_stop_wanted)
            source.pause_wanted.connect(self._on_pause_wanted)
            source.resume_wanted.connect(self.resume_requested)
            source.export_wanted.connect(self.export_requested)
            source.duplicate_wanted.connect(self.duplicate_requested)
        self.addActions(self.column.actions())  # their shortcuts hold wherever in this place one is
        self.column.renamed.connect(self.rename_requested)
        self.column.discard_wanted.connect(self.discard_requested)
        self.column.trash_wanted.connect(self.trash_requested)
        self.column.run_chosen.connect(self._on_run_chosen)
        self.column.run_pointed.connect(self.grid.point_at)
        self.grid.run_pointed.connect(self.column.rows.set_pointed)
        self.grid.run_chosen.connect(self._on_run_chosen)
        self.grid.stale.connect(lambda: self._wake(FRAME_MS))
        self.grid.view_chosen.connect(lambda chart, view: self._set_options(with_view(self._options, chart, view)))
        self.grid.following_changed.connect(self._on_following_changed)
        self.follow.clicked.connect(self.grid.follow)
        self.tabs.chosen.connect(self.show_tab)
        self.x_kind.chosen.connect(lambda x: self._set_options(replace(self._options, x=x)))
        self.side.chosen.connect(self._on_side_chosen)
        self.gear.clicked.connect(lambda: self.menu.open_below(self.gear))
        self.menu.changed.connect(self.set_options)
        self.empty.clicked.connect(self.compose_requested)
        self.follow.hide()
        self.side.hide()
        for keys, act in (
            ("Ctrl+F", self.column.filter.setFocus),
            ("Alt+C", lambda: self.show_tab("charts")),
            ("Alt+L", lambda: self.show_tab("log")),
            ("Alt+T", lambda: self.show_tab("config")),
        ):
            QShortcut(QKeySequence(keys), self, act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        for key, letter in (("charts", "C"), ("log", "L"), ("config", "T")):
            set_tip(self.tabs.button(key), f"Alt+{letter}")

    # what comes in ----------------------------------------------------------------------------------------------------

    def set_run(self, run: int) -> None:
        """Choose a run, as from a place that points here."""
        if self._runs.record(run) is not None:
            self._on_run_chosen(run)

    def follow_live(self) -> None:
        """Show the run that trains as soon as there is one, as for a person who just started it."""
        self._sight.follow_live()

    def run(self) -> int | None:
        """The run shown."""
        return self._sight.run

    def append_log(self, run: int, text: str) -> None:
        """The next piece of the log of `run`; ignored unless it is the one watched."""
        if run == self._sight.run:
            self.log.append(text)
            self._strip_stale = True
            self._wake(FRAME_MS)

    def set_stop_stage(self, run: int, text: str) -> None:
        """How far the stop of a run is, for the button that names it; "" when it is over."""
        self.strip.set_stop_stage(run, text)

    def ask_again(self) -> None:
        """Say once more what is wanted for the run chosen and for those drawn, to who listens only since."""
        if self._sight.run is not None:
            self.log_watched.emit(self._sight.run)
        if self._wanted:
            self.curves_wanted.emit(self._wanted)

    def options(self) -> ChartOptions:
        """How the charts are drawn, to be remembered."""
        return self._options

    def set_options(self, options: ChartOptions) -> None:
        """Draw the charts as remembered."""
        self.x_kind.set_current(options.x)
        self._set_options(options)

    def offers(self) -> list[Offer]:
        """What can be done here, for the command palette."""

        def name() -> str:
            record = self._record()
            return f"run {record.id} · {record.name}" if record is not None else ""

        tabs = (("charts", "Alt+C"), ("log", "Alt+L"), ("config", "Alt+T"))
        shown = [Offer(self.tabs.button(key), keys, f"Show {key}", name) for key, keys in tabs]
        return [*self.column.offers(name), *shown, Offer(self.gear, text=GEAR)]

    # the chosen run ---------------------------------------------------------------------------------------------------

    def _record(self) -> RunRecord | None:
        return self._runs.record(self._sight.run) if self._sight.run is not None else None

    def _on_records_changed(self, changed: frozenset[int]) -> None:
        newest = self._runs.newest()
        had_focus = self.empty.isVisible() and self.focusWidget() is not None
        self.splitter.setVisible(newest is not None)
        answered, self._answered = self._runs.known and not self._answered, self._runs.known
        if newest is not None and (had_focus or (answered and self.isVisible())):
            self.column.rows.setFocus()  # else what is hidden hands it to the next best button of the window, with a ring
        self.empty.setVisible(self._runs.known and newest is None)
        wanted = self._sight.after_change(changed, self._record(), self._runs.live(), newest)
        if wanted is not None:
            self._show_run(wanted)
            return
        if self._sight.run in changed:
            self._show_record()
        if changed & set(self._drawn_ids()):
            self._on_drawn_changed()

    def _on_run_chosen(self, run: int) -> None:
        another = run != self._sight.run
        self._sight.choose(run, self._runs.live())
        if another:
            self._show_run(run)

    def _show_run(self, run: int) -> None:
        self._side_chosen = False
        self.log.clear()
        self.column.set_run(run)
        self._show_record()
        self._on_drawn_changed()
        self.log_watched.emit(run)
        self.run_chosen.emit(run)

    def _show_record(self) -> None:
        record = self._record()
        if record is not None:
            self.config.show_toml(record.toml, str(record.folder / "config.toml"))
            self.column.refresh()
            self._strip_stale = True
            self._wake(FRAME_MS)

    def _show_strip(self) -> None:
        record = self._record()
        if record is None:
            return
        self.strip.show_run(
            record,
            **figures(record, self._curves, self._options.weight),
            control=self._runs.control_score(record),
            unasked=self._sight.moved_unasked(),
        )
        failed = record.state in FAILED
        if failed:
            self.failure.show_failure(record.state, record.reason, self.log.tail(LINES * 4))
        self.strip.show_instead(failed)

    def _on_stop_wanted(self, run: int) -> None:
        record = self._runs.record(run)
        if record is not None and record.state == "running":
            self.strip.set_stop_stage(run, STOPPING)
            self._sight.stay()
        self.stop_requested.emit(run)

    def _on_pause_wanted(self, run: int) -> None:
        record = self._runs.record(run)
        if record is not None and record.state == "running":
            self.strip.set_pausing(run)
            self._sight.stay()
        self.pause_requested.emit(run)

    # charts -----------------------------------------------------------------------------------------------------------

    def _drawn_ids(self) -> list[int]:
        baseline = self._runs.baseline()
        beside = {run for run in (self._sight.run, baseline.id if baseline is not None else None) if run is not None}
        return sorted({*self._runs.ticked(), *beside})

    def _on_drawn_changed(self) -> None:
        drawn = self._drawn_ids()
        record = self._record()
        records = [found for run in drawn if (found := self._runs.record(run)) is not None]
        self.grid.set_runs(records, record, self._runs.published_score(record) if record else None)
        baseline = self._runs.baseline()
        self.grid.set_baseline(baseline.id if baseline is not None else None)
        self._show_side()
        if drawn != self._wanted:
            self._wanted = drawn
            self.curves_wanted.emit(drawn)

    def _on_curves_changed(self, keys: frozenset[CurveKey]) -> None:
        if any(run == self._sight.run for run, _ in keys):
            self._strip_stale = True
            self._show_side()
            self._wake(FRAME_MS)

    def _show_side(self) -> None:
        """Offer the teacher's own training where there is one; shown unasked only while there is nothing else."""
        found = sides(self._curves.names(self._sight.run)) if self._sight.run is not None else ["student"]
        show_if(self.side, found != ["student"])
        self._fit_bar()
        wanted = self._options.side if self._side_chosen else found[0]
        if wanted != self._options.side:
            self.side.set_current(wanted)
            self._set_options(replace(self._options, side=wanted))

    def _on_side_chosen(self, side: str) -> None:
        self._side_chosen = True
        self._set_options(replace(self._options, side=side))

    def _set_options(self, options: ChartOptions) -> None:
        if options != self._options:
            self._options = options
            self.options_changed.emit(options)
        self.menu.set_options(options)
        self.grid.set_options(options)
        self._strip_stale = True

    def _on_following_changed(self, following: bool) -> None:
        show_if(self.follow, not following)
        self._fit_bar()

    def show_tab(self, key: str) -> None:
        """Show "charts", "log" or "config" of the chosen run."""
        self.tabs.set_current(key)
        self._pages.setCurrentIndex([name for name, _ in TABS].index(key))
        for widget in (self.x_kind, self.gear):
            widget.setVisible(key == "charts")
        show_if(self.follow, key == "charts" and not self.grid.following)
        if key == "charts":
            self._show_side()
        else:
            self.side.hide()

    # time -------------------------------------------------------------------------------------------------------------

    def _wake(self, after_ms: int) -> None:
        """Tick in `after_ms` unless a tick is due sooner; a place nobody sees sleeps."""
        if self.isVisible() and not (self._timer.isActive() and self._timer.remainingTime() <= after_ms):
            self._timer.start(after_ms)

    def _on_tick(self) -> None:
        record = self._record()
        runs = record is not None and record.state == "running"
        if self._strip_stale or runs:
            self._strip_stale = False
            self._show_strip()
        self.grid.draw()
        if runs:
            self._wake(SECOND_MS)

    def _fit_bar(self) -> None:
        narrow = self._pages.width() < WIDE and not (self.side.isHidden() and self.follow.isHidden())
        self.gear.setText("" if narrow else GEAR)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_bar()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._strip_stale = True
        self._wake(0)
        focused = QApplication.focusWidget()
        if focused is None or not self.isAncestorOf(focused):
            # hidden as long as nobody knows of runs, it would hand it to a button of the window, with a ring
            (self if self.splitter.isHidden() else self.column.rows).setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
