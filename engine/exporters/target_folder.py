"""Puts a folder into place whole or not at all, and never over anything that is not an earlier export."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.analysis.export_record import FILE_NAME, deleted_from, read_record
from engine.beside import clear_leftovers, old_of, part_of
from engine.errors import DataError
from engine.store.backup import sync


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


def must_be_outside(target: Path, home: Path) -> None:
    """Raises DataError for a folder among those of a home that go with their run, or are cleared."""
    if folder := deleted_from(target, home):
        raise DataError(
            f"{target} lies in {folder}, from which this program deletes; choose a folder outside it for the export."
        )


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """A new folder beside ``target`` to write into; takes its place when the block ends well, else is removed.

    Raises DataError when the disk refuses; what was in ``target`` is then still there.
    """
    hidden = target.with_name(f".{target.name}")
    part, old = part_of(hidden), old_of(hidden)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(target, hidden.name)
        part.mkdir()
        yield part
        for path in (*sorted(part.rglob("*")), part):  # on the disk before an earlier export is given up for it
            sync(path)
        check_target(target)  # someone may have put something there meanwhile
        if target.is_dir():
            target.rename(old)
        try:
            part.rename(target)
        except OSError:
            if old.is_dir():
                old.rename(target)
            raise
        sync(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise DataError(
            f"{target} cannot be written: {error.strerror or error}; choose another folder or make room."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
