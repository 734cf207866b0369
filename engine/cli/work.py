"""The worker: takes queued runs one after another and stays warm a while. Knows the store, nothing of a window."""

from __future__ import annotations

import faulthandler
import sys
import time
from pathlib import Path

from engine.cli.execute import CHECKPOINT_EVERY_S, execute
from engine.cli.opening import opened
from engine.store.processes import own_identity
from engine.store.records import PAUSED
from engine.store.worker_lock import WorkerLock

LOOK_EVERY_S = 0.2


def work(home: Path, stay_s: float, checkpoint_every_s: float = CHECKPOINT_EVERY_S) -> int:
    """Train queued runs until none has come for ``stay_s`` seconds. Returns how many; 0 at once if another worker is here.

    After a pause it waits for no other: only the end of its process gives back all that it has of the device.
    """
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)
    store = opened(home)
    lock = WorkerLock(home)
    if not lock.acquire():
        return 0
    done = 0
    try:
        store.recover_dead()
        pid, started = own_identity()
        idle_since, paused = time.monotonic(), False
        while time.monotonic() - idle_since < stay_s:
            run = store.claim(pid, started)
            if run is None and paused:
                break
            if run is None:
                time.sleep(LOOK_EVERY_S)
                continue
            paused = execute(store, run, checkpoint_every_s=checkpoint_every_s).state == PAUSED
            done += 1
            idle_since = time.monotonic()
    finally:
        lock.release()
        store.close()
    return done
