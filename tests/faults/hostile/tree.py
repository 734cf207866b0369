"""A folder as it is on the disk, to be compared with what it is later."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

READ_BYTES = 1 << 26


def tree(folder: Path) -> dict[str, str]:
    """Each path below ``folder`` with its kind, mode and content; nothing where there is no folder. No link is followed."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(place) / name
            status = path.lstat()
            kind = f"{stat.filemode(status.st_mode)}"
            if stat.S_ISLNK(status.st_mode):
                kind += f" → {os.readlink(path)}"  # noqa: PTH115 - a name that is no text stays bytes-safe here
            elif stat.S_ISREG(status.st_mode):
                # a terabyte of nothing is told by its time of change
                content = _digest(path) if status.st_size <= READ_BYTES else str(status.st_mtime_ns)
                kind += f" {status.st_size} {content}"
            found[os.path.relpath(path, folder)] = kind
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What appeared, went or changed, in words."""
    return [
        *(f"{name!r:.120} appeared" for name in sorted(after.keys() - before.keys())),
        *(f"{name!r:.120} went" for name in sorted(before.keys() - after.keys())),
        *(f"{name!r:.120} changed" for name in sorted(before.keys() & after.keys()) if before[name] != after[name]),
    ]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()[:16]
    except OSError as error:
        return str(error.strerror)
