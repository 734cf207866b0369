"""Keeps one worker at work while runs are queued: hires it, says how a run whose process died ended, carries out stops.

Looks at the store's runs and at processes, never waits. Knows no Qt.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from math import ceil

from distill_gui.services.store_tail import StoreTail
from distill_gui.services.worker_output import output_of
from distill_gui.services.worker_process import WorkerProcess
from distill_gui.services.worker_terms import Reports, Times
from engine.errors import StoreError
from engine.store import RunRecord, WorkerLock
from engine.store.home import open_private
from engine.store.liveness import is_had
from engine.store.process_tree import kill_tree, tell_to_end
from engine.store.records import DEATHS, FAILED, INTERRUPTED, QUEUED, RUNNING, STOPPED
from engine.store.stop_escalation import KILLED, TERMINATED, StopEscalation, reason_of_force

LONGEST_RETRY_S = 60.0


class WorkerKeeper:
    """``step()`` again and again; ``stop(run)`` when a person wants it; ``close()`` leaves the worker at work."""

    def __init__(self, tail: StoreTail, command: Sequence[str], times: Times, reports: Reports) -> None:
        self._tail = tail
        self._command = command
        self._times = times
        self._tell = reports
        self._lock = WorkerLock(tail.store.home)
        self._worker: WorkerProcess | None = None
        self._worker_said = ""
        self._workers_runs: set[int] = set()
        self._took_a_run = False
        self._fruitless = 0
        self._hire_after = 0.0
        self._stops: dict[int, StopEscalation] = {}
        self._stops_told: dict[int, tuple[str, int]] = {}
        self._dead_since: dict[int, float] = {}

    def step(self) -> None:
        """Do what is due now. Raises StoreError; the next step then does it."""
        self._watch_worker()
        self._carry_out_stops()
        self._mark_runs_of_others()
        self._hire()
        self._say_what_the_worker_does()

    def stop(self, run: int) -> None:
        """Ask a run to stop and keep its student, and insist if it does not. Raises StoreError."""
        if run in self._stops:
            return
        store = self._tail.store
        store.request_stop(run)
        self._tail.touch()
        record = store.run(run)
        if record.state == RUNNING:
            times = self._times
            self._stops[run] = StopEscalation(time.monotonic(), record.phase, times.ask_s, times.terminate_s)
            self._tell_how_far(run)

    def hurry(self) -> None:
        """Try a worker again at once: something has been put in the queue."""
        self._fruitless = 0
        self._hire_after = 0.0

    def close(self) -> None:
        """Leave the worker at work and look no more."""
        if self._worker is not None:
            self._worker.leave_running()

    # ── the worker of this window ───────────────────────────────────────────────────────────────────────────────
    def _hire(self) -> None:
        waiting = any(run.state == QUEUED for run in self._tail.active.values())
        if self._worker is not None or not waiting or time.monotonic() < self._hire_after:
            return
        if self._lock.holder() is not None or any(_is_at_work(run) for run in self._tail.active.values()):
            return
        self._took_a_run = False
        self._workers_runs.clear()
        self._hire_after = time.monotonic() + self._retry_s()  # also if it cannot even be started
        self._worker = WorkerProcess(self._tail.store.home, self._command, self._times.stay_s)

    def _watch_worker(self) -> None:
        worker = self._worker
        if worker is None:
            return
        self._workers_runs |= {run.id for run in self._tail.active.values() if _is_of(run, worker)}
        status = worker.poll()
        if status is not None:
            self._mark_runs_of(worker)
            if self._took_a_run or self._workers_runs:
                self._fruitless, self._hire_after = 0, 0.0
            else:
                self._hire_after = time.monotonic() + self._retry_s()
                self._fruitless += 1
                if status != 0:
                    self._tell.trouble(f"The training process ended before it took a run: {_clause(worker)}.")
            self._worker = None

    def _retry_s(self) -> float:
        return min(self._times.retry_s * 2**self._fruitless, LONGEST_RETRY_S)

    def _mark_runs_of(self, worker: WorkerProcess) -> None:
        """Say of each run the ended worker still had how it ended. Done again as a whole if the store refuses half-way."""
        mine = {run.id: run for run in self._tail.store.runs(RUNNING) if _is_of(run, worker)}
        others = (self._workers_runs - mine.keys()) & self._tail.store.numbers()  # but for those deleted meanwhile
        for number in others:  # another window may have been faster, and knows less
            run = self._tail.store.run(number)
            if run.state == INTERRUPTED and run.reason in DEATHS:
                mine[number] = run
        for run in mine.values():
            self._took_a_run = True
            if run.id in self._stops:
                state, reason = STOPPED, reason_of_force(run)
            else:
                state, reason = FAILED, f"The training process ended before the run did: {worker.cause()}."
            if self._tail.store.set_state(run.id, state, reason, only_if=run.state):
                _append_to_log(run, reason, worker.last_lines())
            self._tail.touch()

    # ── stops ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _carry_out_stops(self) -> None:
        for number, stop in list(self._stops.items()):
            run = self._tail.active.get(number)
            if run is None:
                del self._stops[number]
                self._stops_told.pop(number, None)
                self._tell.stopping(number, "", 0)
                continue
            if run.pid is not None and run.pid_started is not None and stop.advance(time.monotonic(), run.phase):
                if stop.stage == TERMINATED:
                    tell_to_end(run.pid, run.pid_started)
                elif stop.stage == KILLED:
                    kill_tree(run.pid, run.pid_started)
            self._tell_how_far(number)

    def _tell_how_far(self, run: int) -> None:
        """Once a second at most: the stage, and how many seconds are left of it."""
        stop = self._stops[run]
        told = (stop.stage, ceil(stop.left_s(time.monotonic())))
        if told != self._stops_told.get(run):
            self._stops_told[run] = told
            self._tell.stopping(run, *told)

    # ── runs of other windows and of command lines ──────────────────────────────────────────────────────────────
    def _mark_runs_of_others(self) -> None:
        """A run whose process is gone: the window that started it knows why, and gets a moment to say so while it is there."""
        now = time.monotonic()
        dead = {
            run.id: run
            for run in self._tail.active.values()
            if run.state == RUNNING and not _is_at_work(run) and not (self._worker and _is_of(run, self._worker))
        }
        self._dead_since = {number: self._dead_since.get(number, now) for number in dead}
        for number, since in self._dead_since.items():
            run = dead[number]
            output = output_of(self._tail.store.home, run.pid, run.pid_started)
            if now - since < self._times.grace_s and not (output and output.is_left_alone()):
                continue
            if number in self._stops:
                state, reason = STOPPED, reason_of_force(run)
            else:
                state, reason = INTERRUPTED, self._tail.store.reason_of_death(number)
            if self._tail.store.set_state(number, state, reason, RUNNING, (run.pid, run.pid_started)):
                _append_to_log(run, reason, output.last_lines() if output else "")
                self._tail.touch()

    def _say_what_the_worker_does(self) -> None:
        running = [run for run in self._tail.active.values() if run.state == RUNNING]
        if running:
            said = f"training run {running[0].id} (process {running[0].pid})"
        elif self._worker is not None:
            said = (
                f"ready (process {self._worker.pid})" if self._took_a_run else f"starting (process {self._worker.pid})"
            )
        else:
            said = "none"
        self._took_a_run = self._took_a_run or bool(self._workers_runs)
        if said != self._worker_said:
            self._worker_said = said
            self._tell.worker(said)


def _is_at_work(run: RunRecord) -> bool:
    return is_had(run)


def _is_of(run: RunRecord, worker: WorkerProcess) -> bool:
    return (run.pid, run.pid_started) == worker.identity


def _clause(worker: WorkerProcess) -> str:
    lines = worker.last_lines(1).strip()
    return f"{worker.cause()} ({lines})" if lines else worker.cause()


def _append_to_log(run: RunRecord, reason: str, output: str = "") -> None:
    """The reason, and the last lines the process printed, at the end of the run's own log."""
    stamp = datetime.now().strftime("%H:%M:%S")
    lines = [reason, *(f"  {line}" for line in output.splitlines())]
    with suppress(OSError, StoreError), open_private(run.log_file, "a") as log:
        log.write("".join(f"{stamp}  {line}\n" for line in lines))
