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
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from engine.data import cache_room
from engine.data.array_file import DamagedFileError, NewArrays, bytes_needed, bytes_of, open_arrays, write_arrays
from engine.data.only_one import StopAsked, only_one, only_one_if_free

_MAPPED: WeakValueDictionary[str, mmap.mmap] = WeakValueDictionary()  # what this process uses is never evicted by it

Made = tuple[Mapping[str, NDArray[Any]], dict[str, Any]]
Shapes = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]
Begin = Callable[[str, Shapes, dict[str, Any]], NewArrays]

__all__ = ["ArrayCache", "Kept", "Made", "StopAsked", "key_of"]


class NoRoomError(Exception):
    """The cache's limit leaves no room for what was begun."""


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
        with self.alone_with(key, what, stop_requested):
            found = self.find(key, self.replacing(key, what))
            if found is not None:
                return found
            arrays, about = make()
            kept = self.keep(key, arrays, about, what)
        return Kept(kept.arrays if kept else arrays, about, False)

    def fetch_together(
        self,
        keys: Mapping[str, str],
        fill: Callable[[list[str], Begin], None],
        what: str,
        stop_requested: Callable[[], bool] = lambda: False,
    ) -> dict[str, Kept] | None:
        """Arrays of several names that are made in one go, each under its own key; None where they cannot all be kept.

        ``fill(names, begin)`` makes those that are not there: ``begin(name, shapes, about)`` opens a name's file, to be
        filled piece by piece. What was not begun is not kept. Raises StopAsked, and whatever ``fill`` raises.
        """
        found = self._found_of(keys, what)
        if len(found) == len(keys):
            return found
        with ExitStack() as alone:
            for name in sorted(
                keys.keys() - found.keys(), key=keys.__getitem__
            ):  # one order for all: none waits in a ring
                alone.enter_context(self.alone_with(keys[name], what, stop_requested))
            found |= self._found_of({name: keys[name] for name in keys if name not in found}, what)
            missing = {name: key for name, key in keys.items() if name not in found}
            if missing and not self._fill(missing, fill, what):
                return None
            new = {name: self.find(key) for name, key in missing.items()}
        found |= {name: replace(kept, found=False) for name, kept in new.items() if kept is not None}
        return found if len(found) == len(keys) else None

    def _found_of(self, keys: Mapping[str, str], what: str) -> dict[str, Kept]:
        found = {}
        for name, key in keys.items():
            kept = self.find(key, self.replacing(key, what))
            if kept is not None:
                found[name] = kept
        return found

    def _fill(self, keys: Mapping[str, str], fill: Callable[[list[str], Begin], None], what: str) -> bool:
        """Have the files of these names filled, each beside its place and renamed when all are whole; whether they are kept."""
        parts: dict[str, tuple[Path, NewArrays]] = {}
        needed: dict[str, int] = {}

        def begin(name: str, shapes: Shapes, about: dict[str, Any]) -> NewArrays:
            if name in parts:  # once more, from the beginning
                drop(name)
            needed[name] = bytes_of(shapes)
            if sum(needed.values()) > self.limit_bytes:
                raise NoRoomError
            part = self.folder / f"{keys[name]}{cache_room.PART}{os.getpid()}-{secrets.token_hex(4)}"
            parts[name] = part, NewArrays(part, shapes, {**about, "made": time.time()})
            return parts[name][1]

        def drop(name: str) -> None:
            part, arrays = parts.pop(name)
            arrays.close()
            part.unlink(missing_ok=True)

        try:
            if self.limit_bytes:
                cache_room.clear_leftovers(self.folder)
            fill(list(keys), begin)
            # Only now that they are whole, so that nothing is taken out in vain.
            if not cache_room.make_room(self.folder, sum(needed.values()), self.limit_bytes, set(_MAPPED)):
                raise NoRoomError
            for _, arrays in parts.values():
                arrays.finish()
                arrays.close()
            for name, (part, _) in parts.items():
                part.replace(self.file(keys[name]))
            _settle(self.folder)
        except NoRoomError:
            self._tell_no_room(what)
            return False
        except OSError as error:
            self._tell_unwritable(error)
            return False
        finally:
            for name in list(parts):
                drop(name)
        return True

    def find(self, key: str, when_damaged: Callable[[str], None] = lambda reason: None) -> Kept | None:
        """The arrays of ``key`` if they are there and sound; ``when_damaged`` is told what is wrong with them."""
        file = self.file(key)
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

    def file(self, key: str) -> Path:
        """Where the arrays of a key lie, or would."""
        return self.folder / f"{key}{cache_room.ENDING}"

    def alone_with(self, key: str, what: str, stop_requested: Callable[[], bool]) -> AbstractContextManager[None]:
        """Holds the key's lock; raises StopAsked where a stop is asked for while another process has it."""
        waits = f"Another process is making {what}; waiting for it."
        return only_one(cache_room.lock_file(self.folder, key), lambda: self._say(waits), stop_requested)

    def alone_if_free(self, key: str) -> AbstractContextManager[bool]:
        """Holds the key's lock and gives True; False at once where another process has it."""
        return only_one_if_free(cache_room.lock_file(self.folder, key))

    def replacing(self, key: str, what: str) -> Callable[[str], None]:
        """For ``find``: says that a damaged file is made again, and takes it away."""

        def replace_damaged(reason: str) -> None:
            self._say(f"The cache's file of {what} cannot be used ({reason}) and is made again: {self.file(key)}.")
            with suppress(OSError):
                self.file(key).unlink()

        return replace_damaged

    def keep(self, key: str, arrays: Mapping[str, NDArray[Any]], about: dict[str, Any], what: str) -> Kept | None:
        """Write an entry and open it; None where it cannot be kept, which is said."""
        part = self.folder / f"{key}{cache_room.PART}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            cache_room.clear_leftovers(self.folder)
            for left in self.folder.glob(f"{key}{cache_room.PART}*"):  # of this key, whose lock is held here
                left.unlink()
            if not cache_room.make_room(self.folder, bytes_needed(arrays), self.limit_bytes, set(_MAPPED)):
                self._tell_no_room(what)
                return None
            try:
                write_arrays(part, arrays, {**about, "made": time.time()})
                part.replace(self.file(key))
            finally:
                part.unlink(missing_ok=True)
            _settle(self.folder)
            return self.find(key)
        except OSError as error:
            self._tell_unwritable(error)
            return None

    def _tell_no_room(self, what: str) -> None:
        if self.limit_bytes:
            room = cache_room.size_in_words(self.limit_bytes)
            self._say(f"There is no room in the cache for {what}: its limit is {room}.")

    def _tell_unwritable(self, error: OSError) -> None:
        if not self._said_unwritable:
            reason = cache_room.reason_of(error)
            self._say(f"The cache in {self.folder} cannot be written ({reason}); the run goes on without it.")
        self._said_unwritable = True


def _settle(folder: Path) -> None:
    """Wait until a rename is on the disk, where folders can be asked for that (not on Windows)."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
