"""Rows that a full, locked or read-only store kept out until their run was over: kept in a file, taken in later.

Knows events and the store's rows. The file is JSON lines in HOME/unsaved, one event a line, after a first line that says
when it was written.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.beside import PART, is_left, part_of
from engine.events import Event, Facts, Metrics, Phase, Rewound, Score, Unscored
from engine.store.backup import sync
from engine.store.home import make_private_folder, open_private
from engine.store.rows import store_events
from engine.store.sentences import as_store_error
from engine.store.values import storable

if TYPE_CHECKING:
    from engine.store.store import Store

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Metrics, Facts, Phase, Score, Unscored, Rewound)}


def keep(home: Path, run: int, events: Sequence[Event], attempt: int = 0, created_at: float | None = None) -> Path:
    """Write events that could not be stored to a file of their own. Raises StoreError where that fails too.

    ``attempt`` is which claim of the run they are of, 0 where that is not known; ``created_at`` when the run was made.
    """
    file = make_private_folder(home / "unsaved") / f"{run}-{time.time_ns()}-{os.getpid()}.jsonl"
    part = part_of(file)
    try:
        with open_private(part) as out:
            head = {"run": run, "attempt": attempt, "created_at": created_at, "written_at": time.time()}
            out.write(json.dumps(head) + "\n")
            for event in events:
                out.write(json.dumps({"kind": type(event).__name__, **asdict(event)}, default=storable) + "\n")
        sync(part)
        part.rename(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise as_store_error(error, file) from error
    return file


def take_in(store: Store) -> int:
    """Store what such files hold, each once, oldest first; returns how many events. Raises StoreError.

    A file is set aside unread (``.left``) where its run is unknown or has gone on since without these rows, or where it
    is damaged.
    """
    count = 0
    _rescue(store.home / "unsaved")
    for file in sorted((store.home / "unsaved").glob("*.jsonl"), key=lambda file: file.name):
        try:
            count += _take(store, file)
        except OSError as error:
            raise as_store_error(error, file) from error
    return count


def _rescue(folder: Path) -> None:
    """Give the file of a process that died while it wrote one its name, as far as its lines are whole."""
    for part in folder.glob(f"*.jsonl.{PART}-*"):
        if not is_left(part) or part.name.endswith(f"-{os.getpid()}"):  # another thread may be writing just now
            continue
        with suppress(OSError):  # the next opening tries again
            with part.open("r+b") as file:
                file.truncate(file.read().rfind(b"\n") + 1)
            part.rename(part.with_name(part.name.partition(f".{PART}-")[0]))


def _take(store: Store, file: Path) -> int:
    try:
        origin, events = _read(file)
    except (ValueError, TypeError, KeyError):
        file.rename(file.with_suffix(".left"))
        return 0
    try:
        return _store(store, file, origin, events)
    except (sqlite3.Error, ValueError, TypeError, OverflowError):  # not the disk's fault: that is a StoreError
        file.rename(file.with_suffix(".left"))
        return 0


def _store(store: Store, file: Path, origin: _Origin, events: list[Event]) -> int:
    run = origin.run
    with store.writing(durable=True) as database:  # the file is gone after it
        found = database.conn.execute("SELECT attempt, started_at, created_at FROM runs WHERE id = ?", [run]).fetchone()
        wanted = found is not None and origin.is_of(*found)
        known = database.conn.execute("SELECT 1 FROM taken_in WHERE file = ?", [file.name]).fetchone()
        if wanted and not known:
            store_events(database, run, events, {})
            database.conn.execute("INSERT INTO taken_in (file) VALUES (?)", [file.name])
    if wanted:
        file.unlink()
        return 0 if known else len(events)
    file.rename(file.with_suffix(".left"))
    return 0


@dataclass(frozen=True)
class _Origin:
    run: int
    attempt: int
    written_at: float
    created_at: float | None = None

    def is_of(self, attempt: int | None, started_at: float | None, created_at: float | None) -> bool:
        """Whether the run has not been claimed again since; by the time of day, which may jump, only for older files. A run of
        another store that took this one's place is another run."""
        if None not in (created_at, self.created_at) and created_at != self.created_at:
            return False
        return attempt == self.attempt if self.attempt else (started_at or 0.0) <= self.written_at


def _read(file: Path) -> tuple[_Origin, list[Event]]:
    first, *lines = file.read_text(encoding="utf-8").splitlines()
    head = json.loads(first)
    events: list[Event] = []
    for line in lines:
        content = json.loads(line)
        events.append(KINDS[content.pop("kind")](**content))
    created_at = None if head.get("created_at") is None else float(head["created_at"])
    return _Origin(int(head["run"]), int(head.get("attempt", 0)), float(head["written_at"]), created_at), events
