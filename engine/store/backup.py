"""A consistent copy of a store while others use it, checked after writing; knows files, not tables."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

from engine.beside import part_of
from engine.errors import StoreError
from engine.store.home import make_private_folder
from engine.store.sentences import FULL, IOERR, READONLY, as_store_error, in_sentences, repair_of, result_code

PATIENCE_S = 30.0
OF_THE_COPY = (FULL, IOERR, READONLY)


def free_name(folder: Path, stem: str, suffix: str = ".db") -> Path:
    """A name in ``folder`` with the time of day in it that nothing has yet."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    number, name = 1, folder / f"{stem}-{stamp}{suffix}"
    while name.exists():
        number += 1
        name = folder / f"{stem}-{stamp}-{number}{suffix}"
    return name


def copy_store(file: Path, target: Path) -> Path:
    """Copy the store ``file``, log included, to the new file ``target``; returns it once it is on the disk and whole.

    Raises StoreError: no store, a target that is there already, a full disk, or a store that is damaged.
    """
    if not file.is_file():
        raise StoreError(f"There is no store at {file}; nothing was copied.")
    if target.exists():
        raise StoreError(f"{target} is there already; nothing was copied. Choose another name.")
    if not target.parent.is_dir():
        make_private_folder(target.parent)
    part = part_of(target)
    try:
        with in_sentences(part):
            os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        fault = _copy(file, part)
        if fault:
            raise StoreError(
                f"The store {file} is damaged ({fault}), so no copy was kept. First repair it: {repair_of(file)}."
            )
        with in_sentences(target):
            _settle(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk. Raises OSError; folders are tried only."""
    if path.is_dir():
        with suppress(OSError):  # not every system can
            _sync(path)
    else:
        _sync(path)


def faults_of(connection: sqlite3.Connection) -> str:
    """The first of what SQLite finds wrong with a file, "" if it is whole. Raises sqlite3.Error."""
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    return "" if found == "ok" else " ".join(str(found).split())


def _copy(file: Path, part: Path) -> str:
    """Returns what is wrong with the copy."""
    with in_sentences(part), closing(sqlite3.connect(part, isolation_level=None)) as copy:
        with in_sentences(file), closing(sqlite3.connect(file, timeout=PATIENCE_S)) as source:
            source.execute("PRAGMA query_only = 1")
            source.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()  # waits, where the backup itself would not
            try:
                source.backup(copy)
            except sqlite3.Error as error:
                raise as_store_error(error, part if result_code(error) in OF_THE_COPY else file) from error
        copy.execute("PRAGMA journal_mode = delete")  # one file, without a log beside it
        return faults_of(copy)


def _settle(part: Path, target: Path) -> None:
    sync(part)
    try:
        os.link(part, target)  # unlike a rename, this never takes the place of a file that came meanwhile
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        part.rename(target)
    sync(target.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
