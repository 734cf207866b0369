"""``distill stop``: ask, then insist, as the window does: tell the process to end, kill it with all that it started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from rich.markup import escape
from rich.status import Status

from engine.cli.opening import opened
from engine.cli.patience import patiently
from engine.cli.terminal import say, terminal
from engine.errors import EngineError, StoreError
from engine.store import RunRecord, Store
from engine.store.liveness import is_had, is_of_here
from engine.store.process_tree import kill_tree, tell_to_end
from engine.store.records import ENDED, FAILED, FINISHED, INTERRUPTED, QUEUED, RESUMABLE, RUNNING, STOPPED
from engine.store.run_log import append_line
from engine.store.stop_escalation import (
    ASK_S,
    ASKED,
    KILLED,
    TERMINATE_S,
    TERMINATED,
    StopEscalation,
    kept_of,
    reason_of_force,
)

LOOK_EVERY_S = 0.1
GRACE_S = 1.0  # a window that sees its training process die knows more of the reason
STUCK_S = 10.0  # a killed process is gone in less, unless it waits inside the system
BROKEN_OFF = 130  # the exit status of what Ctrl+C ended

_NEXT = {ASKED: "told to end", TERMINATED: "killed with all that it started"}


@dataclass(frozen=True)
class Patience:
    """Seconds that a run is waited for once it was asked, and once its process was told to end."""

    ask_s: float = ASK_S
    terminate_s: float = TERMINATE_S


def stop_run(home: Path, reference: str, patience: Patience, wait: bool = True, now: bool = False) -> int:
    """Exit status 0 once the run has ended, 1 where it did not or failed, 130 where the waiting was broken off.

    Raises EngineError where the run has ended already.
    """
    if now and not wait:
        raise EngineError("--now and --no-wait: choose one; the one kills at once, the other only asks.")
    store = opened(home)
    run = store.run(reference)
    if run.state in ENDED:
        raise StoreError(f"Run {run.id} has ended already ({run.state}).")
    if not now or run.state == QUEUED:
        store.request_stop(run.id)
        run = store.run(run.id)
    if run.state == RUNNING and not wait and is_had(run):
        say(f"Run {run.id} was asked to stop; it keeps its student.")
        return 0
    try:
        return _Stop(store, run, patience, now).until_it_has_ended()
    except KeyboardInterrupt:
        say(f"No longer waited for. What was asked of run {run.id} stays asked; it is not forced any more.", error=True)
        return BROKEN_OFF


class _Stop:
    """One run that is being stopped."""

    def __init__(self, store: Store, run: RunRecord, patience: Patience, now: bool) -> None:
        self._store, self._run, self._attempt, self._now = store, run, run.attempt, now
        self._patience = Patience(0.0, 0.0) if now else patience
        self._said = ""

    def until_it_has_ended(self) -> int:
        """Look, say, insist. The exit status."""
        with _shown() as status:
            stage = self._insist_until_then(status)
        return 1 if stage is None else self._report(stage)

    def _insist_until_then(self, status: Status | None) -> str | None:
        """The stage in which the run ended; None where it goes on and nothing more can be done."""
        first = self._run
        begun = time.monotonic()
        stages = StopEscalation(begun, first.phase, self._patience.ask_s, self._patience.terminate_s)
        was_gone = first.state == RUNNING and not is_had(first)
        gone_since: float | None = None
        killed_at: float | None = None
        while True:
            run = self._run = patiently(lambda: self._store.run(first.id), self._tell)
            clock = time.monotonic()
            if run.state != RUNNING or run.attempt != self._attempt:
                return stages.stage
            if not is_had(run):
                gone_since = gone_since or clock
                if was_gone or killed_at or clock - gone_since >= GRACE_S:
                    self._write_down_its_end(stages.stage, was_gone)
                    continue
            elif killed_at is not None and clock - killed_at >= STUCK_S:
                self._tell(f"Process {run.pid} was killed and does not end: it waits for a disk or a device.")
                return None
            elif not is_of_here(run.machine) and clock - begun >= self._patience.ask_s:
                self._tell(
                    f"Run {run.id} goes on, and its process is in another container: only there can it be ended. "
                    "Once it is asked to stop, it does when it can."
                )
                return None
            elif killed_at is None and is_of_here(run.machine):
                killed_at = self._insist(stages, run, clock)
            self._show(status, stages, run, clock)
            time.sleep(LOOK_EVERY_S)

    def _insist(self, stages: StopEscalation, run: RunRecord, clock: float) -> float | None:
        """Do what is due; when the process was killed, if it was."""
        due = stages.advance(clock, run.phase)
        while self._now and stages.stage != KILLED:
            due = stages.advance(clock, run.phase)
        if not due or run.pid is None or run.pid_started is None:
            return None
        if stages.stage == TERMINATED:
            tell_to_end(run.pid, run.pid_started)
            return None
        kill_tree(run.pid, run.pid_started)
        return clock

    def _write_down_its_end(self, stage: str, was_gone: bool) -> None:
        """Its process cannot any more."""
        run = self._run
        if was_gone:
            reason = f"Stopped when its process was gone already; {kept_of(run)}."
        elif stage == ASKED:
            reason = f"Its process ended without a word after it was asked to stop; {kept_of(run)}."
        else:
            reason = self._reason_of_force()
        process = run.pid, run.pid_started
        if patiently(lambda: self._store.set_state(run.id, STOPPED, reason, RUNNING, process), self._tell):
            append_line(run.log_file, reason)

    def _reason_of_force(self) -> str:
        return f"Killed, as was asked for; {kept_of(self._run)}." if self._now else reason_of_force(self._run)

    def _report(self, stage: str) -> int:
        run = self._run
        seen_dying = (run.state == INTERRUPTED and stage != ASKED) or (run.state == FAILED and stage == KILLED)
        if (
            seen_dying and run.attempt == self._attempt
        ):  # by its window, before it could be written down here; that cannot know why
            reason = self._reason_of_force()
            if patiently(lambda: self._store.set_state(run.id, STOPPED, reason, only_if=run.state), self._tell):
                append_line(run.log_file, reason)
                run = self._run = self._store.run(run.id)
        if run.state not in ENDED:
            say(f"Run {run.id} had stopped, and is {'in the queue' if run.state == QUEUED else run.state} again.")
            return 0
        said = "finished before it could be stopped" if run.state == FINISHED else run.state
        say(f"Run {run.id} {said}." + (f" {run.reason}" if run.reason else ""))
        if run.state in RESUMABLE and run.started_at is not None:
            say(f"“distill resume {run.id}” goes on with it.")
        left = len(self._store.runs(QUEUED)) if stage != ASKED else 0
        if left:
            whole = f"{left} run{'s are' if left > 1 else ' is'} still queued"
            say(f"{whole}: “distill work” or a window goes on with {'them' if left > 1 else 'it'}.")
        return 1 if run.state == FAILED else 0

    # ── what a person sees meanwhile ────────────────────────────────────────────────────────────────────────────
    def _show(self, status: Status | None, stages: StopEscalation, run: RunRecord, clock: float) -> None:
        """What was done and what comes next: on a terminal counted down, else a line for each stage."""
        done = {
            ASKED: f"Run {run.id} was asked to stop",
            TERMINATED: f"Process {run.pid} was told to end",
            KILLED: f"Process {run.pid} was killed",
        }[stages.stage]
        if stages.stage == KILLED:
            said = f"{done} with all that it started."
        elif not is_of_here(run.machine):
            said = f"{done}; waiting."
        else:
            left = ceil(stages.left_s(clock))
            busy = f" ({run.phase})" if run.phase else ""
            said = f"{done}{busy}; it is {_NEXT[stages.stage]} in {left} s. Ctrl+C ends the waiting."
        if status is not None:
            status.update(escape(said))
        elif done != self._said:
            self._said = done
            say(said, error=True)

    def _tell(self, text: str) -> None:
        say(text, error=True)


@contextmanager
def _shown() -> Iterator[Status | None]:
    """A line that changes, where there is a terminal."""
    console = terminal(error=True)
    if not console.is_terminal:
        yield None
        return
    with console.status("") as status:
        yield status
