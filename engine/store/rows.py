"""How configurations and events become rows; knows the tables and the events, not who emits or waits."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from engine.config import DistillationConfig
from engine.events import Event, Facts, Metrics, Phase, Rewound, Score, Unscored
from engine.store.marks import row_marks, score_mark, seal_run
from engine.store.sqlite import Database
from engine.store.values import storable


def first_row(config: DistillationConfig, toml: str, state: str) -> dict[str, Any]:
    """The columns of a new run but for its number, revision and colour."""
    row = {
        "name": config.title, "state": state, "phase": "", "phase_done": 0, "phase_total": 0, "reason": "",
        "created_at": time.time(), "config": json.dumps(config.to_dict()), "toml": toml, "task": config.task.name,
        "loss": config.loss.kind, "architecture": config.student.architecture, "seed": config.training.seed,
        "teacher": config.teacher.model if config.teacher else "", "step": 0, "total_steps": 0, "steps_per_epoch": 0,
        "batch_size": config.training.batch_size, "key_metric": "", "device": "", "device_reason": "", "note": "",
    }  # fmt: skip
    return {column: storable(value) for column, value in row.items()}


def next_revision(connection: sqlite3.Connection) -> int:
    """One more than any run has, or had before it was purged: whoever reads on from the last one seen misses nothing."""
    (newest,) = connection.execute(
        "SELECT MAX(COALESCE((SELECT MAX(revision) FROM runs), 0), COALESCE((SELECT MAX(revision) FROM purged), 0))"
    ).fetchone()
    return int(newest) + 1


def store_events(database: Database, run: int, events: Sequence[Event], names: dict[str, int]) -> None:
    """Store ``events`` of a run. ``names`` remembers the numbers of curve names. The caller has a transaction open."""
    facts: dict[str, Any] = {}
    rows: list[tuple[int, int, int, float, float]] = []
    curves: list[str] = []  # the name of each row's
    changed = False
    connection = database.conn

    def insert() -> None:
        if rows:
            owners, _, *columns = zip(*rows, strict=True)
            marks = row_marks(owners, curves, *columns).tolist()
            connection.executemany(
                "INSERT INTO metrics (run, series, step, seconds, value, mark) VALUES (?, ?, ?, ?, ?, ?)",
                [(*row, mark) for row, mark in zip(rows, marks, strict=True)],
            )
        rows.clear()
        curves.clear()

    for event in events:
        match event:
            case Metrics():
                rows += [
                    (run, _series(connection, name, names), int(event.step), float(event.seconds), float(value))
                    for name, value in event.values.items()
                ]
                curves += event.values
            case Facts():
                facts |= {column: storable(value) for column, value in event.values.items()}
            case Phase():
                facts |= {
                    "phase": storable(event.text),
                    "phase_done": int(event.done),
                    "phase_total": int(event.total),
                }
            case Score():
                row = (run, event.model, event.split, event.metric, float(event.value))
                connection.execute(
                    "INSERT INTO scores (run, model, split, metric, value, mark) VALUES (?, ?, ?, ?, ?, ?) "
                    "ON CONFLICT (run, model, split, metric) DO UPDATE SET value = excluded.value, mark = excluded.mark",
                    [*row, score_mark(*row)],
                )
                changed = True
            case Unscored():
                gone = connection.execute("DELETE FROM scores WHERE run = ? AND model = ?", [run, event.model])
                changed = changed or gone.rowcount > 0
            case Rewound():
                insert()
                if _take_back(connection, run, event):
                    connection.execute("UPDATE runs SET rewinds = COALESCE(rewinds, 0) + 1 WHERE id = ?", [run])
                    changed = True
    insert()
    if facts or changed:
        database.table("runs").update(run, {**facts, "revision": next_revision(connection)})
        seal_run(connection, run)


def _take_back(connection: sqlite3.Connection, run: int, event: Rewound) -> int:
    """Delete the curve rows of a stage after a step; the student's stage has every curve that is not the teacher's."""
    names = "name LIKE 'teacher/%'" if event.prefix else "name NOT LIKE 'teacher/%'"
    return connection.execute(
        f"DELETE FROM metrics WHERE run = ? AND step > ? AND series IN (SELECT id FROM series WHERE {names})",
        [run, int(event.step)],
    ).rowcount


def _series(connection: sqlite3.Connection, name: str, names: dict[str, int]) -> int:
    if name not in names:
        connection.execute("INSERT OR IGNORE INTO series (name) VALUES (?)", [name])
        (names[name],) = connection.execute("SELECT id FROM series WHERE name = ?", [name]).fetchone()
    return names[name]
