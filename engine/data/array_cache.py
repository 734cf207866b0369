"""Arrays kept under the hash of everything they were made of, shared by all runs and processes of a home; one file each.

Made once: whoever asks first holds the key's lock, the others wait and find the file. Knows nothing of what it keeps.
The cache never fails a run: where it cannot be read or written, the arrays are made again, and the run's log says so.

A file is written beside its place and renamed, so that it is whole or not there; what a dying process leaves is
cleared by the next one that writes. Its checksum is verified when a process first opens it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from filelock import FileLock, Timeout
from numpy.typing import NDArray

from engine.data import cache_room
from engine.data.array_file import DamagedFileError, bytes_needed, open_arrays, write_arrays

LOOK_EVERY_S = 0.1
_MAPPED: WeakValueDictionary[str, mmap.mmap] = WeakValueDictionary()  # what this process uses is never evicted by it

Made = tuple[Mapping[str, NDArray[Any]], dict[str, Any]]


class StopAsked(Exception):
    """A stop was asked for while arrays were waited for or made."""


@dataclass(frozen=True)
class Kept:
    """Named arrays, and what was noted when they were made; read-only views of the file where they lie in the cache.

    ``found``: they were there already and need not be made.
    """

    arrays: Mapping[str, NDArray[Any]]
    about: dict[str, Any]
    found: bool


def key_of(parts: Mapping[str, Any]) -> str:
    """The key of arrays made of these parts (plain JSON values): 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


class ArrayCache:
    """The cache in ``folder``. ``say`` is handed sentences for the run's log.

    ``limit_bytes`` left out: DISTILL_CACHE_GB, else a sensible share of the disk. Raises EngineError where that is no number.
    """

    def __init__(
        self, folder: Path, say: Callable[[str], None] = lambda text: None, limit_bytes: int | None = None
    ) -> None:
        self.folder = folder
        self.limit_bytes = cache_room.room_limit(folder) if limit_bytes is None else limit_bytes
        self._say = say
        self._said_unwritable = False

    def fetch(
        self, key: str, make: Callable[[], Made], what: str, stop_requested: Callable[[], bool] = lambda: False
    ) -> Kept:
        """The arrays of ``key``; ``make`` gives them and a note (plain JSON values) where the cache does not have them.

        ``what`` names them in sentences ("the teacher's answers on train"). Raises StopAsked if a stop was asked for while
        another process was making them, and whatever ``make`` raises.
        """
        found = self.find(key)
        if found is not None:
            return found
        with self._alone_with(key, what, stop_requested):
            found = self.find(key, lambda reason: self._replace_damaged(key, what, reason))
            if found is not None:
                return found
            arrays, about = make()
            kept = self._keep(key, arrays, about, what)
        return Kept(kept.arrays if kept else arrays, about, False)

    def find(self, key: str, when_damaged: Callable[[str], None] = lambda reason: None) -> Kept | None:
        """The arrays of ``key`` if they are there and sound; ``when_damaged`` is told what is wrong with them."""
        file = self._file(key)
        try:
            opened = open_arrays(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, DamagedFileError) as error:
            when_damaged(cache_room.reason_of(error))
            return None
        _MAPPED[str(file)] = opened.mapped
        with suppress(OSError):  # of a folder that can only be read
            os.utime(file)  # its last use
        return Kept(opened.arrays, opened.about, True)

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}{cache_room.ENDING}"

    @contextmanager
    def _alone_with(self, key: str, what: str, stop_requested: Callable[[], bool]) -> Iterator[None]:
        """Holds the key's lock; goes without where there can be none (then it may be made twice, which harms nothing)."""
        lock = None
        with suppress(OSError, NotImplementedError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = self._locked(key, what, stop_requested)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _locked(self, key: str, what: str, stop_requested: Callable[[], bool]) -> Any:
        """The key's lock, held; waits for another process that holds it. Raises StopAsked, and OSError where locks fail."""
        lock = FileLock(cache_room.lock_file(self.folder, key), mode=0o600)
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return lock
        self._say(f"Another process is making {what}; waiting for it.")
        while not stop_requested():
            with suppress(Timeout):
                lock.acquire(timeout=LOOK_EVERY_S, poll_interval=LOOK_EVERY_S / 2)
                return lock
        raise StopAsked

    def _replace_damaged(self, key: str, what: str, reason: str) -> None:
        self._say(f"The cache's file of {what} cannot be used ({reason}) and is made again: {self._file(key)}.")
        with suppress(OSError):
            self._file(key).unlink()

    def _keep(self, key: str, arrays: Mapping[str, NDArray[Any]], about: dict[str, Any], what: str) -> Kept | None:
        """Write an entry and open it; None where it cannot be kept, which is said."""
        part = self.folder / f"{key}{cache_room.PART}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            cache_room.clear_leftovers(self.folder)
            for left in self.folder.glob(f"{key}{cache_room.PART}*"):  # of this key, whose lock is held here
                left.unlink()
            if not cache_room.make_room(self.folder, bytes_needed(arrays), self.limit_bytes, set(_MAPPED)):
                if self.limit_bytes:
                    room = cache_room.size_in_words(self.limit_bytes)
                    self._say(f"There is no room in the cache for {what}: its limit is {room}.")
                return None
            try:
                write_arrays(part, arrays, {**about, "made": time.time()})
                part.replace(self._file(key))
            finally:
                part.unlink(missing_ok=True)
            _settle(self.folder)
            return self.find(key)
        except OSError as error:
            if not self._said_unwritable:
                reason = cache_room.reason_of(error)
                self._say(f"The cache in {self.folder} cannot be written ({reason}); the run goes on without it.")
            self._said_unwritable = True
            return None


def _settle(folder: Path) -> None:
    """Wait until a rename is on the disk, where folders can be asked for that (not on Windows)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
