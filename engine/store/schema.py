"""The tables of runs.db and how older files become the newest; knows no meaning of the rows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from engine.errors import StoreError


def _first_tables(database: Database) -> None:
    database.table("runs").create(
        {
            "id": int, "revision": int, "name": str, "state": str, "phase": str, "phase_done": int, "phase_total": int,
            "reason": str, "created_at": float, "started_at": float, "ended_at": float, "config": str, "toml": str,
            "task": str, "loss": str, "architecture": str, "seed": int, "teacher": str, "step": int,
            "total_steps": int, "steps_per_epoch": int, "batch_size": int, "key_metric": str, "best_score": float,
            "best_step": int, "teacher_score": float, "parameters": int, "teacher_parameters": int, "device": str,
            "device_reason": str, "pid": int, "pid_started": float, "colour": int, "note": str,
        },
        pk="id",
    )  # fmt: skip
    database.table("runs").create_index(["revision"])
    database.table("runs").create_index(["state"])
    database.table("series").create({"id": int, "name": str}, pk="id")
    database.table("series").create_index(["name"], unique=True)
    database.table("metrics").create(
        {"id": int, "run": int, "series": int, "step": int, "seconds": float, "value": float},
        pk="id",
        foreign_keys=[("run", "runs", "id"), ("series", "series", "id")],
    )
    database.table("metrics").create_index(["run", "series", "step"])
    database.table("scores").create(
        {"run": int, "model": str, "split": str, "metric": str, "value": float},
        pk=("run", "model", "split", "metric"),
        foreign_keys=[("run", "runs", "id")],
    )
    database.table("requests").create(
        {"id": int, "run": int, "kind": str, "asked_at": float}, pk="id", foreign_keys=[("run", "runs", "id")]
    )


# One entry a version; never changed once released, only added to.
MIGRATIONS = (_first_tables,)


def connect(file: Path) -> Database:
    """Open ``file`` with write-ahead logging, waiting for other writers. Raises StoreError in a sentence."""
    try:
        connection = sqlite3.connect(str(file), timeout=30.0, check_same_thread=False)
        database = Database(connection)
        database.execute("PRAGMA synchronous = normal")
        database.enable_wal()
        return database
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The store {file} cannot be opened: {error}. Move it aside or choose another home.") from None


def migrate(database: Database) -> None:
    """Bring the tables to the newest version, in one transaction. Raises StoreError for a file of a newer program."""
    if _version(database) == len(MIGRATIONS):
        return
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        version = _version(database)  # another process may have been faster
        if version > len(MIGRATIONS):
            raise StoreError(
                f"The store was written by a newer version of this program (schema {version}, "
                f"this one knows {len(MIGRATIONS)}); update the program."
            )
        for step in MIGRATIONS[version:]:
            step(database)
        database.conn.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        database.conn.execute("ROLLBACK")
        raise
    database.conn.execute("COMMIT")


def _version(database: Database) -> int:
    return int(database.conn.execute("PRAGMA user_version").fetchone()[0])
