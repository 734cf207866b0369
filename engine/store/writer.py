"""Writes a run's events to the store, one transaction every quarter of a second, from a thread of its own.

Training never waits for the disk; nothing older than that quarter is lost when it dies.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from engine.errors import StoreError
from engine.events import Event, Facts, Log, Metrics, Phase, Score
from engine.store import schema

PERIOD_S = 0.25


class RunWriter:
    """``emit(event)`` from any thread; ``flush()`` waits until all is stored; ``close()`` flushes and ends the thread.

    After a write that could not be done, the next ``emit`` or ``flush`` raises StoreError.
    """

    def __init__(self, home: Path, run: int) -> None:
        self._run = run
        self._home = home
        self._pending: list[Event] = []
        self._condition = threading.Condition()
        self._closing = False
        self._flush_asked = False
        self._emitted = 0
        self._stored = 0
        self._error: Exception | None = None
        self._log = (home / "runs" / str(run) / "log.txt").open("a", encoding="utf-8", buffering=1)
        self._thread = threading.Thread(target=self._work, name=f"store writer {run}", daemon=True)
        self._thread.start()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def emit(self, event: Event) -> None:
        if isinstance(event, Log):
            stamp = datetime.now().strftime("%H:%M:%S")
            self._log.write("".join(f"{stamp}  {line}\n" for line in event.text.splitlines() or [""]))
            return
        with self._condition:
            self._raise_if_broken()
            self._pending.append(event)
            self._emitted += 1
            self._condition.notify_all()

    def flush(self) -> None:
        """Wait until everything emitted so far is stored."""
        with self._condition:
            wanted = self._emitted
            self._flush_asked = True
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._stored >= wanted or self._error is not None)
            self._raise_if_broken()

    def close(self) -> None:
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()
        self._log.close()
        if self._error is not None:
            self._raise_if_broken()

    def _raise_if_broken(self) -> None:
        if self._error is not None:
            raise StoreError(f"The store in {self._home} cannot be written: {self._error}.") from self._error

    def _work(self) -> None:
        database = schema.connect(self._home / "runs.db")
        names: dict[str, int] = {}
        last = 0.0
        try:
            while True:
                with self._condition:
                    self._condition.wait_for(lambda: self._pending or self._closing)
                    # Gather what comes within the period, unless somebody waits for it.
                    pause = last + PERIOD_S - time.monotonic()
                    if pause > 0:
                        self._condition.wait_for(lambda: self._flush_asked or self._closing, timeout=pause)
                    events, self._pending = self._pending, []
                    self._flush_asked = False
                    if not events and self._closing:
                        return
                _write(database, self._run, events, names)
                last = time.monotonic()
                with self._condition:
                    self._stored += len(events)
                    self._condition.notify_all()
        except (sqlite3.Error, OSError) as error:
            with self._condition:
                self._error = error
                self._condition.notify_all()
        finally:
            database.close()


def _write(database: Database, run: int, events: list[Event], names: dict[str, int]) -> None:
    """Store ``events`` in one transaction. ``names`` remembers the numbers of curve names."""
    facts: dict[str, Any] = {}
    rows: list[tuple[int, int, int, float, float]] = []
    connection = database.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        for event in events:
            if isinstance(event, Metrics):
                for name, value in event.values.items():
                    rows.append((run, _series(database, name, names), event.step, event.seconds, value))
            elif isinstance(event, Facts):
                facts |= event.values
            elif isinstance(event, Phase):
                facts |= {"phase": event.text, "phase_done": event.done, "phase_total": event.total}
            elif isinstance(event, Score):
                score = {"run": run, "model": event.model, "split": event.split, "metric": event.metric}
                database.table("scores").upsert(
                    {**score, "value": event.value}, pk=("run", "model", "split", "metric")
                )
        connection.executemany(
            "INSERT INTO metrics (run, series, step, seconds, value) VALUES (?, ?, ?, ?, ?)", rows
        )
        if facts or any(isinstance(event, Score) for event in events):
            (revision,) = connection.execute("SELECT COALESCE(MAX(revision), 0) + 1 FROM runs").fetchone()
            database.table("runs").update(run, {**facts, "revision": revision})
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _series(database: Database, name: str, names: dict[str, int]) -> int:
    if name not in names:
        database.execute("INSERT OR IGNORE INTO series (name) VALUES (?)", [name])
        (names[name],) = database.conn.execute("SELECT id FROM series WHERE name = ?", [name]).fetchone()
    return names[name]
