"""Ends a process with all that it started, but never this process; knows no runs.

A process is told by pid and start time, so that a pid in use again is never hit.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import psutil

from engine.store.processes import is_alive


def tell_to_end(pid: int, started: float) -> None:
    """Send SIGTERM to this process alone (on Windows that ends it)."""
    if is_alive(pid, started):
        with suppress(psutil.Error):
            psutil.Process(pid).terminate()


def kill_tree(pid: int, started: float) -> None:
    """Kill this process, its descendants, and if it leads a session of its own, whoever is in that."""
    if not is_alive(pid, started):
        return
    leads_session = _session(pid) == pid
    try:
        process = psutil.Process(pid)
        descendants = process.children(recursive=True)
        process.kill()  # first, so that it starts no more
    except psutil.Error:
        return
    for each in descendants:
        if each.pid == os.getpid():
            continue
        with suppress(psutil.Error):
            each.kill()
    if leads_session:
        kill_session(pid)


def kill_session(pid: int) -> None:
    """Kill whoever is left in the session that the process ``pid`` leads or led.

    To be called while that process is not yet collected by its parent: until then its pid is not given again.
    """
    for other in psutil.pids() if sys.platform != "win32" else ():
        if other not in (pid, os.getpid()) and _session(other) == pid:
            with suppress(psutil.Error):
                psutil.Process(other).kill()


def _session(pid: int) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.getsid(pid)
    except OSError:
        return None
