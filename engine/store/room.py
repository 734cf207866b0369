"""The room that purged runs leave in runs.db, given back to the disk when nobody trains. Knows pages, not rows."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import StoreError
from engine.store.liveness import is_had
from engine.store.records import RUNNING

if TYPE_CHECKING:
    from engine.store.store import Store

LEAST_BYTES = 1 << 20  # less is soon filled again …
LEAST_SHARE = 0.2  # … and so is less than this share of the file


def free_bytes(store: Store) -> int:
    """How much of the file is free for new rows. Raises StoreError."""
    return store.pragma("freelist_count") * store.pragma("page_size")


def give_back_room(store: Store, most_bytes: int | None = None) -> int:
    """Make the file as small as its rows, where much of it is free; returns by how many bytes it is smaller.

    Everybody else waits meanwhile, so it is left for later (0) while a run is active, where the disk has no room for a second
    copy, or where what stays is more than ``most_bytes``. Raises StoreError where the store cannot even be read.
    """
    free = free_bytes(store)
    whole = store.pragma("page_count") * store.pragma("page_size")
    if free < max(LEAST_BYTES, LEAST_SHARE * whole) or (most_bytes is not None and whole - free > most_bytes):
        return 0
    if any(is_had(run) for run in store.runs(RUNNING)) or shutil.disk_usage(store.home).free < 2 * (whole - free):
        return 0
    before = _size(store)
    with suppress(StoreError, sqlite3.Error):  # somebody writes just now, or a disk is full: the next time will do
        store.compact()
    return max(0, before - _size(store))


def _size(store: Store) -> int:
    """Bytes of the file and its log."""
    sizes = 0
    for name in ("runs.db", "runs.db-wal"):
        with suppress(OSError):
            sizes += (store.home / name).stat().st_size
    return sizes
