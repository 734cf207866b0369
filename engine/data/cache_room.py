"""What is in a cache's folder and how much of it may stay: listing, verifying, making room, clearing. Reads headers only,
but for verifying; knows nothing of what the arrays are.

The entry that was used longest ago goes first; never one that this process has mapped, nor one whose lock is held.
The time of the last use is the file's time of modification: its bytes never change.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from engine.data.array_file import DamagedFileError, read_header, verify
from engine.errors import EngineError

ENDING = ".arrays"
PART = ".part-"
LIMIT_VARIABLE = "DISTILL_CACHE_GB"
GIGABYTE = 10**9
_MOST_BYTES = 20 * GIGABYTE
_SHARE_OF_FREE = 0.25


@dataclass(frozen=True)
class Entry:
    """A file of the cache. ``about`` is what was noted when it was made, empty where ``fault`` says what is wrong with it."""

    file: Path
    bytes: int
    last_used: float
    about: dict[str, Any]
    fault: str = ""

    @property
    def key(self) -> str:
        return self.file.name.removesuffix(ENDING)


def room_limit(folder: Path) -> int:
    """Bytes the cache may take: DISTILL_CACHE_GB, else 20 GB or a quarter of what the disk could give it, whichever is less.

    Raises EngineError where the variable is no number.
    """
    wish = os.environ.get(LIMIT_VARIABLE, "").strip()
    if wish:
        try:
            gigabytes = float(wish)
        except ValueError:
            gigabytes = math.nan
        if not (0 <= gigabytes < math.inf):
            raise EngineError(f"{LIMIT_VARIABLE} is “{wish}”; give the cache's limit in gigabytes, 0 to keep nothing.")
        return int(gigabytes * GIGABYTE)
    above = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
    try:
        free = shutil.disk_usage(above or folder).free
    except OSError:
        return _MOST_BYTES
    taken = sum(size for _, size, _ in _files(folder))
    return min(_MOST_BYTES, int(_SHARE_OF_FREE * (free + taken)))


def entries(folder: Path) -> list[Entry]:
    """All entries, the one used last first; headers are read, contents are not."""
    found = []
    for file, size, used in _files(folder):
        try:
            found.append(Entry(file, size, used, read_header(file).about))
        except FileNotFoundError:
            continue  # another process took it out meanwhile
        except (OSError, DamagedFileError) as error:
            found.append(Entry(file, size, used, {}, reason_of(error)))
    return sorted(found, key=lambda entry: -entry.last_used)


def fault_of(file: Path) -> str:
    """What is wrong with an entry, every byte read; "" where nothing is, or where it is gone."""
    try:
        verify(file)
    except FileNotFoundError:
        return ""
    except (OSError, DamagedFileError) as error:
        return reason_of(error)
    return ""


def make_room(folder: Path, needed: int, limit: int, in_use: Collection[str]) -> bool:
    """Take entries out, the longest unused first, until ``needed`` more bytes stay within ``limit``; whether they do.

    ``in_use`` are files to leave alone.
    """
    files = sorted(_files(folder), key=lambda found: found[2])
    total = sum(size for _, size, _ in files)
    if needed > limit:
        return False
    for file, size, _ in files:
        if total + needed <= limit:
            break
        if str(file) not in in_use and take_out(file):
            total -= size
    return total + needed <= limit


def clear(folder: Path, older_than_s: float = 0.0) -> tuple[int, int]:
    """Take out all entries not used for ``older_than_s`` seconds, and what dead processes left: (entries, bytes)."""
    count = freed = 0
    now = time.time()
    for file, size, used in _files(folder):
        if now - used >= older_than_s and take_out(file):
            count, freed = count + 1, freed + size
    freed += clear_leftovers(folder)
    return count, freed


def clear_leftovers(folder: Path) -> int:
    """Take out what processes left that died while they were writing; the bytes freed."""
    freed = 0
    for part in folder.glob(f"*{PART}*"):
        key = part.name.partition(PART)[0]
        with suppress(OSError, Timeout, NotImplementedError), _lock(key, folder):
            freed += part.stat().st_size
            part.unlink()
            if not (folder / f"{key}{ENDING}").exists():
                lock_file(folder, key).unlink()
    return freed


def take_out(file: Path) -> bool:
    """Remove an entry and its lock's file, unless a process is making it just now; whether it is gone."""
    key = file.name.removesuffix(ENDING)
    try:
        with _lock(key, file.parent):
            file.unlink(missing_ok=True)
            with suppress(OSError):  # Windows keeps a file that is open
                lock_file(file.parent, key).unlink(missing_ok=True)
    except (OSError, Timeout, NotImplementedError):
        return False
    return True


def size_in_words(count: float) -> str:
    """Bytes as a person reads them, in decimal units: “29.9 kB”."""
    for unit in ("bytes", "kB", "MB"):
        if count < 999.5:
            return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def lock_file(folder: Path, key: str) -> Path:
    return folder / f"{key}.lock"


def _lock(key: str, folder: Path) -> Any:
    """The key's lock if nobody holds it, else Timeout."""
    return FileLock(lock_file(folder, key), timeout=0, mode=0o600)


def reason_of(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _files(folder: Path) -> list[tuple[Path, int, float]]:
    """(file, bytes, last used) of every entry."""
    found = []
    with suppress(OSError):
        for file in folder.glob(f"*{ENDING}"):
            with suppress(OSError):
                status = file.stat()
                found.append((file, status.st_size, status.st_mtime))
    return found
