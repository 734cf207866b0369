"""One worker a home: who takes queued runs just now, by pid and start time in HOME/worker.json. Knows nothing of runs.

Not a lock that the operating system holds for the worker's whole life: that one would pass to its forked children and
outlive it. The system's lock only covers the moment of taking; whether the holder lives is asked by pid and start time.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from engine.store.home import make_private_folder, open_private
from engine.store.liveness import is_of_here
from engine.store.processes import is_alive, own_identity, own_machine
from engine.store.sentences import as_store_error

_TAKING = threading.Lock()  # the system's lock is per process; this one is for its threads


class WorkerLock:
    """``acquire()`` in the worker, ``holder()`` anywhere, ``release()`` when the worker ends (or ``with``).

    A dead holder does not count.
    """

    def __init__(self, home: Path) -> None:
        self._home = Path(home)
        self._file = self._home / "worker.json"

    def acquire(self) -> bool:
        """Become the worker of this home; False if another living process is. Raises StoreError on a bad disk."""
        own = own_identity()
        with self._moment():
            holder = self.holder()
            if holder not in (None, own):
                return False
            new = self._file.with_suffix(f".{own[0]}")
            with open_private(new) as file:
                json.dump({"pid": own[0], "started": own[1], "machine": own_machine()}, file)
            new.replace(self._file)  # whoever reads meanwhile sees the old one or the new one, whole
        return True

    def holder(self) -> tuple[int, float] | None:
        """(pid, start time) of the living worker of this home; None if there is none.

        One of another machine or container counts while it has a run, which the store knows: not here.
        """
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            pid, started = int(found["pid"]), float(found["started"])
            here = is_of_here(str(found.get("machine") or ""))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return (pid, started) if here and is_alive(pid, started) else None

    def release(self) -> None:
        """Stop being the worker; does nothing if another process is."""
        with self._moment():
            if self.holder() == own_identity():
                self._file.unlink(missing_ok=True)

    def __enter__(self) -> WorkerLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @contextmanager
    def _moment(self) -> Iterator[None]:
        """Alone with worker.json, among all threads and processes."""
        make_private_folder(self._home)
        try:
            with _TAKING, open_private(self._home / "worker.lock", "a") as file, _locked(file):
                yield
        except OSError as error:
            raise as_store_error(error, self._file) from error


@contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    """The operating system's lock on an open file; goes without where the file system has none (claims stay atomic)."""
    if sys.platform == "win32":
        import msvcrt

        with suppress(OSError):
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            with suppress(OSError):
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        with suppress(OSError):
            fcntl.lockf(file, fcntl.LOCK_EX)
        yield  # closing the file lets go of it
