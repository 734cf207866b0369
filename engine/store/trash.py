"""Discarding runs without losing them: to the trash, back from it, or gone for good. Knows the store's rows and folders.

The row says where a run is, its folder follows by a rename inside the same transaction. ``settle``, called whenever a
store is opened, mends what a process left that died between the two. Only a purge deletes, and only from the trash.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.store.home import make_private_folder
from engine.store.liveness import is_had
from engine.store.records import ENDED_WITHOUT_A_WORD, INTERRUPTED, RUNNING, RunRecord
from engine.store.sentences import as_store_error, in_sentences

if TYPE_CHECKING:
    from engine.store.store import Store

GOING = ".purged"  # of a folder whose run is being deleted for good


def discard(store: Store, run: int) -> RunRecord:
    """Move a run to the trash: hidden everywhere, nothing deleted. Returns it as it was.

    Raises StoreError for a running run, or where its folder cannot be moved; then nothing is changed.
    """
    found = store.run(run)
    if found.trashed_at is not None:
        raise StoreError(f"Run {run} is in the trash already; “distill restore {run}” brings it back.")
    if found.state == RUNNING and not is_had(found):
        store.set_state(run, INTERRUPTED, ENDED_WITHOUT_A_WORD, RUNNING, (found.pid, found.pid_started))
    with store.writing():
        found = store.run(run)
        if found.state == RUNNING:
            raise StoreError(
                f"Run {run} is running and cannot be discarded. Stop it first (“distill stop {run}”), then discard it."
            )
        store.change(run, trashed_at=time.time())
        _move(store.folder(run), store.folder(run, trashed=True))
    return found


def restore(store: Store, run: int) -> RunRecord:
    """Bring a run back from the trash, as it was. Raises StoreError where it is not there or cannot be moved."""
    with store.writing():
        found = store.run(run)
        if found.trashed_at is None:
            raise StoreError(f"Run {run} is not in the trash; “distill runs --trash” lists what is.")
        store.change(run, trashed_at=None)
        _move(found.folder, store.folder(run))
    return store.run(run)


def purge(store: Store, runs: Iterable[int]) -> int:
    """Delete runs in the trash for good: rows, student, log. Returns the bytes of the deleted files.

    Raises StoreError where one is not in the trash (then nothing is deleted) or a file refuses to go.
    """
    wanted = dict.fromkeys(runs)
    going: list[Path] = []
    try:
        with store.writing(durable=True):  # the folders are gone after it
            for run in wanted:
                if store.run(run).trashed_at is None:
                    raise StoreError(
                        f"Run {run} is not in the trash, so it was not deleted. First “distill discard {run}”."
                    )
            for run in wanted:
                going.append(_mark(store.folder(run, trashed=True)))
                store.forget(run)
    except BaseException:
        with suppress(StoreError):
            settle(store)
        raise
    gone = 0
    for folder in going:
        gone += size_of(folder)
        _delete(folder)
    return gone


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder; links count as themselves, what cannot be read as nothing."""
    size = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                size += size_of(Path(entry.path)) if entry.is_dir(follow_symlinks=False) else _length(entry)
    return size


def settle(store: Store) -> None:
    """Put every folder where its run's row says it is; finish a purge that was cut short. Raises StoreError."""
    if not any(_astray(store)):
        return
    with store.writing():  # whoever moves a folder just now has the transaction; look again with it
        moves, going = _astray(store)
        for folder, target in moves:
            with suppress(StoreError):
                _move(folder, target)
    for folder in going:
        _delete(folder)


def _astray(store: Store) -> tuple[list[tuple[Path, Path]], list[Path]]:
    """Folders that are not where they belong, with where that is; and folders of runs that were deleted for good."""
    trash, hidden = store.home / "trash", store.trashed()
    names = _names(trash)
    moves = [
        (store.folder(run), store.folder(run, trashed=True))
        for run in hidden
        if str(run) not in names and store.folder(run).is_dir()
    ]
    moves += [(trash / name, trash / str(_number(name))) for name in names if _number(name) in hidden and GOING in name]
    others = [name for name in names if _number(name) not in hidden]
    if not others:
        return moves, []
    known = store.numbers()
    moves += [(trash / name, store.folder(_number(name))) for name in others if _number(name) in known]
    gone = store.purged()
    return moves, [trash / name for name in others if _number(name) in gone]


def _number(name: str) -> int:
    number = name.removesuffix(GOING)
    return int(number) if number.isdecimal() and number.isascii() else 0


def _move(folder: Path, target: Path) -> None:
    """No folder is no fault; nothing is ever moved over something. Raises StoreError."""
    if not folder.is_dir():
        return
    if target.exists():
        raise StoreError(
            f"{folder} cannot be moved to {target}: that is there already. Look into both, move one aside."
        )
    make_private_folder(target.parent)
    with in_sentences(folder):
        folder.rename(target)


def _mark(folder: Path) -> Path:
    going = folder.with_name(folder.name + GOING)
    with in_sentences(folder):
        if folder.is_dir():
            folder.rename(going)
    return going


def _delete(folder: Path) -> None:
    try:
        if folder.is_symlink():
            folder.unlink()
        elif folder.is_dir():
            shutil.rmtree(folder)
    except OSError as error:
        raise as_store_error(error, folder) from error


def _names(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise as_store_error(error, folder) from error


def _length(entry: os.DirEntry[str]) -> int:
    return entry.stat(follow_symlinks=False).st_size
