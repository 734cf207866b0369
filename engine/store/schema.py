"""The tables of runs.db and how older files become the newest; knows no meaning of the rows."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from engine.errors import StoreError
from engine.store import wal
from engine.store.backup import copy_store, free_name
from engine.store.sentences import BUSY, LOCKED, as_store_error, damaged, in_sentences, repair_of, result_code
from engine.store.sqlite import Database

PATIENCE_S = 30.0
_CREATING = threading.Lock()


def _first_tables(database: Database) -> None:
    # AUTOINCREMENT: a number is never given twice, so whoever reads on from the last one seen misses nothing.
    for statement in (
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT, revision INTEGER, name TEXT, state TEXT, phase TEXT,
            phase_done INTEGER, phase_total INTEGER, reason TEXT, created_at REAL, started_at REAL, ended_at REAL,
            config TEXT, toml TEXT, task TEXT, loss TEXT, architecture TEXT, seed INTEGER, teacher TEXT,
            step INTEGER, total_steps INTEGER, steps_per_epoch INTEGER, batch_size INTEGER, key_metric TEXT,
            best_score REAL, best_step INTEGER, teacher_score REAL, parameters INTEGER, teacher_parameters INTEGER,
            device TEXT, device_reason TEXT, pid INTEGER, pid_started REAL, colour INTEGER, note TEXT
        )
        """,
        "CREATE INDEX runs_by_revision ON runs (revision)",
        "CREATE INDEX runs_by_state ON runs (state)",
        "CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        """
        CREATE TABLE metrics (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs (id),
            series INTEGER NOT NULL REFERENCES series (id), step INTEGER, seconds REAL, value REAL
        )
        """,
        # An index ends with the row's id: a curve, and a run's rows series by series, come in the order stored.
        "CREATE INDEX metrics_by_curve ON metrics (run, series)",
        """
        CREATE TABLE scores (
            run INTEGER NOT NULL REFERENCES runs (id), model TEXT, split TEXT, metric TEXT, value REAL,
            PRIMARY KEY (run, model, split, metric)
        )
        """,
        """
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL REFERENCES runs (id), kind TEXT, asked_at REAL
        )
        """,
        "CREATE INDEX requests_by_run ON requests (run, kind)",
    ):
        database.conn.execute(statement)


def _trash_and_unsaved(database: Database) -> None:
    for statement in (
        "ALTER TABLE runs ADD COLUMN trashed_at REAL",
        "CREATE INDEX runs_in_trash ON runs (trashed_at) WHERE trashed_at IS NOT NULL",
        # A purged run leaves its number and its last revision: windows read on by revision, and none comes twice.
        "CREATE TABLE purged (run INTEGER PRIMARY KEY, revision INTEGER, purged_at REAL)",
        "CREATE INDEX purged_by_revision ON purged (revision)",
        # Files of rows that a full disk kept out and that were taken in later: each once.
        "CREATE TABLE taken_in (file TEXT NOT NULL UNIQUE)",
    ):
        database.conn.execute(statement)


def _rewinds(database: Database) -> None:
    # How often rows of a run were taken back because it went on from before them: a window then reads the run anew.
    database.conn.execute("ALTER TABLE runs ADD COLUMN rewinds INTEGER DEFAULT 0")


def _row_counts(database: Database) -> None:
    # How many rows a run was trained and scored on: a figure of a subset is not one of the whole task.
    for name in ("train_rows", "evaluation_rows"):
        database.conn.execute(f"ALTER TABLE runs ADD COLUMN {name} INTEGER")


def _attempts(database: Database) -> None:
    # Which machine a pid is of; how often a run was claimed, to which its late rows belong; and whether it got any further
    # since it was last resumed by itself.
    for column in ("machine TEXT", "attempt INTEGER DEFAULT 0", "resumed_rows INTEGER"):
        database.conn.execute(f"ALTER TABLE runs ADD COLUMN {column}")


def _marks(database: Database) -> None:
    # What a row says, as a number (marks.py): a changed byte is noticed when it is read. Older rows stay without. Whoever
    # changes a row without marking it anew, an older program or a person, takes its mark away: that is no damage.
    for name, key in (("runs", "id"), ("metrics", "id"), ("scores", "rowid")):
        database.conn.execute(f"ALTER TABLE {name} ADD COLUMN mark INTEGER")
        database.conn.execute(
            f"CREATE TRIGGER {name}_unmarked AFTER UPDATE ON {name} WHEN NEW.mark = OLD.mark "
            f"BEGIN UPDATE {name} SET mark = NULL WHERE {key} = NEW.{key}; END"
        )


# One entry a version; never changed once released, only added to.
MIGRATIONS = (_first_tables, _trash_and_unsaved, _rewinds, _row_counts, _attempts, _marks)
OURS = frozenset({"runs", "series", "metrics", "scores", "requests"})  # tables of every version


def connect(file: Path, patience_s: float = PATIENCE_S) -> Database:
    """Open ``file`` with write-ahead logging, waiting up to ``patience_s`` for other writers; a new file is private.

    Raises StoreError in a sentence. A damaged store is refused before SQLite touches it, as far as that can be seen
    from outside: opening it would tidy away what a repair can still read.
    """
    _refuse_to_start_over(file)
    try:
        _make_private(file)
        connection = sqlite3.connect(str(file), timeout=patience_s, check_same_thread=False)
    except (sqlite3.DatabaseError, OSError) as error:
        raise as_store_error(error, file) from error
    database = Database(connection)
    try:
        # In write-ahead mode "normal" survives the death of the process; a power cut takes what the system had not
        # written yet. What must outlive that too asks for "full".
        connection.execute("PRAGMA synchronous = normal")
        _enable_wal(database, patience_s)
        return database
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        connection.close()
        raise as_store_error(error, file) from error


def migrate(database: Database, file: Path) -> str:
    """Bring the tables to the newest version, in one transaction; a file with rows is copied to backups/ first.

    Returns a sentence that says so, "" if there was nothing to do. Raises StoreError for a file of a newer program, of
    another program, or a damaged one.
    """
    connection = database.conn
    try:
        with in_sentences(file):
            if _version(database) == len(MIGRATIONS):
                _refuse_other_columns(database, file)
                return ""
            connection.execute("BEGIN IMMEDIATE")
            version = _version(database)  # another process may have been faster
            if version == len(MIGRATIONS):
                return ""
            _refuse_strangers(database, file, version)
            copy = None
            if version > 0:  # read by a connection of its own: the file as it was before this transaction
                copy = copy_store(file, free_name(file.parent / "backups", f"runs-schema-{version}"))
            for step in MIGRATIONS[version:]:
                step(database)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    if copy is None:
        return ""
    return f"The store was brought from schema {version} to {len(MIGRATIONS)}; as it was, it is kept in {copy}."


def tables(version: int = len(MIGRATIONS), file: Path | None = None) -> Database:
    """An empty store of a version, in memory or in a new ``file``. Raises sqlite3.Error, OSError."""
    if file is None:
        database = Database(memory=True)
    else:
        _make_private(file)
        database = Database(sqlite3.connect(file))
    database.conn.execute("BEGIN")
    for step in MIGRATIONS[:version]:
        step(database)
    database.conn.execute(f"PRAGMA user_version = {version}")
    database.conn.execute("COMMIT")
    return database


def _version(database: Database) -> int:
    return int(database.conn.execute("PRAGMA user_version").fetchone()[0])


def columns_of(database: Database) -> dict[str, list[tuple[str, str]]]:
    """The columns (name, type) of each table of this program that is there."""
    return {
        name: database.conn.execute(f"SELECT name, type FROM pragma_table_info('{name}')").fetchall()
        for name in sorted(OURS)
    }


@cache
def _own_columns() -> dict[str, list[tuple[str, str]]]:
    database = tables()
    try:
        return columns_of(database)
    finally:
        database.close()


def _refuse_other_columns(database: Database, file: Path) -> None:
    """SQLite believes any table's description that it can read: a changed letter in it is another column."""
    found = columns_of(database)
    for name, own in _own_columns().items():
        if lacking := [column for column in own if column not in found[name]]:
            raise damaged(file, f"the table {name} has no column {lacking[0][0]}")


def _refuse_strangers(database: Database, file: Path, version: int) -> None:
    if version > len(MIGRATIONS):
        raise StoreError(
            f"The store {file} was written by a newer version of this program (schema {version}, this one knows "
            f"{len(MIGRATIONS)}); update the program. If there never was a newer one, the file is damaged: {repair_of(file)}."
        )
    names = set(database.table_names())
    if version < 0 or (version == 0 and names >= OURS):
        raise damaged(file, f"schema {version}")
    if version == 0 and names:
        raise StoreError(
            f"The file {file} belongs to another program; choose another home with --home or DISTILL_HOME."
        )


def _refuse_to_start_over(file: Path) -> None:
    """An empty or missing file is a new store only where nothing speaks of an older one; raises StoreError elsewhere.

    SQLite would delete the log of an empty file, and forget the whole log of a file because of one damaged page in it.
    """
    log = file.with_name(file.name + "-wal")
    try:
        if file.with_name(file.name + "-repaired").exists():
            raise StoreError(f"A repair of the store {file} was interrupted. Finish it: {repair_of(file)}.")
        if file.exists() and file.stat().st_size > 0:
            if wal.is_broken(log):
                raise damaged(file, "its log runs.db-wal has damaged pages")
            return
        if log.exists() and log.stat().st_size > 0:
            raise damaged(file, "it is empty, but its log runs.db-wal is not")
        folders = sum(1 for _ in (file.parent / "runs").glob("*/config.toml"))
        if folders:
            raise StoreError(
                f"The store {file} is missing or empty, but the folders of {folders} run{'s' * (folders != 1)} are "
                f"there. To bring them back: {repair_of(file)}. To begin anew, move the folder runs aside."
            )
    except OSError as error:
        raise as_store_error(error, file) from error


def _enable_wal(database: Database, patience_s: float) -> None:
    """SQLite does not wait by itself when two processes change a new file's journal at once."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            database.enable_wal()
            return
        except sqlite3.OperationalError as error:
            if result_code(error) not in (BUSY, LOCKED) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _make_private(file: Path) -> None:
    """Create the file for its owner alone before SQLite does: the files it puts beside it take the same mode.

    An existing file is never opened here: closing it would drop the locks SQLite holds on it in this process.
    """
    with _CREATING, suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with suppress(OSError):  # somebody else's file: then it is theirs to protect
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
