"""Keeps the machine awake while a run trains: its display may sleep, the machine may not. Never fails or delays the run.

The process that trains holds it, not the window: so it holds for the command line and after the window was closed, is
given back when the run ends or pauses, and goes with the process if that is killed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.store.home_settings import keeps_awake

NOBODY = "The machine may go to sleep while this run trains: nothing here could be asked to hold that off"
LEAVE_S = 1.0  # waited for giving it back; a desktop that does not answer is left behind


@contextmanager
def awake(home: Path, say: Callable[[str], object]) -> Iterator[None]:
    """While this holds, the machine does not go to sleep by itself, unless the person chose that it may.

    ``say`` hears a sentence where that cannot be had; perhaps from another thread.
    """
    if not keeps_awake(home):
        yield
        return
    if not _has_a_desktop():
        say(f"{NOBODY} (no desktop session).")
        yield
        return
    over = threading.Event()
    # a thread of its own: a desktop may take seconds to answer, and loading wakepy takes a tenth of one
    holder = threading.Thread(target=_hold, args=(over, say), name="awake", daemon=True)
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join(LEAVE_S)


def _has_a_desktop() -> bool:
    """Whether anybody could be asked. Elsewhere than on Windows and macOS it is the desktop, over D-Bus."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS"))


def _hold(over: threading.Event, say: Callable[[str], object]) -> None:
    try:
        from wakepy import keep

        with keep.running(on_fail="pass") as mode:
            if not mode.active and not over.is_set():
                say(f"{NOBODY}.")
            over.wait()
    except Exception as error:  # whatever a desktop may answer, the run goes on
        say(f"{NOBODY} ({type(error).__name__}: {error}).")
