"""One process at a time: a lock's file, held until it is let go or its process dies. Knows nothing of what is made meanwhile.

Whoever has to wait says so, and ends the waiting when a stop is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

LOOK_EVERY_S = 0.1


class StopAsked(Exception):
    """A stop was asked for while something was waited for or made."""


@contextmanager
def only_one(file: Path, when_waiting: Callable[[], None], stop_requested: Callable[[], bool]) -> Iterator[None]:
    """Holds the lock in ``file``; goes without where there can be none (then things may be made twice, which harms nothing).

    ``when_waiting`` is called once where another process holds it. Raises StopAsked.
    """
    lock = None
    with suppress(OSError, NotImplementedError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _locked(file, when_waiting, stop_requested)
    try:
        yield
    finally:
        if lock is not None:
            lock.release()


@contextmanager
def only_one_if_free(file: Path) -> Iterator[bool]:
    """As ``only_one``, but gives False at once where another process holds it, else True."""
    lock = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(file, mode=0o600)
        lock.acquire(timeout=0)
    except Timeout:  # before OSError, of which it is one
        yield False
        return
    except (OSError, NotImplementedError):
        lock = None
    try:
        yield True
    finally:
        if lock is not None:
            lock.release()


def _locked(file: Path, when_waiting: Callable[[], None], stop_requested: Callable[[], bool]) -> Any:
    """The lock, held. Raises StopAsked, and OSError where locks fail."""
    lock = FileLock(file, mode=0o600)
    with suppress(Timeout):
        lock.acquire(timeout=0)
        return lock
    when_waiting()
    while not stop_requested():
        with suppress(Timeout):
            lock.acquire(timeout=LOOK_EVERY_S, poll_interval=LOOK_EVERY_S / 2)
            return lock
    raise StopAsked
