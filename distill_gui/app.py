"""The only file that knows everything: makes services, models and the window, and connects them; places.py each place.

What a person does goes panel signal → EngineThread slot → store; what the store says comes back as signals into models.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from distill_gui import theme as themes
from distill_gui.models import Models
from distill_gui.models.results import Results
from distill_gui.models.run_text import bytes_text
from distill_gui.models.run_words import (
    ended_notice,
    ended_text,
    interrupted_text,
    resumed_text,
    was_cut_off,
)
from distill_gui.panels import discover
from distill_gui.places import Places
from distill_gui.run_status import status_of
from distill_gui.services.engine_thread import EngineThread
from distill_gui.services.meters import Meters
from distill_gui.services.preferences import Preferences
from distill_gui.services.remembering import Remembering
from distill_gui.version import NAME
from distill_gui.windows.close_question import Answer, ask_close
from distill_gui.windows.main_window import MainWindow
from engine.store.home_settings import KEEP_AWAKE, is_given, keeps_awake, set_keeps_awake

if TYPE_CHECKING:
    from engine.store import MetricRows, RunRecord, ScoreRow

LAST_WAIT_MS = 10_000
UNSEEN_MS = 1_000
FIRST = "compose"  # the place shown by a window that remembers none
SAMPLE = ("none", "kl", "taylor")  # the control first: the others are compared with it


class Studio(QObject):
    """The running application. ``show()`` opens the window; ``close()`` ends everything but the training process."""

    def __init__(
        self,
        home: Path,
        theme: str | None = None,
        command: list[str] | None = None,
        ask: Callable[[QWidget, int], Answer] = ask_close,
    ) -> None:
        super().__init__()
        self.home = home
        self.preferences = Preferences(home)
        self.models = Models(self._fill)
        self.engine = EngineThread(home, command)
        self.meters = Meters()
        app = QApplication.instance()
        assert isinstance(app, QApplication), "a QApplication comes before the Studio"
        self._app = app
        chosen = theme or self.preferences.theme
        self._results = Results()
        self._published_known = self._begun = self._closed = False
        self._remembering = Remembering(self)
        with themes.bare(app):
            themes.follow(app, chosen)
            self.window = MainWindow(discover(), self.models, chosen, str(home), ask)
            self._places = Places(self.engine, self.models, self.window, self.preferences, self._remembering, self)
            self.window.place_made.connect(self._places.connect_place)
            fixed = (
                {"awake": f"{KEEP_AWAKE} is set: it decides whether the machine is kept awake."} if is_given() else {}
            )
            self.window.set_switches({"awake": keeps_awake(home), "notices": self.preferences.notices}, fixed)
            self.window.set_interrupted(self.preferences.interrupted)
            self.window.restore_layout(self.preferences.layout)
            if not self.preferences.welcomed and not _has_runs(home):
                self.window.show_welcome()
            elif not self.window.place():
                self.window.show_place(FIRST if self.preferences.welcomed else "runs")
        self._connect_engine()
        self._connect_window()

    def show(self) -> None:
        """Open the window, and once it is painted let the services work."""
        self.window.painted.connect(self._begin)
        self.window.show()
        QTimer.singleShot(UNSEEN_MS, self, self._begin)  # a window that opens minimised is painted when someone looks

    def _begin(self) -> None:
        if not (self._closed or self._begun):
            self._begun = True
            self.engine.start()
            self.meters.start()

    def queue_sample(self) -> None:
        """Queue the three runs of the sample and show them."""
        from engine import catalog
        from engine.config import read_config

        folder = catalog.assets_folder() / "sample"
        tomls = [read_config(folder / f"{name}.toml").to_toml() for name in SAMPLE]
        self.preferences.set_welcomed()
        self.engine.enqueue(tomls)
        self.window.show_place("runs")

    def close(self) -> None:
        """Remember the layout and end the services; a training process goes on."""
        self._closed = True
        self._remembering.now()
        self.preferences.set_layout(self.window.layout_state())
        self.meters.close()
        self.engine.close()

    # ── what comes from the engine ──────────────────────────────────────────────────────────────────────────────
    def _connect_engine(self) -> None:
        engine = self.engine
        engine.runs_changed.connect(self._on_runs_changed)
        engine.rewound.connect(self._on_rewound)
        engine.metrics_arrived.connect(self._on_metrics_arrived)
        engine.scores_changed.connect(self._on_scores_changed)
        engine.unscored.connect(self._on_unscored)
        engine.means_arrived.connect(self._on_means_arrived)
        engine.run_ended.connect(self._on_run_ended)
        engine.interrupted_resumed.connect(self._on_interrupted_resumed)
        engine.enqueued.connect(self._on_enqueued)
        engine.discarded.connect(self._on_discarded)
        engine.trash_listed.connect(self.window.set_trash)
        engine.purged.connect(self._on_purged)
        engine.forgotten.connect(self._on_forgotten)
        engine.trouble.connect(self._say)
        self.meters.measured.connect(self.window.set_meters)

    def _fill(self, name: str, model: Any) -> None:
        """Tell a model that was just made what is known already, and listen to it."""
        if name == "runs":
            model.set_marks(self.preferences.marks)
            model.marks_changed.connect(self._on_marks_changed)
        elif name == "compose":
            self.engine.preview_ready.connect(model.take_preview)
            self.engine.examined.connect(model.doctor.take)
            model.preview_wanted.connect(self.engine.preview)
            model.update_runs(self.models.runs.records())
        elif name in ("table", "compare", "export") and self.models.runs.known:
            model.update(self.models.runs.records())
        if name in ("table", "compare", "export"):
            model.set_scores(self._results.scores())
        if name == "compare":
            self._follow_runs(model)
        if name == "table":
            model.add_curve_means(self._results.means)
            model.set_switches(self.preferences.table)
            model.switches_changed.connect(self._on_switches_changed)

    def _follow_runs(self, compare: Any) -> None:
        """Let Compare know what is ticked and which run is the baseline in the list of runs, now and from now on."""
        runs = self.models.runs

        def tell() -> None:
            baseline = runs.baseline()
            compare.set_ticked(runs.ticked())
            compare.set_marked(baseline.id if baseline is not None else None)

        tell()
        for changed in (runs.ticked_changed, runs.marks_changed, runs.records_changed):
            changed.connect(tell)

    def _made(self, *names: str) -> list[Any]:
        """Those of the models that were needed so far."""
        return [getattr(self.models, name) for name in names if self.models.has(name)]

    def _on_rewound(self, runs: list[int]) -> None:
        for run in runs:
            self.models.curves.forget(run)

    def _on_metrics_arrived(self, rows: MetricRows) -> None:
        """Take rows; curves nobody looks at go where they take too much, and come again from the store when wanted."""
        curves = self.models.curves
        curves.append(rows)
        if gone := curves.spare(record.id for record in self.models.runs.active() if record.state == "running"):
            self.engine.put_curves_away(gone)

    def _on_runs_changed(self, records: list[RunRecord]) -> None:
        first = not self._published_known
        if first:
            self._published_known = True
            from distill_gui.models.published_lines import published_lines
            from engine.analysis.published import read_published

            self.models.runs.set_published(published_lines(read_published()))
        come_or_gone = any(
            record.trashed_at is not None or self.models.runs.record(record.id) is None for record in records
        )
        self.models.runs.update(records)
        for model in self._made("table", "compare", "export"):
            model.update(records)
        for model in self._made("compose"):
            model.update_runs(records)
        self.window.set_status(status_of(self.models))
        if come_or_gone:
            self._look_into_trash()
        if first:
            self._see_to_interrupted([record for record in records if was_cut_off(record)])

    def _see_to_interrupted(self, records: list[RunRecord]) -> None:
        """Do with runs that ended without a word as the person chose."""
        if records and self.preferences.interrupted == "resume":
            self.engine.resume_interrupted()
        elif records and self.preferences.interrupted == "offer":

            def resume() -> None:
                for record in records:
                    now = self.models.runs.record(record.id)
                    if now is not None and was_cut_off(now):  # nobody has decided about it since
                        self.engine.resume_run(record.id)

            self.window.notify(interrupted_text(records), "Resume", resume, lasts=True)

    def _on_interrupted_resumed(self, resumed: list[int], left: list[int]) -> None:
        names = [[record.name for run in runs if (record := self.models.runs.record(run))] for runs in (resumed, left)]
        if said := resumed_text(*names):
            self._say(said)

    def _on_unscored(self, runs: list[int]) -> None:
        self._results.forget_scores(runs)
        self._on_scores_changed([])

    def _on_scores_changed(self, scores: list[ScoreRow]) -> None:
        self._results.take_scores(scores)
        for model in self._made("table", "compare", "export"):
            model.set_scores(self._results.scores())

    def _on_means_arrived(self, means: dict[int, dict[str, float]]) -> None:
        self._results.take_means(means)
        for model in self._made("table"):
            model.add_curve_means(means)

    def _on_run_ended(self, record: RunRecord) -> None:
        def show() -> None:
            self.window.show_run(record.id)

        if self._is_looked_at(record):
            return
        if self.preferences.notices and not self.window.is_in_front():
            self.window.notify_desktop(*ended_notice(record), show)
        if was_cut_off(record) and self.preferences.interrupted != "leave":
            self._see_to_interrupted([record])
        else:
            self.window.notify(ended_text(record), "Show", show)

    def _is_looked_at(self, record: RunRecord) -> bool:
        """Whether a person sees for themselves how a run ended: it is the one shown, in the window in front."""
        window = self.window
        if not window.is_in_front() or window.place() != "runs" or was_cut_off(record):
            return False
        return window.panel("runs").run() == record.id  # type: ignore[attr-defined]

    def _on_enqueued(self, runs: list[int]) -> None:
        if self.window.place() != "runs":
            many = f"{len(runs):,} runs are" if len(runs) != 1 else "The run is"
            self.window.notify(f"{many} in the queue.", "Undo", lambda: self.engine.discard_all(runs))

    def _on_discarded(self, gone: list[RunRecord]) -> None:
        what = f"“{gone[0].name}” is" if len(gone) == 1 else f"{len(gone):,} runs are"
        self.window.notify(f"{what} in the trash.", "Undo", lambda: self.engine.restore([run.id for run in gone]))

    def _on_purged(self, runs: list[int], size: int) -> None:
        count = len(runs)
        self._say(f"{count} run{'s' * (count != 1)} deleted for good, {bytes_text(size)} of files.")

    def _on_forgotten(self, runs: list[int]) -> None:
        """Keep nothing of runs that somebody deleted for good: a window lives for weeks."""
        self._results.forget(runs)
        self.models.runs.forget(runs)
        self.window.forget_runs(runs)
        for model in self._made("table", "compare"):
            model.forget(runs)
        for model in self._made("export"):
            model.remove(runs)
        for model in self._made("compose"):
            model.forget_runs(runs)
        self._on_rewound(runs)
        self._look_into_trash()

    def _look_into_trash(self) -> None:
        """What is shown of the trash is what is in it, whoever discards, restores and deletes."""
        if self.window.trash is not None:
            self.engine.list_trash()

    def _say(self, text: str) -> None:
        self.window.notify(text)

    # ── what a person does ──────────────────────────────────────────────────────────────────────────────────────
    def _connect_window(self) -> None:
        window = self.window
        window.sample_requested.connect(self.queue_sample)
        window.own_requested.connect(self.preferences.set_welcomed)
        window.trash_wanted.connect(self.engine.list_trash)
        window.restore_wanted.connect(self.engine.restore)
        window.purge_wanted.connect(self.engine.purge)
        window.theme_chosen.connect(self._on_theme_chosen)
        window.switched.connect(self._on_switched)
        window.interrupted_chosen.connect(self._on_interrupted_chosen)
        window.close_decided.connect(self._on_close_decided)
        window.closed.connect(self.close)

    def _on_theme_chosen(self, choice: str) -> None:
        self.preferences.set_theme(choice)
        themes.follow(self._app, choice)
        self.window.set_theme(choice)

    def _on_switched(self, key: str, on: bool) -> None:
        if key == "awake":
            set_keeps_awake(self.home, on)
        elif key == "notices":
            self.preferences.set_notices(on)

    def _on_interrupted_chosen(self, choice: str) -> None:
        self.preferences.set_interrupted(choice)
        self.window.set_interrupted(choice)
        if choice == "resume":
            self.engine.resume_interrupted()

    def _on_marks_changed(self) -> None:
        self._remembering.soon("runs", lambda: self.preferences.set_marks(self.models.runs.marks()))

    def _on_switches_changed(self) -> None:
        self._remembering.soon("table", lambda: self.preferences.set_table(self.models.table.switches()))

    def _on_close_decided(self, answer: str) -> None:
        if answer == "stop":
            for record in self.models.runs.active():
                self.engine.stop_run(record.id)


def application() -> QApplication:
    """The process's QApplication with its name set, made on first use."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication), "another kind of Qt application is running in this process"
    app.setApplicationName("distill-gui")
    app.setApplicationDisplayName(NAME)
    app.setDesktopFileName("distill-gui")
    return app


def run(home: Path | None = None, theme: str | None = None, sample: bool = False) -> int:
    """Open the window and stay until it is closed; returns the exit status."""
    from engine.store.home import home_folder

    app = application()
    studio = Studio(home_folder(home), theme)
    studio.show()
    if sample:
        studio.queue_sample()
    status = app.exec()
    if not studio.engine.wait(LAST_WAIT_MS):
        os._exit(status)  # stuck on a disk that does not answer: Qt would abort rather than end with a thread at work
    return status


def _has_runs(home: Path) -> bool:
    """Whether something was run in this home before, from the command line for example; the store need not be opened for it."""
    return (home / "runs").is_dir() and any((home / "runs").iterdir())
