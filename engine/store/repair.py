"""Makes a store whole again: sets a damaged one aside, never deleted, and keeps all that can be read. Knows files and steps."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import StoreError
from engine.store.backup import copy_store, faults_of, free_name, sync
from engine.store.check import check_store
from engine.store.home import make_private_folder
from engine.store.invariants import mend
from engine.store.salvage import Salvage, salvage
from engine.store.sentences import as_store_error, in_sentences
from engine.store.store import Store
from engine.store.worker_lock import WorkerLock

SUFFIXES = ("", "-wal", "-shm", "-journal")
SHARED_LOCK = (0x40000002, 510)  # the bytes that every open connection of SQLite holds (start, length)


@dataclass
class Repair:
    """``aside`` is where the damaged files, or the copy made first, are; ``mended`` says what was put right among the rows."""

    aside: Path | None = None
    salvage: Salvage | None = None
    mended: list[str] = field(default_factory=list)

    @property
    def did_nothing(self) -> bool:
        return self.aside is None and not self.mended


def repair_store(home: Path) -> Repair:
    """Repair what needs it; a whole store is left alone. May be ended at any moment and called again.

    Raises StoreError while another program has the store open, and where the disk refuses.
    """
    file = home / "runs.db"
    ready = _beside(file, "-repaired")
    if WorkerLock(home).holder() is not None:
        raise StoreError("A worker is training runs of this home. Stop its runs or wait for it, then repair.")
    report = Repair()
    found = check_store(home)
    if found.damage:
        with in_sentences(file):
            if ready.exists():
                report.aside = _last_aside(home)
            else:
                _must_be_alone(file)
                before = _state(file)
                report.salvage = _rebuild(file, home)
                report.aside = _set_aside(file, home)
                if _state(file) != before:
                    raise StoreError(f"Another program wrote to the store {file} meanwhile. End it, then repair again.")
                _beside(file, "-repairing").rename(ready)
                sync(home)
            _must_be_alone(file)
            _swap(file, ready)
    elif found.faults:
        _must_be_alone(file)
        report.aside = copy_store(file, free_name(home / "backups", "runs-before-repair"))
    else:
        return report
    report.mended = _mend(home)
    return report


def _rebuild(file: Path, home: Path) -> Salvage:
    part = _beside(file, "-repairing")
    for suffix in SUFFIXES:
        _beside(part, suffix).unlink(missing_ok=True)
    try:
        saved = salvage(file, part, home)
    except sqlite3.Error as error:
        raise as_store_error(error, part) from error
    with closing(sqlite3.connect(part)) as connection:
        fault = faults_of(connection)
    if fault:
        raise StoreError(f"The repaired store {part} is not whole ({fault}); the damaged one was left as it is.")
    sync(part)
    return saved


def _set_aside(file: Path, home: Path) -> Path | None:
    """The damaged files under a second name: a link where the disk can, so that this needs no room; else a copy."""
    if not any(_beside(file, suffix).exists() for suffix in SUFFIXES):
        return None
    folder = make_private_folder(free_name(make_private_folder(home / "damaged"), "runs", ""))
    for suffix in SUFFIXES:
        old, kept = _beside(file, suffix), folder / f"runs.db{suffix}"
        if old.exists():
            try:
                os.link(old, kept)
            except OSError:
                shutil.copy2(old, kept)
                sync(kept)
    sync(folder)
    return folder


def _swap(file: Path, ready: Path) -> None:
    """The log of the old file must be gone before the new one has its name: SQLite would apply it."""
    for suffix in SUFFIXES[1:]:
        _beside(file, suffix).unlink(missing_ok=True)
    ready.replace(file)
    sync(file.parent)


def _mend(home: Path) -> list[str]:
    store = Store(home)
    try:
        with store.writing() as database:
            done = mend(database, home)
        gone = store.recover_dead()
        return done + [f"Run {run} was marked as interrupted: its process is gone." for run in gone]
    finally:
        store.close()


def _last_aside(home: Path) -> Path | None:
    return max((home / "damaged").glob("*"), key=lambda folder: folder.name, default=None)


def _must_be_alone(file: Path) -> None:
    """Raises StoreError where another program has the file open."""
    if sys.platform == "win32" or not file.exists():  # there an open file can be neither renamed nor replaced
        return
    import fcntl

    with file.open("r+b") as held:  # closing it ends the lock again, as does any reading of the file in this process
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB, SHARED_LOCK[1], SHARED_LOCK[0])
        except OSError:
            raise StoreError(
                f"Another program has the store {file} open. Close the windows and commands of this home, then repair."
            ) from None


def _state(file: Path) -> list[tuple[int, int] | None]:
    """What changes when anybody writes."""
    found = [_beside(file, suffix) for suffix in ("", "-wal")]
    return [(path.stat().st_size, path.stat().st_mtime_ns) if path.exists() else None for path in found]


def _beside(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)
