"""What a damaged store still holds, page by page, written into a new one. Knows the tables; moves no file.

A row is known by its shape: how many values, of which kinds. Every index names rows once more, so what an index has and
the tables have not is known to be lost; so is a curve row or a score whose mark does not fit. A run in whose row something
has changed is kept, with its configuration from its folder, and said.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from engine.store import schema
from engine.store.cells import Row, entries_of, rows_of
from engine.store.invariants import configuration_of
from engine.store.marks import as_marks, misfits, row_marks, run_mark, score_mark, seal_run
from engine.store.pages import Pages, read_pages
from engine.store.records import STATES

LEFT_OUT = {"requests"}  # what was asked of a process that is gone
KINDS: dict[str, tuple[type, ...]] = {"INTEGER": (int,), "REAL": (int, float), "TEXT": (str,)}

Rows = dict[int, Row]


@dataclass
class Salvage:
    """Rows written a table; numbers of rows known to be lost a table; curves that lost their name; runs in whose row
    something has changed."""

    written: dict[str, int] = field(default_factory=dict)
    lost: dict[str, list[int]] = field(default_factory=dict)
    nameless: int = 0
    doubtful: list[int] = field(default_factory=list)


@cache
def _shapes() -> Mapping[str, list[tuple[str, str, bool, bool]]]:
    """(name, kind, may not be NULL, is the row's number) of each column of each table, newest version."""
    database = schema.tables()
    try:
        return {
            name: [
                (column, kind, bool(full), kind == "INTEGER" and key == 1 and column in ("id", "run") and not full)
                for _, column, kind, full, _, key in database.conn.execute(f"PRAGMA table_info({name})")
            ]
            for name in database.table_names()
            if not name.startswith("sqlite_")
        }
    finally:
        database.close()


@dataclass
class _Found:
    """By table: rows by their number, and the numbers that the indexes name, with the run of each."""

    rows: dict[str, Rows] = field(default_factory=lambda: {name: {} for name in _shapes()})
    named: dict[str, dict[int, int]] = field(default_factory=lambda: {name: {} for name in _shapes()})
    counted: dict[str, int] = field(default_factory=dict)  # the last number given, of tables that count
    names: dict[int, set[str]] = field(default_factory=dict)  # of a curve: as the table has it, and the index


def salvage(damaged: Path, target: Path, home: Path) -> Salvage:
    """Write what can be read of ``damaged`` and its log into the new store ``target``. Raises OSError, sqlite3.Error."""
    pages = read_pages(damaged)
    found = _gather(pages)
    rows = found.rows
    _leave_out_what_was_deleted(found, pages.knows_free)
    doubtful = sorted(run for run, row in rows["runs"].items() if not _run_fits(run, row))
    rows["runs"] = {
        run: row
        for run, old in rows["runs"].items()
        if (row := _usable_run(run, old, home, run in doubtful)) is not None
    }
    _leave_out_what_has_changed(found)
    report = Salvage(nameless=_name_the_nameless(rows), doubtful=[run for run in doubtful if run in rows["runs"]])
    database = schema.tables(file=target)
    try:
        connection = database.conn
        connection.execute("BEGIN IMMEDIATE")
        for table in _shapes().keys() - LEFT_OUT:
            report.written[table] = _write(connection, table, rows[table])
        for run in rows["runs"]:
            seal_run(connection, run)
        gone = set(rows["purged"])
        for table in ("runs", "metrics", "scores"):
            report.lost[table] = sorted(
                number for number, run in found.named[table].items() if number not in rows[table] and run not in gone
            )
        _go_on_counting(connection, found, gone)
        connection.execute("COMMIT")
    finally:
        database.close()
    return report


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _gather(pages: Pages) -> _Found:
    found = _Found()
    for number in sorted(pages.images.keys() - pages.free):
        for cell in rows_of(pages, number):
            if cell is not None:
                _take_row(found, *cell)
        for entry in entries_of(pages, number):
            _take_entry(found, entry)
    return found


def _take_row(found: _Found, number: int, row: Row) -> None:
    if len(row) == 2 and isinstance(row[1], int) and row[0] in found.rows:  # SQLite's own table of last numbers
        found.counted[str(row[0])] = row[1]
        return
    for table in _tables_by_length().get(len(row), ()):
        if _fits(row, _shapes()[table]):
            old = found.rows[table].get(number)
            if old is None or table != "runs" or _is_newer(number, row, old):
                found.rows[table][number] = row
            if table == "series":
                found.names.setdefault(number, set()).add(str(row[1]))
            return


def _take_entry(found: _Found, entry: Row) -> None:
    match entry:
        case (int(run), int(), int(number)):
            found.named["metrics"][number] = run
        case (int() | float(), int(run)):
            found.named["runs"][run] = run
        case (str(state), int(run)) if state in STATES:
            found.named["runs"][run] = run
        case (str(name), int(number)) if "/" in name and ".jsonl" not in name:
            found.rows["series"].setdefault(number, (None, name))
            found.names.setdefault(number, set()).add(name)
        case (int(run), str(), str(), str(), int(number)):
            found.named["scores"][number] = run


@cache
def _tables_by_length() -> Mapping[int, list[str]]:
    """Which tables a row of so many values may belong to: it has the columns of the version it was written by."""
    found: dict[int, set[str]] = {}
    for version in range(1, len(schema.MIGRATIONS) + 1):
        database = schema.tables(version)
        for name in _shapes():
            count = len(database.conn.execute(f"PRAGMA table_info({name})").fetchall())
            found.setdefault(count, set()).add(name)
        database.close()
    return {count: sorted(names) for count, names in found.items() if count}


def _fits(row: Row, shape: list[tuple[str, str, bool, bool]]) -> bool:
    for value, (_, kind, full, is_number) in zip(row, shape, strict=False):
        if value is None:
            if full:
                return False
        elif is_number or not isinstance(value, KINDS[kind]):
            return False
    return True


# ── making it usable ────────────────────────────────────────────────────────────────────────────────────────────
def _run_values(run: int, row: Row) -> dict[str, Any]:
    return {**dict(zip((name for name, *_ in _shapes()["runs"]), row, strict=False)), "id": run}


def _run_fits(run: int, row: Row) -> bool:
    values = _run_values(run, row)
    return values.get("mark") in (None, run_mark(values))


def _is_newer(run: int, row: Row, old: Row) -> bool:
    """Pages hold older states of a row too; one that has changed since it was written is worth less than any other."""

    def worth(one: Row) -> tuple[bool, Any]:
        return _run_fits(run, one), one[1] or 0

    return worth(row) >= worth(old)


def _leave_out_what_has_changed(found: _Found) -> None:
    """Curve rows and scores whose mark does not fit. Of two names of a curve the one that its rows were marked under is right."""
    metrics, scores = found.rows["metrics"], found.rows["scores"]
    marked: dict[int, list[int]] = {}
    for number, row in metrics.items():
        if len(row) > 6 and row[6] is not None:
            marked.setdefault(int(str(row[2])), []).append(number)
    for series, numbers in marked.items():
        names = sorted(found.names.get(series, ()))
        if not names:
            continue  # under which name they were marked, nobody knows
        _, owners, _, steps, seconds, values, marks = zip(*(metrics[number] for number in numbers), strict=True)
        changed = {
            name: misfits(as_marks(marks), row_marks(owners, [name] * len(numbers), steps, seconds, values))
            for name in names
        }
        right = min(names, key=lambda name: int(changed[name].sum()))
        found.rows["series"][series] = (None, right)
        for number, has_changed in zip(numbers, changed[right].tolist(), strict=True):
            if has_changed:
                del metrics[number]
    for number, score in list(scores.items()):
        if len(score) > 5 and score[5] not in (None, score_mark(*score[:5])):  # type: ignore[arg-type]
            del scores[number]


def _usable_run(run: int, row: Row, home: Path, doubtful: bool) -> Row | None:
    """The row with a configuration that can be read, if need be from its folder; None where there is none.

    Of a ``doubtful`` row the folder's goes first.
    """
    shape = _shapes()["runs"]
    values = _run_values(run, row)
    for name, kind, *_ in shape:
        if values.get(name) is None and kind == "TEXT":
            values[name] = ""
    hidden = values.get("trashed_at") is not None
    folder = home / ("trash" if hidden else "runs") / str(run)
    found = configuration_of({}, folder) if doubtful else None
    found = found or configuration_of(values, folder)
    if found is None or run < 1:
        return None
    values["toml"], values["config"] = found[0], json.dumps(found[1])
    return tuple(values.get(name) for name, *_ in shape)


def _leave_out_what_was_deleted(found: _Found, knows_free: bool) -> None:
    """Pages given back keep their old rows: those of purged runs, and those that came again when a run went on.

    Such pages were left out already, unless the list of them is damaged.
    """
    gone = set(found.rows["purged"])
    metrics = found.rows["metrics"]
    for number in [number for number, row in metrics.items() if row[1] in gone]:
        del metrics[number]
    if not knows_free:
        newest = {row[1:4]: number for number, row in sorted(metrics.items())}
        found.rows["metrics"] = {number: metrics[number] for number in newest.values()}
    for number in [number for number, row in found.rows["scores"].items() if row[0] in gone]:
        del found.rows["scores"][number]
    for run in gone & found.rows["runs"].keys():
        del found.rows["runs"][run]


def _name_the_nameless(rows: dict[str, Rows]) -> int:
    """Curves whose name is lost keep their rows under a number. Returns how many."""
    numbers = {int(str(row[2])) for row in rows["metrics"].values()} - rows["series"].keys()
    for number in numbers:
        rows["series"][number] = (None, f"recovered/curve {number}")
    for number, row in rows["metrics"].items():
        if len(row) > 6 and row[2] in numbers:
            rows["metrics"][number] = (*row[:6], None)  # marked under the lost name
    return len(numbers)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _write(connection: sqlite3.Connection, table: str, rows: Rows) -> int:
    shape = _shapes()[table]
    columns = [name for name, *_ in shape]
    number_at = next((place for place, (*_, is_number) in enumerate(shape) if is_number), None)
    names = columns if number_at is not None else ["rowid", *columns]

    def values() -> Iterable[tuple[Any, ...]]:
        for number, row in sorted(rows.items()):
            whole = [*row, *[None] * (len(columns) - len(row))]
            if number_at is None:
                yield (number, *whole)
            else:
                whole[number_at] = number
                yield tuple(whole)

    marks = ", ".join("?" * len(names))
    before = connection.total_changes
    connection.executemany(f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})", values())
    return connection.total_changes - before


def _go_on_counting(connection: sqlite3.Connection, found: _Found, gone: set[int]) -> None:
    """No number is given twice: windows and files know runs and rows by it."""
    for table in ("runs", "metrics", "requests"):
        taken = [
            found.counted.get(table, 0),
            *found.rows[table],
            *found.named[table],
            *(gone if table == "runs" else ()),
        ]
        connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", [table])
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [table, max(taken)])
