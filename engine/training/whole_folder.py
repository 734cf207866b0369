"""A folder of results that is whole and on the disk, or not there: written beside its place, synced, renamed.

A disk that refuses for a while (full, read-only, an error) is waited for. Knows nothing of what is written.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.beside import clear_leftovers, old_of, part_of
from engine.events import Emit, Log, Phase
from engine.patience import PATIENCE_S, patiently

RETRY_S = 2.0
PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM})


def write_whole(
    folder: Path,
    write: Callable[[Path], object],
    what: str,
    emit: Emit,
    *,
    replaces: bool = True,
    makes_parent: bool = False,
    patience_s: float | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> None:
    """Let ``write`` fill a new folder, then give it the name ``folder``; ``replaces`` one that is there, ``makes_parent`` where
    the folder around it is not there yet.

    ``what`` names it in the sentences of the log. A disk that refuses is tried again for ``patience_s``, or until the person
    has ``given_up``; then, and at once where waiting cannot help, raises OSError or SafetensorError, with the earlier folder
    untouched.
    """

    def refused(error: Exception) -> None:
        emit(Log(f"{what} cannot be kept in {folder}: {reason_of(error)}. Tried again until it works."))
        emit(Phase("waiting for room on the disk"))

    patiently(
        lambda: _write_once(folder, write, replaces, makes_parent),
        _may_pass,
        refused,
        retry_s=RETRY_S,
        patience_s=PATIENCE_S if patience_s is None else patience_s,
        over=lambda: emit(Log(f"{what} could be kept after all.")),
        given_up=given_up,
    )


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; folders where the system can. Raises OSError."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def error_number(error: BaseException) -> int | None:
    """The system's number of an error; safetensors only has it in its text."""
    if isinstance(error, OSError):
        return error.errno
    found = re.search(r"os error (\d+)", str(error))
    return int(found[1]) if found else None


def reason_of(error: BaseException) -> str:
    """What the system says, without a full stop."""
    return str(getattr(error, "strerror", None) or error).rstrip(".")


def _may_pass(error: Exception) -> bool:
    from safetensors import SafetensorError

    return isinstance(error, OSError | SafetensorError) and error_number(error) in PASSING


def _write_once(folder: Path, write: Callable[[Path], object], replaces: bool, makes_parent: bool) -> None:
    if makes_parent:
        folder.parent.mkdir(exist_ok=True, mode=0o700)
    part, old = part_of(folder), old_of(folder)
    clear_leftovers(folder)  # also what this process left when the disk refused
    part.mkdir(mode=0o700)  # never all its parents: a home that was removed meanwhile is not made anew
    try:
        write(part)
        for path in sorted(part.rglob("*")):  # the disk must have them before anything else is given up for them
            sync(path)
        sync(part)
        if replaces:
            with suppress(FileNotFoundError):
                folder.rename(old)
        try:
            part.rename(folder)
        except OSError:
            with suppress(OSError):
                old.rename(folder)
            raise
        sync(folder.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)
