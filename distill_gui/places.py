"""Connects each place of the window, once it is made, with the services, the models and the other places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from distill_gui.models.run_words import stop_stage_text

if TYPE_CHECKING:
    from distill_gui.models import Models
    from distill_gui.models.run_charts import ChartOptions
    from distill_gui.services.engine_thread import EngineThread
    from distill_gui.services.preferences import Preferences
    from distill_gui.services.remembering import Remembering
    from distill_gui.windows.main_window import MainWindow


class Places(QObject):
    """``connect_place`` one that was just made. What a person asks for there goes to a slot of the engine, or to another place."""

    def __init__(
        self,
        engine: EngineThread,
        models: Models,
        window: MainWindow,
        preferences: Preferences,
        remembering: Remembering,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.engine, self.models, self.window = engine, models, window
        self.preferences, self._remembering = preferences, remembering

    def connect_place(self, key: str) -> None:
        """Connect a place that was just made, to what was stored and heard before it as well."""
        by_key = {
            "compose": self._connect_compose,
            "runs": self._connect_runs,
            "table": self._connect_table,
            "compare": self._connect_compare,
            "export": self._connect_export,
        }
        by_key[key](self.window.panel(key))

    def _connect_compose(self, compose: Any) -> None:
        compose.start_requested.connect(self._on_start_requested)
        compose.queue_requested.connect(self.engine.enqueue)
        compose.sweep_look_requested.connect(self.engine.look_at_sweep)
        self.engine.sweep_looked_at.connect(compose.sweep_looked_at)
        compose.examination_requested.connect(self.engine.examine)
        compose.examination_cancelled.connect(self.engine.stop_examining)

    def _connect_runs(self, runs: Any) -> None:
        engine = self.engine
        runs.stop_requested.connect(engine.stop_run)
        runs.pause_requested.connect(engine.pause_run)
        runs.resume_requested.connect(engine.resume_run)
        runs.rename_requested.connect(engine.rename)
        runs.discard_requested.connect(engine.discard)
        runs.trash_requested.connect(self.window.show_trash)
        runs.log_watched.connect(engine.watch_log)
        runs.curves_wanted.connect(self._on_curves_wanted)
        runs.export_requested.connect(self._on_export_place_wanted)
        runs.duplicate_requested.connect(self._on_duplicate_requested)
        runs.compose_requested.connect(lambda: self.window.show_place("compose"))
        from distill_gui.models.chart_memory import recalled

        runs.set_options(recalled(self.preferences.charts))
        runs.options_changed.connect(self._on_chart_options_changed)
        engine.log_arrived.connect(runs.append_log)
        engine.stopping.connect(lambda run, *stage: runs.set_stop_stage(run, stop_stage_text(*stage)))
        runs.ask_again()

    def _connect_table(self, table: Any) -> None:
        table.show_runs_requested.connect(self._on_show_runs_requested)
        table.compose_requested.connect(self._on_compose_requested)

    def _connect_compare(self, compare: Any) -> None:
        compare.queue_requested.connect(self.engine.enqueue)
        compare.show_runs_requested.connect(self._on_show_runs_requested)
        compare.export_requested.connect(self._on_export_place_wanted)
        compare.tick_requested.connect(lambda wanted: self.models.runs.set_ticked(wanted, True))
        compare.runs_place_requested.connect(lambda: self.window.show_place("runs"))

    def _connect_export(self, export: Any) -> None:
        export.export_requested.connect(self.engine.export)
        self.engine.exported.connect(export.set_exported)
        self.engine.export_failed.connect(export.set_failed)

    def _on_chart_options_changed(self, options: ChartOptions) -> None:
        from distill_gui.models.chart_memory import remembered

        self._remembering.soon("charts", lambda: self.preferences.set_charts(remembered(options)))

    def _on_start_requested(self, tomls: list[str]) -> None:
        self.preferences.set_welcomed()
        self.window.show_place("runs")
        self.window.panel("runs").follow_live()  # type: ignore[attr-defined]
        self.engine.enqueue(tomls)

    def _on_curves_wanted(self, runs: list[int]) -> None:
        self.models.curves.set_drawn(runs)
        for run in runs:
            self.engine.load_curves(run)

    def _on_export_place_wanted(self, run: int) -> None:
        self.models.export.choose(run)
        self.window.show_place("export")

    def _on_duplicate_requested(self, run: int) -> None:
        record = self.models.runs.record(run)
        if record is not None:
            self.models.compose.load_toml(record.toml, record.folder)
            self.window.show_place("compose")

    def _on_show_runs_requested(self, wanted: list[int]) -> None:
        runs = self.models.runs
        runs.set_ticked(set(runs.ticked()) - set(wanted), False)
        runs.set_ticked(wanted, True)
        if wanted:
            self.window.panel("runs").set_run(wanted[-1])  # type: ignore[attr-defined]
        self.window.show_place("runs")

    def _on_compose_requested(self, overrides: dict[str, object]) -> None:
        self.models.compose.merge(overrides)
        self.window.show_place("compose")
