"""Puts a folder into place whole or not at all, and never over anything that is not an earlier export."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.analysis.export_record import FILE_NAME, read_record
from engine.errors import DataError


def check_target(folder: Path) -> Path:
    """The absolute folder to write, if it is new, empty or an untouched earlier export. Raises DataError."""
    if "\0" in str(folder):
        raise DataError("A folder's name cannot hold a null character; choose another folder for the export.")
    target = Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100 - a link must stay visible, resolve() follows it
    if target.is_symlink():
        raise DataError(f"{target} is a link to another place; choose a folder of its own for the export.")
    if target.exists() and not target.is_dir():
        raise DataError(f"{target} is a file; choose a new or empty folder for the export.")
    if not target.is_dir():
        return target
    try:
        present = {entry.name for entry in target.iterdir()}
    except OSError as error:
        raise DataError(f"{target} cannot be read: {error.strerror}; choose another folder.") from None
    if not present:
        return target
    record = read_record(target)
    if record is None:
        raise DataError(f"{target} is not empty and is no earlier export; choose a new or empty folder.")
    foreign = sorted(present - set(record.files) - {FILE_NAME})
    if foreign:
        raise DataError(
            f"{target} holds an earlier export and also {foreign[0]}; move that away, or choose another folder."
        )
    return target


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to write into; takes its place when the block ends well, else is removed.

    Raises DataError when the disk refuses; what was in ``target`` is then still there.
    """
    part = target.with_name(f".{target.name}.part-{os.getpid()}")
    old = target.with_name(f".{target.name}.old-{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(target)
        part.mkdir()
        yield part
        check_target(target)  # someone may have put something there meanwhile
        if target.is_dir():
            target.rename(old)
        try:
            part.rename(target)
        except OSError:
            if old.is_dir():
                old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"{target} cannot be written: {error.strerror or error}; choose another folder or make room."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _clear_leftovers(target: Path) -> None:
    """What exports to ``target`` left whose processes died; an earlier export that one had moved aside is put back."""
    import psutil  # here: the window's first painting lists the exporters

    for path in target.parent.glob(f".{glob.escape(target.name)}.*-*"):
        kind, _, pid = path.name.removeprefix(f".{target.name}.").partition("-")
        gone = pid.isdecimal() and (int(pid) == os.getpid() or not psutil.pid_exists(int(pid)))
        if not gone or kind not in ("part", "old"):
            continue
        if kind == "old" and not target.exists():
            with suppress(OSError):
                path.rename(target)
        else:
            shutil.rmtree(path, ignore_errors=True)
