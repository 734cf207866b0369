"""The worker: takes queued runs one after another and stays warm a while. Knows the store, nothing of a window."""

from __future__ import annotations

import faulthandler
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from engine.cli.execute import CHECKPOINT_EVERY_S, DEVICE_LOST, StopControl, execute
from engine.cli.opening import opened, say_interrupted
from engine.cli.patience import patiently
from engine.cli.terminal import say
from engine.data.cache_room import room_limit
from engine.errors import StoreError
from engine.store import Store
from engine.store.processes import own_identity
from engine.store.records import FAILED, PAUSED, QUEUED
from engine.store.room import give_back_room
from engine.store.worker_lock import WorkerLock

LOOK_EVERY_S = 0.2


def work(
    home: Path, stay_s: float, checkpoint_every_s: float = CHECKPOINT_EVERY_S, resume_interrupted: bool = False
) -> int:
    """Train queued runs until none has come for ``stay_s`` seconds. Returns how many; 0 at once if another worker is here.

    With ``resume_interrupted`` runs whose process ended without a word go on by themselves, as long as they get further.
    After a pause it waits for no other: only the end of its process gives back all that it has of the device. A signal ends
    it after the run under way. A device that failed is of no more use to this process: another one then takes its place.
    """
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)
    room_limit(home / "cache")  # where that is no number each run would fail of it
    store = opened(home)
    lock = WorkerLock(home)
    if not lock.acquire():
        holder = lock.holder()
        _say(f"Another worker{f' (process {holder[0]})' if holder else ''} takes the queued runs of this home already.")
        return 0
    done, begin_anew = 0, False
    try:
        _take_up(store, resume_interrupted)
        pid, started = own_identity()
        idle_since, paused = time.monotonic(), False
        while time.monotonic() - idle_since < stay_s:
            run = patiently(lambda: store.claim(pid, started), _say)
            if run is None and paused:
                break
            if run is None:
                time.sleep(LOOK_EVERY_S)
                continue
            control = StopControl(store, run.id)
            ended = execute(store, run, checkpoint_every_s=checkpoint_every_s, control=control)
            paused = ended.state == PAUSED
            done += 1
            idle_since = time.monotonic()
            if control.signalled:
                break
            if ended.state == FAILED and ended.reason.startswith(DEVICE_LOST):
                begin_anew = bool(store.runs(QUEUED))
                break
        with suppress(StoreError):
            give_back_room(store)
    finally:
        lock.release()
        store.close()
    if begin_anew and os.name == "posix":
        _say("The device failed; the queue goes on in a new process.")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    return done


def _take_up(store: Store, resume_interrupted: bool) -> None:
    """Mark what died, and put it back in the queue where the person chose so."""
    store.recover_dead()
    if not resume_interrupted:
        say_interrupted(store)
        return
    resumed, left = store.resume_interrupted()
    for run in resumed:
        _say(f"Run {run} was interrupted and is in the queue again.")
    for run in left:
        _say(f"Run {run} was interrupted again without getting any further, so it is left: “distill resume {run}”.")


def _say(text: str) -> None:
    with suppress(OSError):
        say(text, error=True)
