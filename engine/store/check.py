"""Whether a store is whole: its file, its log, its tables, and what must hold among rows and folders. Changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from engine.errors import StoreError
from engine.store import schema, wal
from engine.store.invariants import findings
from engine.store.marks import changed_rows
from engine.store.sentences import BUSY, CANTOPEN, LOCKED, READONLY, as_store_error, result_code
from engine.store.sqlite import Database

MOST = 20  # of SQLite's own sentences
NEWER = 100  # schema numbers beyond this are damage, not a newer program


@dataclass(frozen=True)
class Findings:
    """``damage``: SQLite or its file format is hurt; ``faults``: rows and folders contradict each other; ``counts`` of rows."""

    damage: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        return not self.damage and not self.faults


def check_store(home: Path) -> Findings:
    """Look at everything. Raises StoreError where there is no store at all, it is a stranger's or a newer program's, busy, or
    cannot be opened, as in a folder that is read-only: that is no damage."""
    file = home / "runs.db"
    log = file.with_name(file.name + "-wal")
    folders = any((home / part).glob("*/config.toml") for part in ("runs", "trash"))
    if file.with_name(file.name + "-repaired").exists():
        return Findings(["A repair was interrupted."])
    if not file.exists() and not log.exists() and not any((home / "runs").glob("*/config.toml")):
        raise StoreError(f"There is no store in {home}; the first run makes one.")
    if not file.exists() or file.stat().st_size == 0:
        return Findings([f"The file {file} is {'empty' if file.exists() else 'missing'}."] if folders else [])
    if wal.is_broken(log):
        return Findings([f"The log {log} has damaged pages."])
    try:
        with reading(file) as database:
            return _look(database, file, home)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if result_code(error) in (BUSY, LOCKED, READONLY, CANTOPEN):
            raise as_store_error(error, file) from error
        return Findings([f"SQLite cannot read it: {error}."])


@contextmanager
def reading(file: Path) -> Iterator[Database]:
    """A connection that cannot write. Raises sqlite3.Error."""
    uri = f"file:{quote(str(file.resolve()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=schema.PATIENCE_S)) as connection:
        yield Database(connection)


def _look(database: Database, file: Path, home: Path) -> Findings:
    connection = database.conn
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    names = set(database.table_names())
    if version == 0 and names and not names >= schema.OURS:
        raise StoreError(
            f"The file {file} belongs to another program; choose another home with --home or DISTILL_HOME."
        )
    if len(schema.MIGRATIONS) < version <= NEWER:
        raise StoreError(f"The store {file} was written by a newer version of this program; update the program.")
    damage = [
        f"SQLite finds: {' '.join(str(text).split())}."
        for (text,) in connection.execute(f"PRAGMA integrity_check({MOST})")
        if text != "ok"
    ]
    if not 0 < version <= len(schema.MIGRATIONS) or not names >= schema.OURS:
        damage.append(f"Its schema number {version} or its tables are not of this program.")
    else:
        damage += _other_columns(connection, version)
    if not damage and version == len(schema.MIGRATIONS):
        damage += changed_rows(connection)
    if damage:
        return Findings(damage)
    counts = {
        name: int(connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0])
        for name in ("runs", "metrics", "scores")
    }
    return Findings([], findings(database, home), counts)


def _other_columns(connection: sqlite3.Connection, version: int) -> Iterator[str]:
    """SQLite believes any table's description that it can read: a changed letter in it is another column."""
    fresh = schema.tables(version)
    try:
        for name in fresh.table_names():
            shape = f"SELECT name, type FROM pragma_table_info('{name}')"
            if connection.execute(shape).fetchall() != fresh.conn.execute(shape).fetchall():
                yield f"The table {name} has other columns than this program gave it."
    finally:
        fresh.close()
