"""Writes a run's events to the store, one transaction every quarter of a second, from a thread of its own.

Training does not wait for the disk; nothing older than that quarter is lost when it dies. A store that is busy, full or
read-only for a while is tried again, and the run's log says so; meanwhile the events wait in memory, and training waits
too once they are too many. What cannot be stored at all is kept in a file for later. Knows events, not training.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

from engine.errors import StoreError
from engine.events import Event, Log
from engine.patience import PATIENCE_S, patiently
from engine.store import schema, unsaved
from engine.store.home import make_private_folder
from engine.store.rows import store_events
from engine.store.run_log import RunLog
from engine.store.sentences import CANTOPEN, IOERR, PASSING, READONLY, as_store_error, in_sentences, result_code
from engine.store.sqlite import Database

PERIOD_S = 0.25
RETRY_S = 0.5
BUSY_S = 5.0  # how long SQLite itself waits for another writer before that is worth a line in the log
STALE = (READONLY, IOERR, CANTOPEN)
LONGEST_LINE = 100_000  # events in memory before training waits


class _RemovedError(StoreError):
    """The store's file is gone, or another one has its name."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"The store {file} was removed or replaced while a run writes to it. Put it back, and nothing is lost."
        )


class _TakenError(StoreError):
    """Another process has the run now."""

    def __init__(self, run: int) -> None:
        super().__init__(
            f"Another process has taken run {run} since, as this one was thought to be gone; it stores no more rows of it."
        )


class RunWriter:
    """``emit(event)`` from any thread; ``flush()`` waits until all is stored; ``close()`` flushes and ends the thread.

    A write that fails is tried again for ``patience_s``; after that the next ``emit`` or ``flush`` raises StoreError, and
    ``close`` keeps what could not be stored in a file that the next opening of the store takes in, then raises too.
    ``attempt`` is which claim of the run this is, ``created_at`` when the run was put into the store: another store that has
    taken the place of this one may have a run of the same number.
    """

    def __init__(
        self, home: Path, run: int, patience_s: float = PATIENCE_S, attempt: int = 0, created_at: float | None = None
    ) -> None:
        self._home, self._run = home, run
        self._file = home / "runs.db"
        self._patience_s, self._attempt, self._created_at = patience_s, attempt, created_at
        self._pending: list[Event] = []
        self._condition = threading.Condition()
        self._closing = False
        self._flush_asked = False
        self._emitted = 0
        self._stored = 0
        self._written_at = -PERIOD_S
        self._error: Exception | None = None
        self._inode = 0
        with suppress(OSError):  # before the thread has it open: by then another may be in its place
            self._inode = self._file.stat().st_ino
        self._log = RunLog(make_private_folder(home / "runs" / str(run)) / "log.txt")
        self._thread = threading.Thread(target=self._work, name=f"store writer {run}", daemon=True)
        self._thread.start()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def emit(self, event: Event) -> None:
        """Take an event; it is stored within ``PERIOD_S``. A log line is in the file when this returns, disk permitting."""
        if isinstance(event, Log):
            self._log.write(event.text)
            return
        with self._condition:
            self._condition.wait_for(lambda: len(self._pending) < LONGEST_LINE or self._error is not None)
            self._raise_if_broken()
            self._pending.append(event)
            self._emitted += 1
            if len(self._pending) == 1:
                self._condition.notify_all()

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until everything emitted so far is stored, at most ``seconds``; returns whether it is."""
        with self._condition:
            wanted = self._emitted
            self._flush_asked = True
            self._condition.notify_all()
            stored = self._condition.wait_for(lambda: self._stored >= wanted or self._error is not None, seconds)
            self._raise_if_broken()
            return stored

    def close(self) -> None:
        """Store what is left and end the thread; may be called again."""
        with self._condition:
            self._closing = True
            self._condition.notify_all()
        self._thread.join()
        self._keep_unsaved()
        self._log.close()
        self._raise_if_broken()

    def _keep_unsaved(self) -> None:
        """What the store would not take goes to a file of its own. Where even that fails the error says how much is lost."""
        events, self._pending = self._pending, []
        if not events:
            return
        try:
            file = unsaved.keep(self._home, self._run, events, self._attempt, self._created_at)
            kept = f"{len(events)} events could not be stored; they are kept in {file} until the store takes them."
            self._log.write(kept)
            if isinstance(self._error, _RemovedError):
                self._error = StoreError(f"{self._error} {kept}")
            elif self._error is not None and result_code(self._error) in PASSING:
                self._error = StoreError(f"{as_store_error(self._error, self._file)} {kept}")
        except (StoreError, TypeError, ValueError) as error:
            self._log.write(f"{len(events)} events could not be stored and are lost: {error}")
            if self._error is None or isinstance(self._error, sqlite3.Error):
                said = as_store_error(self._error, self._file) if self._error is not None else error
                self._error = StoreError(f"{said} {len(events)} events of run {self._run} are lost.")

    def _raise_if_broken(self) -> None:
        if self._error is not None:
            with in_sentences(self._file):
                raise self._error

    def _work(self) -> None:
        database: Database | None = None
        events: list[Event] = []
        try:
            database = _connected(self._file)
            self._inode = self._inode or self._file.stat().st_ino
            names: dict[str, int] = {}
            while events := self._next_events():
                database = self._write_patiently(database, events, names)
                self._written_at = time.monotonic()
                self._log.catch_up()
                with self._condition:
                    self._stored += len(events)
                    self._condition.notify_all()
        except Exception as error:  # whatever it is: nobody may wait for this thread for ever
            with self._condition:
                self._pending[:0] = events
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
            self._condition.notify_all()
            return events

    def _write_patiently(self, database: Database, events: list[Event], names: dict[str, int]) -> Database:
        """Returns the connection to go on with: one that found the file read-only or gone is replaced, as it would stay so."""

        def write() -> None:
            self._must_be_there()
            _write(database, self._run, events, names, self._attempt)

        def say(error: Exception) -> None:
            why = error if isinstance(error, StoreError) else as_store_error(error, self._file)
            self._log.write(f"{why} Tried again until it works; the rows wait in memory.")

        def reopen(error: Exception) -> None:
            nonlocal database
            if isinstance(error, _RemovedError) or result_code(error) in STALE:
                database = self._reopened(database, names)

        patiently(
            write,
            _may_pass,
            say,
            retry_s=RETRY_S,
            patience_s=self._patience_s,
            before_again=reopen,
            over=lambda: self._log.write("The store takes rows again; none was lost."),
        )
        return database

    def _must_be_there(self) -> None:
        """A file that was deleted takes rows until it is closed, and then they are gone. Raises _RemovedError."""
        try:
            there = self._file.stat().st_ino
        except FileNotFoundError:
            raise _RemovedError(self._file) from None
        except OSError:
            return  # a disk that does not answer: SQLite says so
        if there != self._inode:
            raise _RemovedError(self._file)

    def _reopened(self, database: Database, names: dict[str, int]) -> Database:
        """A connection to what has the store's name now, if that is this run's store; else the one there was."""
        if not self._file.is_file():
            return database  # never make a new store here
        try:
            new = _connected(self._file)
            if not _has_run(new, self._run, self._attempt, self._created_at):
                new.close()
                return database
        except (StoreError, sqlite3.Error):
            return database
        database.close()
        self._inode = self._file.stat().st_ino
        names.clear()
        return new


def _may_pass(error: Exception) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return result_code(error) in PASSING
    return isinstance(error, _RemovedError)


def _has_run(database: Database, run: int, attempt: int, created_at: float | None) -> bool:
    found = database.conn.execute("SELECT COALESCE(attempt, 0), created_at FROM runs WHERE id = ?", [run]).fetchone()
    return found is not None and attempt in (0, found[0]) and (created_at is None or found[1] in (None, created_at))


def _connected(file: Path) -> Database:
    """A connection whose commits are on the disk: a checkpoint that follows must not outlive its curves in a power cut."""
    database = schema.connect(file, BUSY_S)
    database.conn.execute("PRAGMA synchronous = full")
    return database


def _write(database: Database, run: int, events: list[Event], names: dict[str, int], attempt: int = 0) -> None:
    """Store ``events`` in one transaction. ``names`` remembers the numbers of curve names. Raises _TakenError where the run has
    been claimed again since ``attempt``: two processes would double its rows."""
    known = dict(names)
    connection = database.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = connection.execute("SELECT attempt FROM runs WHERE id = ?", [run]).fetchone()
        if attempt and found is not None and found[0] != attempt:
            raise _TakenError(run)
        store_events(database, run, events, known)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    names |= known
