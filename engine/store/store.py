"""Runs in SQLite: putting them in the queue, claiming them, reading what became of them. One Store per thread.

Torch-free; knows configurations and records, never how a run trains.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.store import schema
from engine.store.home import make_private_folder
from engine.store.processes import is_alive
from engine.store.records import ENDED, INTERRUPTED, QUEUED, RUNNING, MetricRows, RunRecord, ScoreRow
from engine.store.writer import RunWriter

COLOURS = 8


class Store:
    """The store of one home folder, made or migrated when opened. Raises StoreError with what to do."""

    def __init__(self, home: Path) -> None:
        self.home = make_private_folder(Path(home))
        self._database = schema.connect(self.home / "runs.db")
        schema.migrate(self._database)
        (self.home / "runs.db").chmod(0o600)

    def close(self) -> None:
        self._database.close()

    # ── putting runs in and taking them out ─────────────────────────────────────────────────────────────────────
    def enqueue(self, config: DistillationConfig) -> int:
        """Add a run to the end of the queue; returns its id."""
        toml = config.to_toml()
        with self._writing():
            colour = self._value("SELECT COUNT(*) FROM runs") % COLOURS
            row = {
                "revision": self._next_revision(), "name": config.title, "state": QUEUED, "phase": "", "phase_done": 0,
                "phase_total": 0, "reason": "", "created_at": time.time(), "config": json.dumps(config.to_dict()),
                "toml": toml, "task": config.task.name, "loss": config.loss.kind,
                "architecture": config.student.architecture, "seed": config.training.seed,
                "teacher": config.teacher.model if config.teacher else "", "step": 0, "total_steps": 0,
                "steps_per_epoch": 0, "batch_size": config.training.batch_size, "key_metric": "", "device": "",
                "device_reason": "", "colour": colour, "note": "",
            }  # fmt: skip
            run = int(self._database.table("runs").insert(row).last_pk)
            folder = make_private_folder(self.folder(run))
            (folder / "config.toml").write_text(toml, encoding="utf-8")
        return run

    def claim(self, pid: int, pid_started: float, run: int | None = None) -> RunRecord | None:
        """Take the oldest queued run (or ``run``, if it is queued) for a process; None if there is none. Atomic."""
        with self._writing():
            if run is None:
                run = self._value("SELECT MIN(id) FROM runs WHERE state = ?", QUEUED)
            elif self._value("SELECT COUNT(*) FROM runs WHERE id = ? AND state = ?", run, QUEUED) == 0:
                return None
            if run is None:
                return None
            self._update(run, state=RUNNING, pid=pid, pid_started=pid_started, started_at=time.time(), phase="starting")
        return self.run(run)

    def set_state(self, run: int, state: str, reason: str = "", only_if: str | None = None) -> bool:
        """Move a run to ``state``; with ``only_if`` only from that state. Returns whether it moved."""
        with self._writing():
            if only_if is not None and self._value("SELECT state FROM runs WHERE id = ?", run) != only_if:
                return False
            values: dict[str, Any] = {"state": state, "reason": reason}
            if state in ENDED:
                values |= {"ended_at": time.time(), "phase": "", "pid": None, "pid_started": None}
            self._update(run, **values)
            if state in ENDED:
                self._database.execute("DELETE FROM requests WHERE run = ?", [run])
        return True

    def recover_dead(self) -> list[int]:
        """Mark running runs whose process is gone as interrupted; returns their ids."""
        gone = [run for run in self.runs(RUNNING) if not is_alive(run.pid, run.pid_started)]
        reason = "The training process ended without a word (killed, or the machine went down)."
        return [run.id for run in gone if self.set_state(run.id, INTERRUPTED, reason, only_if=RUNNING)]

    def request_stop(self, run: int) -> None:
        """Ask a running run to stop and keep its student; a queued run is stopped at once."""
        if self.set_state(run, "stopped", "Taken out of the queue before it began.", only_if=QUEUED):
            return
        with self._writing():
            if self._value("SELECT state FROM runs WHERE id = ?", run) == RUNNING:
                self._database.table("requests").insert({"run": run, "kind": "stop", "asked_at": time.time()})

    def stop_requested(self, run: int) -> bool:
        return bool(self._value("SELECT COUNT(*) FROM requests WHERE run = ? AND kind = 'stop'", run))

    def update(self, run: int, **values: Any) -> None:
        """Set columns of a run (name, note, ...)."""
        with self._writing():
            self._update(run, **values)

    def writer(self, run: int) -> RunWriter:
        """What a run's events are emitted into."""
        return RunWriter(self.home, run)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────
    def folder(self, run: int) -> Path:
        return self.home / "runs" / str(run)

    def data_version(self) -> int:
        """Changes when another connection has written."""
        return int(self._value("PRAGMA data_version"))

    def runs(self, state: str | None = None) -> list[RunRecord]:
        """All runs by id, or those in one state."""
        where, values = ("WHERE state = ?", [state]) if state else ("", [])
        return [self._record(row) for row in self._database.query(f"SELECT * FROM runs {where} ORDER BY id", values)]

    def run(self, reference: int | str) -> RunRecord:
        """One run by id or by its exact name. Raises StoreError if there is none or the name is not unique."""
        if isinstance(reference, int) or (reference.isascii() and reference.isdigit()):
            rows = list(self._database.query("SELECT * FROM runs WHERE id = ?", [min(int(reference), 2**62)]))
        else:
            rows = list(self._database.query("SELECT * FROM runs WHERE name = ?", [reference]))
        if not rows:
            raise StoreError(f"There is no run “{reference}”; “distill runs” lists them.")
        if len(rows) > 1:
            numbers = ", ".join(str(row["id"]) for row in rows)
            raise StoreError(f"There are {len(rows)} runs named “{reference}”; use a number: {numbers}.")
        return self._record(rows[0])

    def changed_runs(self, since_revision: int) -> tuple[list[RunRecord], int]:
        """Runs changed after ``since_revision``, and the newest revision."""
        rows = list(
            self._database.query("SELECT * FROM runs WHERE revision > ? ORDER BY revision", [since_revision])
        )
        return [self._record(row) for row in rows], rows[-1]["revision"] if rows else since_revision

    def last_metric_id(self) -> int:
        return int(self._value("SELECT COALESCE(MAX(id), 0) FROM metrics"))

    def metrics_after(self, row_id: int, limit: int = 50_000) -> MetricRows:
        """Curve rows stored after ``row_id``, oldest first, at most ``limit``."""
        rows = self._database.conn.execute(
            "SELECT id, run, series, step, seconds, value FROM metrics WHERE id > ? ORDER BY id LIMIT ?",
            [row_id, limit],
        ).fetchall()
        return self._metric_rows(rows, row_id)

    def metrics_of(self, run: int, up_to: int) -> MetricRows:
        """All curve rows of one run with ids up to ``up_to``, oldest first."""
        rows = self._database.conn.execute(
            "SELECT id, run, series, step, seconds, value FROM metrics WHERE run = ? AND id <= ? ORDER BY id",
            [run, up_to],
        ).fetchall()
        return self._metric_rows(rows, 0)

    def curve(self, run: int, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(steps, seconds, values) of one curve in the order stored; empty arrays if there is none."""
        rows = self._database.conn.execute(
            "SELECT step, seconds, value FROM metrics WHERE run = ? AND series = (SELECT id FROM series WHERE name = ?) "
            "ORDER BY id",
            [run, name],
        ).fetchall()
        steps, seconds, values = zip(*rows, strict=True) if rows else ((), (), ())
        return np.array(steps, np.int64), np.array(seconds, np.float64), _floats(values)

    def curve_names(self, run: int) -> list[str]:
        found = self._database.conn.execute(
            "SELECT name FROM series WHERE id IN (SELECT DISTINCT series FROM metrics WHERE run = ?) ORDER BY name",
            [run],
        )
        return [name for (name,) in found]

    def scores(self, run: int | None = None) -> list[ScoreRow]:
        """Final figures of one run, or of all."""
        where, values = ("WHERE run = ?", [run]) if run is not None else ("", [])
        found = self._database.query(f"SELECT run, model, split, metric, value FROM scores {where} ORDER BY rowid", values)
        return [ScoreRow(**row) for row in found]

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that takes the write lock at once, so that what is read in it still holds when written."""
        connection = self._database.conn
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _value(self, sql: str, *values: Any) -> Any:
        row = self._database.conn.execute(sql, values).fetchone()
        return row[0] if row else None

    def _next_revision(self) -> int:
        return int(self._value("SELECT COALESCE(MAX(revision), 0) + 1 FROM runs"))

    def _update(self, run: int, **values: Any) -> None:
        self._database.table("runs").update(run, {**values, "revision": self._next_revision()})

    def _record(self, row: dict[str, Any]) -> RunRecord:
        return RunRecord(**{**row, "config": json.loads(row["config"])}, folder=self.folder(row["id"]))

    def _metric_rows(self, rows: list[tuple[Any, ...]], before: int) -> MetricRows:
        ids, runs, series, steps, seconds, values = zip(*rows, strict=True) if rows else ((),) * 6
        names = dict(self._database.conn.execute("SELECT id, name FROM series").fetchall()) if rows else {}
        return MetricRows(
            last_id=ids[-1] if ids else before,
            runs=np.array(runs, np.int64),
            series=np.array(series, np.int64),
            names=names,
            steps=np.array(steps, np.int64),
            seconds=np.array(seconds, np.float64),
            values=_floats(values),
        )


def _floats(values: Any) -> NDArray[np.float64]:
    """SQLite keeps NaN as NULL."""
    return np.array([np.nan if value is None else value for value in values], np.float64)
