"""Which process is which: a pid is reused, a pid with its start time is not. Knows nothing of runs."""

from __future__ import annotations

import os

import psutil


def own_identity() -> tuple[int, float]:
    """(pid, start time in unix seconds) of this process."""
    return os.getpid(), psutil.Process().create_time()


def is_alive(pid: int | None, started: float | None) -> bool:
    """Whether the very process that had this pid and start time still runs (a zombie does not)."""
    if pid is None or started is None:
        return False
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
