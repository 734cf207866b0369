"""What must hold among rows and folders beyond what SQLite checks, and how each is mended. Knows the store's tables.

Every rule is one function: it says what is wrong in sentences, and with ``mend`` puts it right and says what it did.
Mending never deletes a file; rows it takes out were copied first (``repair.py``).
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.config import DistillationConfig, parse_leniently
from engine.store.home import make_private_folder, open_private
from engine.store.marks import seal_run
from engine.store.records import ENDED, INTERRUPTED, RUNNING, STATES
from engine.store.rows import first_row, next_revision
from engine.store.sqlite import Database
from engine.store.trash import GOING

BROUGHT_BACK = "Its row in the store was lost; it was brought back from its folder."
COLOURS = 6

Rule = Callable[[Database, Path, bool], Iterator[str]]


def findings(database: Database, home: Path) -> list[str]:
    """All that is wrong, a sentence each. Changes nothing. Raises sqlite3.Error."""
    return [sentence for rule in RULES for sentence in rule(database, home, False)]


def mend(database: Database, home: Path) -> list[str]:
    """Put right what can be, in the caller's transaction; returns what was done. Raises sqlite3.Error, OSError."""
    return [sentence for rule in RULES for sentence in rule(database, home, True)]


def configuration_of(row: dict[str, Any], folder: Path) -> tuple[str, dict[str, Any]] | None:
    """(TOML, configuration) of a run from its row, or from its folder where the row's are damaged; None if neither is whole."""
    kept = _as_json(row.get("config"))
    tomls = [toml for toml in (row.get("toml"), _text(folder / "config.toml")) if isinstance(toml, str)]
    for leniently in (False, True):  # a text without a fault first, whichever it is
        for toml in tomls:
            config = _read(toml, folder, leniently)
            if config is not None:
                whole = kept is not None and _keys(kept) == _keys(config.to_dict())
                return toml, kept if whole and kept is not None else config.to_dict()
    text = row.get("toml")
    return (text, kept) if kept is not None and isinstance(text, str) and {"training", "task"} <= kept.keys() else None


# ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────
def _folders_have_rows(database: Database, home: Path, mending: bool) -> Iterator[str]:
    connection = database.conn
    known = {run for (run,) in connection.execute("SELECT id FROM runs")} | _purged(connection)
    for part in ("runs", "trash"):
        for file in sorted((home / part).glob("*/config.toml"), key=lambda file: _number(file.parent)):
            run = _number(file.parent)
            if run < 1 or run in known or file.parent.name.endswith(GOING):
                continue
            known.add(run)
            where = f"The folder {part}/{run} has a configuration but no row"
            config = _read(_text(file), file.parent)
            if config is None:
                yield f"{where}, and its configuration cannot be read; it stays as it is."
            elif not mending:
                yield f"{where}."
            else:
                _bring_back(connection, run, config, file, part == "trash")
                yield f"Run {run} “{config.title}” was brought back from its folder as interrupted."


def _rows_have_runs(database: Database, home: Path, mending: bool) -> Iterator[str]:
    for table, what in (("metrics", "curve row"), ("scores", "score"), ("requests", "request")):
        condition = "run NOT IN (SELECT id FROM runs)"
        if table == "metrics":
            condition += " OR series NOT IN (SELECT id FROM series)"
        (count,) = database.conn.execute(f"SELECT COUNT(*) FROM {table} WHERE {condition}").fetchone()
        if count and mending:
            database.conn.execute(f"DELETE FROM {table} WHERE {condition}")
        if count:
            plural = f"{count} {what}{'s' * (count != 1)} of runs or curves that are not there"
            yield f"{plural} were taken out of the store." if mending else f"There are {plural}."


def _states_are_possible(database: Database, home: Path, mending: bool) -> Iterator[str]:
    connection = database.conn
    for run, state, pid, ended_at in connection.execute(
        "SELECT id, state, pid, ended_at FROM runs ORDER BY id"
    ).fetchall():
        values: dict[str, Any] = {}
        if state not in STATES:
            values = {
                "state": INTERRUPTED,
                "reason": "Its state in the store was damaged.",
                "pid": None,
                "pid_started": None,
            }
            what = f"is in the unknown state “{state}”"
        elif state == RUNNING and pid is None:
            values = {"state": INTERRUPTED, "reason": "No process of this run is known.", "phase": ""}
            what = "is running without a process"
        elif state != RUNNING and pid is not None:
            values = {"pid": None, "pid_started": None}
            what = f"is {state} but has a process"
        elif state in ENDED and ended_at is None:
            what = f"is {state} but has no end"
        if not values and not (state in ENDED and ended_at is None):
            continue
        if values.get("state", state) in ENDED and ended_at is None:
            values["ended_at"] = time.time()
        if mending:
            _change(connection, run, values)
        yield f"Run {run} {what}{'; that was put right' if mending else ''}."


def _configurations_are_whole(database: Database, home: Path, mending: bool) -> Iterator[str]:
    connection = database.conn
    rows = connection.execute("SELECT id, config, toml FROM runs ORDER BY id").fetchall()
    for run, config, toml in rows:
        kept = _as_json(config)
        if kept is not None and isinstance(kept.get("training"), dict) and isinstance(toml, str):
            continue
        found = configuration_of({"config": config, "toml": toml}, home / "runs" / str(run))
        if found is None:
            yield f"The configuration of run {run} is damaged, in its row and in its folder."
        elif mending:
            _change(connection, run, {"toml": found[0], "config": json.dumps(found[1])})
            yield f"The configuration of run {run} was damaged and is whole again."
        else:
            yield f"The configuration of run {run} is damaged."


def _runs_have_folders(database: Database, home: Path, mending: bool) -> Iterator[str]:
    columns = {column for _, column, *_ in database.conn.execute("PRAGMA table_info(runs)")}
    trashed = "trashed_at" if "trashed_at" in columns else "NULL"
    for run, toml, hidden in database.conn.execute(f"SELECT id, toml, {trashed} FROM runs ORDER BY id").fetchall():
        folder = home / ("runs" if hidden is None else "trash") / str(run)
        if (folder / "config.toml").is_file():
            continue
        if mending and isinstance(toml, str):
            with open_private(make_private_folder(folder) / "config.toml") as file:
                file.write(toml)
            yield f"Run {run} had lost its configuration file or folder; it has it again, but not what else was in it."
        else:
            yield f"The folder {folder.parent.name}/{run} of run {run} is missing, or its config.toml is."


def _numbers_go_on(database: Database, home: Path, mending: bool) -> Iterator[str]:
    """A number that was ever given is not given again: not of a folder, nor of a purged run."""
    connection = database.conn
    taken = max(
        [run for (run,) in connection.execute("SELECT COALESCE(MAX(id), 0) FROM runs")]
        + [_number(path) for part in ("runs", "trash") for path in (home / part).glob("*")]
        + list(_purged(connection))
    )
    (last,) = connection.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'runs'").fetchone()
    if last >= taken:
        return
    if mending:
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'runs'")
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('runs', ?)", [taken])
        yield f"New runs are numbered from {taken + 1} on again."
    else:
        yield f"The next run would get the number {last + 1}, but numbers up to {taken} are taken."


RULES: tuple[Rule, ...] = (
    _folders_have_rows, _rows_have_runs, _states_are_possible, _configurations_are_whole, _runs_have_folders, _numbers_go_on,
)  # fmt: skip


# ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _bring_back(
    connection: sqlite3.Connection, run: int, config: DistillationConfig, file: Path, trashed: bool
) -> None:
    """A run's row from its folder and from what there still is of its curves."""
    row = first_row(config, _text(file) or "", INTERRUPTED)
    row |= {
        "id": run, "revision": next_revision(connection), "reason": BROUGHT_BACK, "colour": (run - 1) % COLOURS,
        "created_at": file.stat().st_mtime, "ended_at": time.time(), "trashed_at": time.time() if trashed else None,
    }  # fmt: skip
    steps = "SELECT MAX(step) FROM metrics WHERE run = ? AND series = (SELECT id FROM series WHERE name = 'train/loss')"
    row["step"] = connection.execute(steps, [run]).fetchone()[0] or 0
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    seal_run(connection, run)


def _change(connection: sqlite3.Connection, run: int, values: dict[str, Any]) -> None:
    values = {**values, "revision": next_revision(connection)}
    columns = ", ".join(f"{column} = ?" for column in values)
    connection.execute(f"UPDATE runs SET {columns} WHERE id = ?", [*values.values(), run])
    seal_run(connection, run)


def _purged(connection: sqlite3.Connection) -> set[int]:
    has = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'purged'").fetchone()
    return {run for (run,) in connection.execute("SELECT run FROM purged")} if has else set()


def _number(folder: Path) -> int:
    name = folder.name.removesuffix(GOING)
    return int(name) if name.isascii() and name.isdecimal() and len(name) < 16 else 0


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _read(toml: str | None, folder: Path, leniently: bool = True) -> DistillationConfig | None:
    """A fault, such as a model's folder that is gone, does not make a run unreadable where read leniently."""
    if toml is None:
        return None
    config, faults = parse_leniently(toml, folder)
    return config if leniently or not faults else None


def _as_json(text: Any) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, dict) else None


def _keys(value: Any) -> Any:
    return {key: _keys(part) for key, part in value.items()} if isinstance(value, dict) else None
