"""What is written beside its place before it takes it, and what is done with what a dead process left of that.

Names tell who writes: “NAME.part-PID” what is not whole yet, “NAME.old-PID” what was moved aside for it. Knows nothing of what
is written.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

PART, OLD = "part", "old"
SLACK_S = 10.0  # between a process's start and what is read of it
_PID = re.compile(r"-(\d+)(?:-journal)?$")


def part_of(place: Path) -> Path:
    """Where this process writes what is to take ``place``."""
    return place.with_name(f"{place.name}.{PART}-{os.getpid()}")


def old_of(place: Path) -> Path:
    """Where this process moves what has ``place`` until then."""
    return place.with_name(f"{place.name}.{OLD}-{os.getpid()}")


def is_left(path: Path) -> bool:
    """Whether nobody writes ``path`` any more, by the process in its name: gone, this very one, or begun only after the last
    change, so that it has the number of one that is gone. A name without a process is nobody's business."""
    import psutil  # here: the window's first painting lists the exporters

    found = _PID.search(path.name)
    if found is None:
        return False
    pid = int(found[1])
    if pid == os.getpid():
        return True
    try:
        return psutil.Process(pid).create_time() > path.lstat().st_mtime + SLACK_S
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OSError, OverflowError):
        return False


def clear_leftovers(place: Path, stem: str = "") -> None:
    """Take away what processes left that died while they wrote ``place``; what one had moved aside is put back where nothing
    has its name. ``stem`` begins the names beside, if it is not that of the place."""
    stem = stem or place.name
    for path in sorted(place.parent.glob(f"{glob.escape(stem)}.*-*")):
        kind = path.name.removeprefix(f"{stem}.").partition("-")[0]
        if kind not in (PART, OLD) or not is_left(path):
            continue
        if kind == OLD and not place.exists():
            with suppress(OSError):
                path.rename(place)  # it died between the two renames
        else:
            remove(path)


def put_back(place: Path) -> None:
    """Give what a process had moved aside its name again, where nothing has it; for who knows that this process is gone."""
    if place.exists():
        return
    for path in sorted(place.parent.glob(f"{glob.escape(place.name)}.{OLD}-*")):
        with suppress(OSError):
            path.rename(place)
            return


def remove(path: Path) -> None:
    """Take away a file or a folder; what the disk refuses to give up is left for later."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def write_note(file: Path, text: str) -> bool:
    """Give a small file this text: it has that or what it had, also after a power cut. Its owner alone may read it.

    False where the disk refuses; for what can be found out again.
    """
    part = part_of(file)
    try:
        with open(part, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    except OSError:
        remove(part)
        return False
    return True
