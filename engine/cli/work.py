"""The worker: takes queued runs one after another, or several at once, and stays warm a while. Knows the store, no window."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.cli import kept_teachers
from engine.cli.crew import DONE, Crew, module_path, worker_command
from engine.cli.execute import CHECKPOINT_EVERY_S, DEVICE_LOST, StopControl, execute
from engine.cli.opening import how_it_ended, opened, say_interrupted
from engine.cli.patience import patiently
from engine.cli.terminal import say
from engine.data.cache_room import room_limit
from engine.errors import StoreError
from engine.store import RunRecord, Store
from engine.store.leftovers import clear_leftovers
from engine.store.processes import own_identity
from engine.store.records import FAILED, PAUSED, QUEUED
from engine.store.room import give_back_room
from engine.store.worker_lock import WorkerLock

LOOK_EVERY_S = 0.2


def work(
    home: Path,
    stay_s: float,
    checkpoint_every_s: float = CHECKPOINT_EVERY_S,
    resume_interrupted: bool = False,
    quiet: bool = False,
    tell: Callable[[RunRecord], None] | None = None,
    goes_on_as: list[str] | None = None,
) -> int | None:
    """Train queued runs until none has come for ``stay_s`` seconds. Returns how many; None at once if another worker is here.

    With ``resume_interrupted`` runs whose process ended without a word go on by themselves, as long as they get further.
    ``tell`` hears how each run ended; without it that is said on stderr, unless ``quiet``. A device that failed leaves the queue
    to a new process: this command again, or the one of ``goes_on_as``, the words after ``distill``.
    """
    with _as_worker(home) as store:
        if store is None:
            return None
        _take_up(store, resume_interrupted)
        tell = tell or (None if quiet else _say_end)
        done, begins_anew = _take_runs(store, stay_s, checkpoint_every_s, lambda: True, tell)
        with suppress(StoreError):
            give_back_room(store)
    if begins_anew:
        _begin_anew(goes_on_as)
    return done


def work_together(
    home: Path,
    at_once: int,
    stay_s: float,
    checkpoint_every_s: float,
    resume_interrupted: bool = False,
    quiet: bool = False,
) -> int:
    """As ``work``, with up to ``at_once`` runs under way at a time, each in a process of its own."""
    with _as_worker(home) as store:
        if store is None:
            return 0
        _take_up(store, resume_interrupted)
        command = worker_command(home, stay_s, checkpoint_every_s, quiet)
        crew = Crew(store, command, at_once, lambda: _take_up(store, resume_interrupted))
        crew.work()
        with suppress(StoreError):
            give_back_room(store)
    return crew.done


def work_under(home: Path, leader: int, stay_s: float, checkpoint_every_s: float, quiet: bool = False) -> None:
    """As ``work``, in a process that ``work_together`` started; with its ``leader``, the process of that pid, it ends too.

    Its leader counts what it prints on stdout for every run.
    """

    def tell(run: RunRecord) -> None:
        with suppress(OSError):
            say(DONE)
            sys.stdout.flush()
        if not quiet:
            _say_end(run)

    _report_crashes()
    store = opened(home)
    try:
        _, begins_anew = _take_runs(store, stay_s, checkpoint_every_s, lambda: os.getppid() == leader, tell)
    finally:
        store.close()
    if begins_anew:
        _begin_anew()


@contextmanager
def _as_worker(home: Path) -> Iterator[Store | None]:
    """The store, while this process is the home's worker; None where another one is, which is said."""
    _report_crashes()
    room_limit(home / "cache")  # where that is no number each run would fail of it
    store = opened(home)
    lock = WorkerLock(home)
    try:
        if lock.acquire():
            yield store
        else:
            holder = lock.holder()
            named = f" (process {holder[0]})" if holder else ""
            _say(f"Another worker{named} takes the queued runs of this home already.")
            yield None
    finally:
        lock.release()
        store.close()


def _take_runs(
    store: Store,
    stay_s: float,
    checkpoint_every_s: float,
    goes_on: Callable[[], bool],
    tell: Callable[[RunRecord], None] | None,
) -> tuple[int, bool]:
    """Train what is queued; (how many runs, whether another process must go on with the queue).

    After a pause it waits for no other: only the end of its process gives back all that it has of the device. A signal ends
    it after the run under way. A device that failed is of no more use to this process: another one then takes its place.
    """
    pid, started = own_identity()
    done, idle_since, paused = 0, time.monotonic(), False
    while goes_on():
        run = patiently(lambda: store.claim(pid, started), _say)
        if run is None and (paused or time.monotonic() - idle_since >= stay_s):
            break
        if run is None:
            time.sleep(LOOK_EVERY_S)
            continue
        control = StopControl(store, run.id)
        ended = execute(store, run, checkpoint_every_s=checkpoint_every_s, control=control)
        paused = ended.state == PAUSED
        done += 1
        if tell is not None:
            tell(ended)
        idle_since = time.monotonic()
        if control.signalled:
            break
        if ended.state == FAILED and ended.reason.startswith(DEVICE_LOST):
            return done, bool(store.runs(QUEUED))
    return done, False


def _begin_anew(words: list[str] | None = None) -> None:
    if os.name == "posix":
        _say("The device failed; the queue goes on in a new process.")
        command = sys.orig_argv[1:]
        if words is not None:
            command = ["-P", "-m", "engine", *words]
            os.environ["PYTHONPATH"] = os.pathsep.join(module_path())
        os.execv(sys.executable, [sys.executable, *command])


def _report_crashes() -> None:
    """A crash in native code leaves the place where it happened."""
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)


def _take_up(store: Store, resume_interrupted: bool) -> None:
    """Mark what died, tidy up after it, and put it back in the queue where the person chose so."""
    store.recover_dead()
    clear_leftovers(store)
    kept_teachers.clear_leftovers(store.home)
    if not resume_interrupted:
        say_interrupted(store)
        return
    resumed, left = store.resume_interrupted()
    for run in resumed:
        _say(f"Run {run} was interrupted and is in the queue again.")
    for run in left:
        _say(f"Run {run} was interrupted again without getting any further, so it is left: “distill resume {run}”.")


def _say_end(run: RunRecord) -> None:
    _say(how_it_ended(run))


def _say(text: str) -> None:
    with suppress(OSError):
        say(text, error=True)
