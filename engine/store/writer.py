"""Writes a run's events to the store, one transaction every quarter of a second, from a thread of its own.

Training never waits for the disk; nothing older than that quarter is lost when it dies. A store that is busy or full
for a while is tried again; meanwhile the events wait in memory. Knows events, not training.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.events import Event, Facts, Log, Metrics, Phase, Score
from engine.store import schema
from engine.store.home import make_private_folder, open_private
from engine.store.sentences import PASSING, as_store_error, in_sentences, result_code
from engine.store.sqlite import Database
from engine.store.values import storable

PERIOD_S = 0.25
RETRY_S = 0.5


class RunWriter:
    """``emit(event)`` from any thread; ``flush()`` waits until all is stored; ``close()`` flushes and ends the thread.

    A write that fails is tried again for ``patience_s``; after that the next ``emit`` or ``flush`` raises StoreError.
    """

    def __init__(self, home: Path, run: int, patience_s: float = 60.0) -> None:
        self._run = run
        self._file = home / "runs.db"
        self._patience_s = patience_s
        self._pending: list[Event] = []
        self._condition = threading.Condition()
        self._closing = False
        self._flush_asked = False
        self._emitted = 0
        self._stored = 0
        self._written_at = -PERIOD_S
        self._error: Exception | None = None
        self._log_file = make_private_folder(home / "runs" / str(run)) / "log.txt"
        self._log_lock = threading.Lock()
        try:
            self._log = open_private(self._log_file, "a")
        except OSError as error:
            raise as_store_error(error, self._log_file) from error
        self._thread = threading.Thread(target=self._work, name=f"store writer {run}", daemon=True)
        self._thread.start()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def emit(self, event: Event) -> None:
        """Take an event; it is stored within ``PERIOD_S``. A log line is in the file when this returns."""
        if isinstance(event, Log):
            self._append_to_log(event.text)
            return
        with self._condition:
            self._raise_if_broken()
            self._pending.append(event)
            self._emitted += 1
            if len(self._pending) == 1:
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
        """Store what is left and end the thread; may be called again."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()
        self._log.close()
        self._raise_if_broken()

    def _append_to_log(self, text: str) -> None:
        stamp = datetime.now().strftime("%H:%M:%S")
        lines = "".join(f"{stamp}  {line}\n" for line in text.splitlines() or [""])
        try:
            with self._log_lock:
                self._log.write(lines)
        except OSError as error:
            raise as_store_error(error, self._log_file) from error

    def _raise_if_broken(self) -> None:
        if self._error is not None:
            with in_sentences(self._file):
                raise self._error

    def _work(self) -> None:
        database: Database | None = None
        try:
            database = schema.connect(self._file)
            names: dict[str, int] = {}
            while events := self._next_events():
                self._write_patiently(database, events, names)
                self._written_at = time.monotonic()
                with self._condition:
                    self._stored += len(events)
                    self._condition.notify_all()
        except Exception as error:  # whatever it is: nobody may wait for this thread for ever
            with self._condition:
                self._error = error
                self._condition.notify_all()
        finally:
            if database is not None:
                database.close()

    def _next_events(self) -> list[Event]:
        """What to store next, gathered for ``PERIOD_S`` unless somebody waits for it; empty once closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._pending or self._closing)
            pause = self._written_at + PERIOD_S - time.monotonic()
            if pause > 0:
                self._condition.wait_for(lambda: self._flush_asked or self._closing, timeout=pause)
            events, self._pending = self._pending, []
            self._flush_asked = False
            return events

    def _write_patiently(self, database: Database, events: list[Event], names: dict[str, int]) -> None:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                return _write(database, self._run, events, names)
            except sqlite3.OperationalError as error:
                if result_code(error) not in PASSING or time.monotonic() > deadline:
                    raise
            time.sleep(RETRY_S)


def _write(database: Database, run: int, events: list[Event], names: dict[str, int]) -> None:
    """Store ``events`` in one transaction. ``names`` remembers the numbers of curve names."""
    facts: dict[str, Any] = {}
    rows: list[tuple[int, int, int, float, float]] = []
    scored = False
    known = dict(names)
    connection = database.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        for event in events:
            match event:
                case Metrics():
                    rows += [
                        (run, _series(database, name, known), int(event.step), float(event.seconds), float(value))
                        for name, value in event.values.items()
                    ]
                case Facts():
                    facts |= {column: storable(value) for column, value in event.values.items()}
                case Phase():
                    facts |= {
                        "phase": storable(event.text),
                        "phase_done": int(event.done),
                        "phase_total": int(event.total),
                    }
                case Score():
                    connection.execute(
                        "INSERT INTO scores (run, model, split, metric, value) VALUES (?, ?, ?, ?, ?) "
                        "ON CONFLICT (run, model, split, metric) DO UPDATE SET value = excluded.value",
                        [run, event.model, event.split, event.metric, float(event.value)],
                    )
                    scored = True
        connection.executemany("INSERT INTO metrics (run, series, step, seconds, value) VALUES (?, ?, ?, ?, ?)", rows)
        if facts or scored:
            (revision,) = connection.execute("SELECT COALESCE(MAX(revision), 0) + 1 FROM runs").fetchone()
            database.table("runs").update(run, {**facts, "revision": revision})
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    names |= known


def _series(database: Database, name: str, names: dict[str, int]) -> int:
    if name not in names:
        database.conn.execute("INSERT OR IGNORE INTO series (name) VALUES (?)", [name])
        (names[name],) = database.conn.execute("SELECT id FROM series WHERE name = ?", [name]).fetchone()
    return names[name]
