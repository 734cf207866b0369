"""The window's one thread to the engine: tails the store, keeps a worker at work, asks for previews and exports.

Slots may be called from any thread and return at once; signals come at most ten times a second and carry batches.
Knows no widgets and never imports torch.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

from distill_gui.services.engine_start import ENGINE
from distill_gui.services.log_tail import LogTail
from distill_gui.services.worker_terms import Reports, Times
from engine.errors import ConfigError, EngineError, Fault, StoreError

if TYPE_CHECKING:
    from distill_gui.services.store_session import StoreSession
    from distill_gui.services.store_tail import News
    from engine.config import DistillationConfig

PERIOD_S = 0.1
DOCTOR_LIMIT_S = 900.0  # it may have to download both models first
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 5.0

Command = tuple[Callable[..., None], tuple[Any, ...]]


class EngineThread(QThread):
    """``start()``, then signals come; ``close()`` ends it within a second and leaves a worker at work.

    ``command`` replaces ``python -m engine``; ``times`` says how long stops and workers are waited for.
    """

    runs_changed = Signal(object)  # list[RunRecord], new and changed ones; at first all, also where there are none
    rewound = Signal(object)  # list[int], runs whose curve rows are void and come again from their first
    metrics_arrived = Signal(object)  # MetricRows
    scores_changed = Signal(object)  # list[ScoreRow], new and changed ones
    unscored = Signal(object)  # list[int], runs whose scores are void; those that hold come again
    log_arrived = Signal(int, str)  # run, what was added to its log
    means_arrived = Signal(object)  # dict: finished run → curve → mean
    run_ended = Signal(object)  # RunRecord, after its last rows and scores
    enqueued = Signal(object)  # list[int], the runs just put in the queue
    interrupted_resumed = Signal(object, object)  # two list[int]: put back in the queue; left, as they got no further
    discarded = Signal(object)  # list of RunRecord, just moved to the trash by this window
    trash_listed = Signal(object)  # list of (RunRecord, bytes of its files)
    purged = Signal(object, object)  # list[int], the runs this window deleted for good; bytes of their files
    forgotten = Signal(object)  # list[int], runs that anybody deleted for good; nothing more comes of them
    stopping = Signal(int, str, int)  # run, "asked" | "terminated" | "killed" | "" when over, seconds to the next stage
    worker_changed = Signal(str)  # "none", "starting (process 7)", "training run 3 (process 7)", "ready (process 7)"
    preview_ready = Signal(int, object)  # the number it was asked by; dict
    examined = Signal(int, object)  # the number it was asked by; dict, what the doctor found
    sweep_looked_at = Signal(int, object)  # the number it was asked by; dict, what was found
    exported = Signal(int, str)  # run, folder
    export_failed = Signal(int, str)  # run, why
    trouble = Signal(str)  # a sentence for the person

    def __init__(
        self,
        home: Path,
        command: Sequence[str] | None = None,
        times: Times | None = None,
        preview_limit_s: float = 60.0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("engine")
        self._home = Path(home)
        self._command = list(command or ENGINE)
        self._times = times or Times()
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._waiting: deque[Callable[[StoreSession], None]] = (
            deque()
        )  # commands for the store, which may refuse for a while
        self._closing = threading.Event()
        self._preview_limit_s = preview_limit_s
        self._sweep_number = 0
        self._log: tuple[int, LogTail] | None = None
        self._reports = Reports(self.worker_changed.emit, self.stopping.emit, self.trouble.emit)
        self._session: StoreSession | None = None
        self._told = False  # whether the store was read once: that it holds no runs is an answer too
        self._store_after = 0.0
        self._retry_s = FIRST_RETRY_S
        self._refused_with = ""

    # ── slots ───────────────────────────────────────────────────────────────────────────────────────────────────
    def enqueue(self, tomls: Sequence[str]) -> None:
        """Put one run a TOML in the queue, all or none. Faults come as ``trouble``, the numbers as ``enqueued``."""
        self._commands.put((self._read_configurations, ([str(toml) for toml in tomls],)))

    def stop_run(self, run: int) -> None:
        """Ask a run to stop and keep its student; one that does not is terminated, then killed."""
        self._put(lambda session: session.stop(run))

    def pause_run(self, run: int) -> None:
        """Ask a run to write a checkpoint and give its device back."""
        self._put(lambda session: session.pause(run))

    def resume_run(self, run: int) -> None:
        """Put a run back in the queue, to go on from its last checkpoint."""
        self._put(lambda session: session.resume(run))

    def resume_interrupted(self) -> None:
        """Put all runs back in the queue whose process ended without a word; ``interrupted_resumed`` follows."""
        self._put(lambda session: self.interrupted_resumed.emit(*session.resume_interrupted()))

    def rename(self, run: int, name: str) -> None:
        self._put(lambda session: session.rename(run, name))

    def discard(self, run: int) -> None:
        """Move a run to the trash; ``discarded`` follows. A running one is stopped first, as by ``stop_run``."""
        self.discard_all([run])

    def discard_all(self, runs: Sequence[int]) -> None:
        """The same with several; those already in the trash stay there."""
        wanted = list(runs)
        self._put(lambda session: session.discard_all(wanted))

    def restore(self, runs: Sequence[int]) -> None:
        """Bring runs back from the trash; ``trash_listed`` follows."""
        for run in list(runs):
            self._put(partial(_restore, run=run))
        self.list_trash()

    def list_trash(self) -> None:
        """Ask for what is in the trash; ``trash_listed`` follows."""
        self._put(lambda session: self.trash_listed.emit(session.trash()))

    def purge(self, runs: Sequence[int]) -> None:
        """Delete runs in the trash for good; ``purged`` and ``trash_listed`` follow."""
        wanted = list(runs)
        self._put(lambda session: self.purged.emit(wanted, session.purge(wanted)))
        self.list_trash()

    def preview(self, number: int, toml: str) -> None:
        """Check a configuration; ``preview_ready`` comes for the latest one asked, with its number."""
        self._commands.put((lambda: self._preview.ask(number, toml), ()))

    def examine(self, number: int, toml: str) -> None:
        """Let the doctor look at a configuration, which takes seconds; ``examined`` comes for the latest one, with its number."""
        self._commands.put((lambda: self._doctor.ask(number, toml), ()))

    def stop_examining(self) -> None:
        """End an examination under way; nothing comes of it."""
        self._commands.put((lambda: self._doctor.close(), ()))

    def look_at_sweep(self, number: int, toml: str, overs: list[str], many: bool) -> None:
        """Look at files and models of all runs of a sweep; ``sweep_looked_at`` comes for the latest one asked. 0 asks for none."""
        self._commands.put((self._look_at_sweep, (number, toml, list(overs), many)))

    def _look_at_sweep(self, number: int, toml: str, overs: list[str], many: bool) -> None:
        arguments = [word for over in overs for word in ("--over", over)]
        if number:
            self._sweep.ask(number, toml, [*arguments, *(["--force"] if many else [])])
        else:
            self._sweep.close()

    def export(self, run: int, format: str, folder: str) -> None:
        """Take a run's student away; ``exported`` or ``export_failed`` follows."""
        self._commands.put((lambda: self._exports.ask(run, format, folder), ()))

    def watch_log(self, run: int) -> None:
        """Send the end of this run's log and then what is added to it; 0 to watch none."""
        self._put(lambda session: self._watch_log(session, run))

    def load_curves(self, run: int) -> None:
        """Send a run's rows from before the window opened next; unasked, they come newest runs first."""
        self._put(lambda session: session.want_curves(run))

    def put_curves_away(self, runs: Sequence[int]) -> None:
        """Say that these runs' rows are kept no longer; ``load_curves`` brings one back, and so does its going on."""
        gone = list(runs)
        self._put(lambda session: session.put_curves_away(gone))

    def close(self) -> bool:
        """Carry out what was asked so far, then end the thread; the worker and exports go on.

        Returns whether it has ended (it has, but for a stuck disk).
        """
        self._commands.put((self._closing.set, ()))
        return self.wait(2000)

    def _put(self, do: Callable[[StoreSession], None]) -> None:
        """Put a command in the line of those that need the store."""
        self._commands.put((self._waiting.append, (do,)))

    # ── the loop ────────────────────────────────────────────────────────────────────────────────────────────────
    def run(self) -> None:
        self._begin()
        try:
            while not self._closing.is_set():
                due = time.monotonic() + PERIOD_S
                self._guarded(self._look_at_calls)
                self._guarded(self._look_at_store)
                self._take_commands(due)
            if self._waiting:
                self._guarded(self._look_at_store)
        finally:
            self._let_go()

    def _begin(self) -> None:
        """Load what this thread works with, beside a window that is painted already."""
        from distill_gui.services.export_process import ExportProcess
        from distill_gui.services.preview_process import PreviewProcess

        self._preview = PreviewProcess(self._command, self._home, limit_s=self._preview_limit_s)
        self._sweep = PreviewProcess(self._command, self._home, "sweep", settle_s=0.0, limit_s=self._preview_limit_s)
        self._doctor = PreviewProcess(self._command, self._home, "doctor", settle_s=0.0, limit_s=DOCTOR_LIMIT_S)
        self._exports = ExportProcess(self._command, self._home)

    def _take_commands(self, until: float) -> None:
        """Carry out commands as they come, until the time is over, the thread closes, or one waits for the store."""
        while not self._closing.is_set():
            try:
                do, arguments = self._commands.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                return
            self._guarded(do, *arguments)
            if self._waiting and time.monotonic() >= self._store_after:
                return

    def _guarded(self, do: Callable[..., None], *arguments: Any) -> None:
        """A person's mistake and a fault of the disk become ``trouble``; so does a bug, with its traceback printed."""
        try:
            do(*arguments)
        except EngineError as error:
            self.trouble.emit(str(error))
        except OSError as error:
            self.trouble.emit(f"{error.filename or 'A file'} cannot be used: {error.strerror or error}.")
        except Exception as error:
            traceback.print_exc()
            self.trouble.emit(f"A bug in this program: {type(error).__name__}: {error}. The terminal has the details.")

    def _look_at_calls(self) -> None:
        if (preview := self._preview.poll()) is not None:
            self.preview_ready.emit(*preview)
        if (found := self._doctor.poll()) is not None:
            self.examined.emit(*found)
        if (swept := self._sweep.poll()) is not None:
            self.sweep_looked_at.emit(*swept)
        for done in self._exports.poll():
            if done.fault:
                self.export_failed.emit(done.run, done.fault)
            else:
                self.exported.emit(done.run, done.folder)
        if self._log is not None and (text := self._log[1].read()):
            self.log_arrived.emit(self._log[0], text)

    # ── with the store ──────────────────────────────────────────────────────────────────────────────────────────
    def _look_at_store(self) -> None:
        """A store that refuses is said once and tried again, later each time; nothing asked of it is forgotten."""
        if time.monotonic() < self._store_after:
            return
        from distill_gui.services.store_session import StoreSession

        try:
            if self._session is None:
                self._session = StoreSession(self._home, self._command, self._times, self._reports)
            self._carry_out_what_waits(self._session)
            self._session.look(self._tell)
            self._retry_s, self._refused_with = FIRST_RETRY_S, ""
        except StoreError as error:
            self._store_after = time.monotonic() + self._retry_s
            self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
            if str(error) != self._refused_with:
                self._refused_with = str(error)
                self.trouble.emit(str(error))
        except Exception:
            self._store_after = time.monotonic() + LONGEST_RETRY_S
            raise

    def _carry_out_what_waits(self, session: StoreSession) -> None:
        while self._waiting:
            do = self._waiting.popleft()
            try:
                do(session)
            except StoreError as error:
                if isinstance(error.__cause__, (sqlite3.Error, OSError)):
                    self._waiting.appendleft(do)  # the store refuses for now
                    raise
                self.trouble.emit(str(error))
            except EngineError as error:
                self.trouble.emit(str(error))

    def _tell(self, news: News) -> None:
        from distill_gui.services.store_tail import joined

        if news.runs or not self._told:
            self._told = True
            self.runs_changed.emit(news.runs)
        if news.rewound:
            self.rewound.emit(news.rewound)
        if news.metrics:
            self.metrics_arrived.emit(joined(news.metrics))
        if news.unscored:
            self.unscored.emit(news.unscored)
        if news.scores:
            self.scores_changed.emit(news.scores)
        if news.means:
            self.means_arrived.emit(news.means)
        for run in news.ended:
            self.run_ended.emit(run)
        if self._session is not None and (gone := self._session.discarded()):
            self.discarded.emit(gone)
        if news.purged:
            self.forgotten.emit(news.purged)

    def _read_configurations(self, tomls: list[str]) -> None:
        from engine.config import parse_config

        configs: list[DistillationConfig] = []
        faults: list[Fault] = []
        for toml in tomls:
            try:
                configs.append(parse_config(toml, self._home))
            except ConfigError as error:
                faults += error.faults
        if faults:
            raise ConfigError(dict.fromkeys(faults))
        runs: list[int] = []

        def enqueue(session: StoreSession) -> None:
            session.enqueue(configs, runs)
            self.enqueued.emit(runs)

        self._waiting.append(enqueue)

    def _watch_log(self, session: StoreSession, run: int) -> None:
        self._log = (run, session.log(run)) if run > 0 else None

    def _let_go(self) -> None:
        self._preview.close()
        self._sweep.close()
        self._doctor.close()
        self._exports.close()
        if self._session is not None:
            self._session.close()


def _restore(session: StoreSession, run: int) -> None:
    session.restore(run)
