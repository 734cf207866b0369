"""Runs in SQLite: putting them in the queue, claiming them, reading what became of them. One Store per thread.

Torch-free; knows configurations and records, never how a run trains.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.beside import put_back
from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.store import schema
from engine.store.curve_reader import CurveReader
from engine.store.home import make_private_folder, open_private
from engine.store.liveness import FILE as LOCK_FILE
from engine.store.liveness import is_elsewhere, is_had, last_sign_of, name_of, network_disk
from engine.store.marks import fits, run_mark, seal_run
from engine.store.processes import own_machine
from engine.store.records import (
    ENDED,
    ENDED_BEFORE_IT_COULD,
    ENDED_WITHOUT_A_WORD,
    INTERRUPTED,
    PAUSE,
    PAUSED,
    QUEUED,
    RESUMABLE,
    RUNNING,
    STOP,
    STOPPED,
    STUDENT,
    RunRecord,
)
from engine.store.rows import first_row, next_revision
from engine.store.run_log import append_line
from engine.store.sentences import damage_in_sentences, in_sentences
from engine.store.sqlite import Database
from engine.store.trash import settle
from engine.store.unsaved import take_in
from engine.store.values import storable
from engine.store.writer import RunWriter

COLUMNS = frozenset(field.name for field in fields(RunRecord)) - {"folder"}
COLOURS = 6  # as many as the window has run colours
_NOT_RESUMABLE = {
    "queued": "Run {run} is in the queue already; “distill work” or the window trains it.",
    "running": "Run {run} is running already.",
    "finished": "Run {run} has finished; there is nothing left to go on with. To train longer, duplicate it in the "
    "window, or give “distill run” a file of what “distill show {run}” prints below its folder, with more epochs.",
}


class Store(CurveReader):
    """The store of one home folder, made or migrated when opened; waits up to ``patience_s`` while others write.

    ``notice`` is a sentence about what opening it did to the file, "" if nothing. Runs in the trash (``trash.py``) are
    only found by their number, and by ``trash()``.

    Every method raises StoreError with what to do when the file cannot be read or written, or has no such run.
    """

    def __init__(self, home: Path, patience_s: float = schema.PATIENCE_S) -> None:
        self.home = make_private_folder(Path(home))
        file = self.home / "runs.db"
        super().__init__(schema.connect(file, patience_s), file)
        try:
            self.notice = schema.migrate(self._database, self._file)
            make_private_folder(self.home / "runs")
            with suppress(StoreError):  # a disk that refuses: the next opening does it
                settle(self)
                take_in(self)
            self._refuse_while_another_machine_trains()
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        self._database.close()

    # ── putting runs in and taking them out ─────────────────────────────────────────────────────────────────────
    def enqueue(self, config: DistillationConfig) -> int:
        """Add a run to the end of the queue; returns its id."""
        return self.enqueue_all([config])[0]

    def enqueue_all(self, configs: Sequence[DistillationConfig]) -> list[int]:
        """Add runs to the end of the queue in this order, all or none; returns their ids. They outlive a power cut."""
        runs = []
        tomls = [config.to_toml() for config in configs]
        with self.writing(durable=True):
            for config, toml in zip(configs, tomls, strict=True):
                colour = self._value("SELECT COUNT(*) FROM runs") % COLOURS
                row = {**first_row(config, toml, QUEUED), "revision": self._next_revision(), "colour": colour}
                run = int(self._database.table("runs").insert(row).last_pk or 0)
                seal_run(self._database.conn, run)
                folder = make_private_folder(self.folder(run))
                with open_private(folder / "config.toml") as file:
                    file.write(toml)
                runs.append(run)
        return runs

    def claim(self, pid: int, pid_started: float, run: int | None = None) -> RunRecord | None:
        """Take the oldest queued run (or ``run``, if it is queued) for a process; None if there is none. Atomic."""
        with self.writing():
            if run is None:
                run = self._value("SELECT MIN(id) FROM runs WHERE state = ? AND trashed_at IS NULL", QUEUED)
            elif not self._value(
                "SELECT COUNT(*) FROM runs WHERE id = ? AND state = ? AND trashed_at IS NULL", run, QUEUED
            ):
                return None
            if run is None:
                return None
            (attempt,) = self._row("SELECT COALESCE(attempt, 0) + 1 FROM runs WHERE id = ?", run) or (1,)
            self.change(
                run, state=RUNNING, pid=pid, pid_started=pid_started, machine=own_machine(), attempt=attempt,
                started_at=time.time(), phase="starting",
            )  # fmt: skip
        return self.run(run)

    def set_state(
        self,
        run: int,
        state: str,
        reason: str = "",
        only_if: str | None = None,
        only_process: tuple[int | None, float | None] | None = None,
        at: float | None = None,
    ) -> bool:
        """Move a run to ``state``; with ``only_if`` only from that state, with ``only_process`` only while that process
        (pid, start time) has it. Returns whether it moved; that a run has ended is on the disk then. ``at`` is when it ended, if
        that was not just now."""
        with self.writing(durable=state in ENDED):
            found = self._row("SELECT state, pid, pid_started FROM runs WHERE id = ?", run)
            if found is None:
                raise _no_run(run)
            if only_if not in (None, found[0]) or only_process not in (None, found[1:]):
                return False
            values: dict[str, Any] = {"state": state, "reason": reason}
            if state in ENDED:
                values |= {"ended_at": time.time() if at is None else at, "phase": "", "pid": None, "pid_started": None}
            self.change(run, **values)
            if state in ENDED:
                self._database.conn.execute("DELETE FROM requests WHERE run = ?", [run])
        if state in ENDED:
            put_back(self.folder(run) / STUDENT)  # of a process that died before it had a new one in its place
        return True

    def recover_dead(self) -> list[int]:
        """Mark running runs whose process is gone as interrupted; returns their ids. One that was asked to stop or to pause is
        said to have been: it does not go on by itself."""
        gone = [run for run in self.runs(RUNNING) if not is_had(run)]
        marked = []
        for run in gone:
            reason = self.reason_of_death(run.id)
            if self.set_state(run.id, INTERRUPTED, reason, RUNNING, (run.pid, run.pid_started), last_sign_of(run)):
                marked.append(run.id)
                append_line(run.log_file, reason)
        return marked

    def reason_of_death(self, run: int) -> str:
        """What is said of a run whose process died without a word: more where it had been asked to stop or to pause."""
        return ENDED_BEFORE_IT_COULD.get(self.requested(run), ENDED_WITHOUT_A_WORD)

    def request_stop(self, run: int) -> None:
        """Ask a running run to stop and keep its student; a queued run is stopped at once."""
        if self.set_state(run, STOPPED, "Taken out of the queue before it began.", only_if=QUEUED):
            return
        self._request(run, STOP)

    def request_pause(self, run: int) -> None:
        """Ask a running run to write a checkpoint and give its device back; a queued run is taken out of the queue."""
        if not self.set_state(run, PAUSED, "Paused before it began.", only_if=QUEUED):
            self._request(run, PAUSE)

    def resume(self, run: int) -> None:
        """Put a run that was paused or stopped, failed or was interrupted back in the queue; it goes on from its last
        checkpoint. Raises StoreError for any other."""
        with self.writing():
            found = self._row("SELECT state, trashed_at FROM runs WHERE id = ?", run)
            if found is None:
                raise _no_run(run)
            if found[1] is not None:
                raise StoreError(f"Run {run} is in the trash; “distill restore {run}” brings it back.")
            if found[0] not in RESUMABLE:
                raise StoreError(_NOT_RESUMABLE.get(found[0], "Run {run} cannot be resumed.").format(run=run))
            self._database.conn.execute("DELETE FROM requests WHERE run = ?", [run])
            self.change(run, state=QUEUED, reason="", ended_at=None)

    def resume_interrupted(self) -> tuple[list[int], list[int]]:
        """Put every run back in the queue whose process ended without a word; returns those, and those left as they are.

        A run is left that got no further since it was last resumed by itself: whatever ends it would end it again.
        """
        resumed, left = [], []
        for run in self.runs(INTERRUPTED):
            if run.reason != ENDED_WITHOUT_A_WORD:
                continue
            with self.writing():
                state = self._value("SELECT state FROM runs WHERE id = ? AND trashed_at IS NULL", run.id)
                rows = self.count_metrics(run.id)
                if state != INTERRUPTED:
                    continue
                if run.resumed_rows is not None and rows <= run.resumed_rows:
                    left.append(run.id)
                    continue
                self.change(run.id, state=QUEUED, reason="", ended_at=None, resumed_rows=rows)
                resumed.append(run.id)
        return resumed, left

    def requested(self, run: int) -> str:
        """What a running run was asked for: "stop", which goes before "pause", or "" for nothing."""
        with in_sentences(self._file):
            kinds = {kind for (kind,) in self._rows("SELECT kind FROM requests WHERE run = ?", run)}
        return next((kind for kind in (STOP, PAUSE) if kind in kinds), "")

    def stop_requested(self, run: int) -> bool:
        return self.requested(run) == STOP

    def update(self, run: int, **values: Any) -> None:
        """Set columns of a run (name, note, ...)."""
        with self.writing():
            if self._row("SELECT id FROM runs WHERE id = ?", run) is None:
                raise _no_run(run)
            self.change(run, **values)

    def writer(self, run: int) -> RunWriter:
        """What a run's events are emitted into."""
        with in_sentences(self._file):
            attempt, created_at = self._row("SELECT attempt, created_at FROM runs WHERE id = ?", run) or (0, None)
        return RunWriter(self.home, run, attempt=attempt or 0, created_at=created_at)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────
    def folder(self, run: int, trashed: bool = False) -> Path:
        """Where the files of a run are, or are in the trash."""
        return self.home / ("trash" if trashed else "runs") / str(run)

    def data_version(self) -> int:
        """Changes when another connection has written."""
        return int(self._rows("PRAGMA data_version")[0][0])

    def runs(self, state: str | None = None) -> list[RunRecord]:
        """All runs by id, or those in one state."""
        if state is None:
            return self._records("SELECT * FROM runs WHERE trashed_at IS NULL ORDER BY id")
        return self._records("SELECT * FROM runs WHERE state = ? AND trashed_at IS NULL ORDER BY id", state)

    def trash(self) -> list[RunRecord]:
        """The runs in the trash, the one discarded last first."""
        return self._records("SELECT * FROM runs WHERE trashed_at IS NOT NULL ORDER BY trashed_at DESC, id DESC")

    def numbers(self) -> set[int]:
        """The numbers of all runs, also those in the trash."""
        return {run for (run,) in self._rows("SELECT id FROM runs")}

    def trashed(self) -> set[int]:
        """The numbers of the runs in the trash."""
        return {run for (run,) in self._rows("SELECT id FROM runs WHERE trashed_at IS NOT NULL")}

    def purged(self, since_revision: int = -1) -> set[int]:
        """The numbers of the runs that were deleted for good, or of those that were after ``since_revision``."""
        return {run for (run,) in self._rows("SELECT run FROM purged WHERE revision > ?", since_revision)}

    def run(self, reference: int | str) -> RunRecord:
        """One run by id or by its exact name; one in the trash gives way to others of its name.

        Raises StoreError if there is none or the name is not unique.
        """
        if isinstance(reference, int) or (reference.isascii() and reference.isdigit()):
            found = self._records("SELECT * FROM runs WHERE id = ?", min(int(reference), 2**62))
        else:
            found = self._records("SELECT * FROM runs WHERE name = ?", reference)
            found = [run for run in found if run.trashed_at is None] or found
        if not found:
            raise _no_run(reference)
        if len(found) > 1:
            numbers = ", ".join(str(run.id) for run in found)
            raise StoreError(f"There are {len(found)} runs named “{reference}”; use a number: {numbers}.")
        return found[0]

    def changed_runs(self, since_revision: int) -> tuple[list[RunRecord], int]:
        """Runs changed after ``since_revision``, also those now in the trash, and the newest revision."""
        found = self._records("SELECT * FROM runs WHERE revision > ? ORDER BY revision", since_revision)
        return found, found[-1].revision if found else since_revision

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    @contextmanager
    def writing(self, durable: bool = False) -> Iterator[Database]:
        """A transaction that takes the write lock at once, so that what is read in it still holds when written.

        For the files of this folder; ``change`` and ``forget`` are used within it. One that is ``durable`` outlives a power cut
        from its end on; others may come to the disk some time later.
        """
        connection = self._database.conn
        with in_sentences(self._file):
            connection.execute("PRAGMA synchronous = full" if durable else "PRAGMA synchronous = normal")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:  # not when SQLite has already rolled back by itself
                    connection.execute("ROLLBACK")

    def pragma(self, name: str) -> int:
        """What SQLite says of a number of the file, such as "page_count"."""
        return int(self._rows(f"PRAGMA {name}")[0][0])

    def compact(self) -> None:
        """Write the file anew without free pages; everybody else waits meanwhile. See ``room.py`` for when."""
        with in_sentences(self._file):
            self._database.conn.execute("VACUUM")
            self._database.conn.execute("PRAGMA wal_checkpoint(truncate)")

    def _refuse_while_another_machine_trains(self) -> None:
        """Two machines cannot share SQLite's log; it would be damaged. Raises StoreError."""
        for run in self.runs(RUNNING):
            if is_elsewhere(run.machine) and is_had(run):
                disk = network_disk(self.home)
                raise StoreError(
                    f"Run {run.id} of {self.home} is being trained on the machine {name_of(run.machine)}, and two machines "
                    f"cannot use one home at a time{f' (it is on a network disk, {disk})' if disk else ''}. Use it there, or "
                    "choose another home with --home or DISTILL_HOME. If that machine is gone for good, delete "
                    f"{run.folder / LOCK_FILE}."
                )

    def _row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        return self._database.conn.execute(sql, values).fetchone()

    def _value(self, sql: str, *values: Any) -> Any:
        row = self._row(sql, *values)
        return row[0] if row else None

    def _records(self, sql: str, *values: Any) -> list[RunRecord]:
        with in_sentences(self._file):
            cursor = self._database.conn.execute(sql, values)
            columns = [column for column, *_ in cursor.description]
            return [self._record(dict(zip(columns, row, strict=True))) for row in cursor]

    def _request(self, run: int, kind: str) -> None:
        with self.writing():
            running = self._value("SELECT state FROM runs WHERE id = ?", run) == RUNNING
            asked = self._value("SELECT COUNT(*) FROM requests WHERE run = ? AND kind = ?", run, kind)
            if running and not asked:
                self._database.table("requests").insert({"run": run, "kind": kind, "asked_at": time.time()})

    def _next_revision(self) -> int:
        return next_revision(self._database.conn)

    def change(self, run: int, **values: Any) -> None:
        """Set columns of a run and give it the next revision."""
        values = {column: storable(value) for column, value in values.items()}
        self._database.table("runs").update(run, {**values, "revision": self._next_revision()})
        seal_run(self._database.conn, run)

    def forget(self, run: int) -> None:
        """Delete the rows of a run; its number stays taken."""
        connection = self._database.conn
        revision = self._next_revision()
        connection.execute(
            "INSERT INTO purged (run, revision, purged_at) VALUES (?, ?, ?)", [run, revision, time.time()]
        )
        for statement in (
            "DELETE FROM metrics WHERE run = ?",
            "DELETE FROM scores WHERE run = ?",
            "DELETE FROM requests WHERE run = ?",
            "DELETE FROM runs WHERE id = ?",
        ):
            connection.execute(statement, [run])

    def _record(self, row: dict[str, Any]) -> RunRecord:
        with damage_in_sentences(self._file):
            fits(row.pop("mark", None), run_mark(row), f"the row of run {row['id']}")
            folder = self.folder(row["id"], row["trashed_at"] is not None)
            known = {
                name: value for name, value in row.items() if name in COLUMNS
            }  # a newer program may add some meanwhile
            return RunRecord(**{**known, "config": json.loads(row["config"])}, folder=folder)


def _no_run(reference: int | str) -> StoreError:
    return StoreError(f"There is no run “{reference}”; “distill runs” lists them.")
