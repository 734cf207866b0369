"""A window that lives long: runs one after the other, many queued at once, hours of streaming, through a real Studio.

``python -m tests.faults lives`` is the long form, in a process of its own (this module); the ordinary tests hold a short one.
What is asked: does the window keep more memory, open files, threads or objects with every run than belongs to what it shows?
The training process is played: what it would write is written to the store, through another connection.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.outcome import Outcome

if TYPE_CHECKING:
    from distill_gui.app import Studio
    from tests.faults.growth import Sample

CURVES = ("train/loss", "train/loss/labels", "train/learning_rate", "train/gradient_norm", "validation/f1")
TOML = '[task]\nname = "mrpc"\n[student]\ntokenizer = "owner/words"\n[loss]\nkind = "none"\n'
LIMIT_S = 120.0  # for one thing to be seen, on a machine that is busy with others
NEVER = [sys.executable, "-c", "raise SystemExit('no worker is to be started here')"]
ROUNDS = 3  # of many runs queued at once
PIECE_STEPS = 600  # written at once while streaming


@contextmanager
def long_life(home: Path, **options: int) -> Iterator[Life]:
    """A window on ``home`` with all its places made, and what plays the training process; closed afterwards."""
    from distill_gui.app import Studio, application
    from engine.store import WorkerLock
    from tests.faults.growth import settle

    application()
    lock = WorkerLock(home)
    assert lock.acquire(), "the lock of an empty home is free"
    studio = Studio(home, "light", NEVER, ask=lambda parent, active: "keep")
    studio.preferences.set_welcomed()
    studio.show()
    for place in ("compose", "table", "export", "runs"):
        studio.window.show_place(place)
    studio.window.panel("runs").grid.complete()  # type: ignore[attr-defined]
    life = Life(home, studio, **options)
    try:
        yield life
    finally:
        life.close()
        studio.window.close()
        lock.release()
        studio.window.deleteLater()
        settle()


class Life:
    """Claims runs and writes their rows, ``steps`` a run, and has the window keep up. ``waiting`` runs are always in the
    queue, and as many as ``kept`` have ended and are there; each older one is deleted for good."""

    def __init__(self, home: Path, studio: Studio, waiting: int = 20, kept: int = 20, steps: int = 60) -> None:
        from engine.store import Store

        self.studio = studio
        self._home = home
        self._store = Store(home)
        self._waiting_for, self._kept, self._steps = waiting, kept, steps
        self._waiting: deque[int] = deque()
        self._ended: deque[int] = deque()
        self._deleted: list[int] = []
        self._by_window = False
        studio.engine.discarded.connect(lambda gone: studio.engine.purge([record.id for record in gone]))

    def close(self) -> None:
        self._store.close()

    def sample(self, after: float) -> Sample:
        from tests.faults.growth import take_sample

        self._wait_for_deletions()
        return take_sample(self.studio, after)

    # ── one after the other ─────────────────────────────────────────────────────────────────────────────────────
    def one_run(self) -> None:
        """The oldest queued run is trained and scored and ends; another is queued, and the oldest that ended is deleted."""
        while len(self._waiting) <= self._waiting_for:
            self._waiting.append(self._enqueue("one of many"))
        run = self._waiting.popleft()
        self._train(run)
        self._ended.append(run)
        if len(self._ended) > self._kept:
            self._delete(self._ended.popleft())

    def queue(self, runs: int, samples: int) -> list[Sample]:
        """``runs`` runs; the first sample is taken once as many are there as will be."""
        every, found = max(1, runs // samples), []
        for number in range(1, runs + 1):
            self.one_run()
            if number % every == 0 and len(self._ended) >= self._kept:
                found.append(self.sample(number))
        return found

    def _train(self, run: int) -> None:
        from engine.events import Facts, Log, Metrics, Score

        self._claim(run)
        with self._store.writer(run) as writer:
            writer.emit(Facts({"total_steps": self._steps, "steps_per_epoch": self._steps, "key_metric": "f1"}))
            for step in range(self._steps):
                writer.emit(Metrics(step, float(step), dict.fromkeys(CURVES, 1 / (1 + step))))
            writer.emit(Log("trained"))
            writer.emit(Score("student", "validation", "f1", 0.8))
        self._store.set_state(run, "finished")
        record = self.studio.models.runs.record
        self._until(lambda: (known := record(run)) is not None and known.state == "finished", f"run {run} has ended")

    def _delete(self, run: int) -> None:
        """By the window's own trash, or by somebody else, in turns."""
        from engine.store import trash

        self._by_window = not self._by_window
        if self._by_window:
            self.studio.engine.discard(run)
        else:
            trash.discard(self._store, run)
            trash.purge(self._store, [run])
        self._deleted.append(run)  # waited for with the next sample: the next run is trained meanwhile

    def _wait_for_deletions(self) -> None:
        record, gone = self.studio.models.runs.record, set(self._deleted)
        self._until(lambda: gone <= self._store.purged() and not any(map(record, gone)), "the deleted runs are gone")
        self._deleted.clear()

    # ── many at once ────────────────────────────────────────────────────────────────────────────────────────────
    def crowd(self, runs: int, rounds: int = ROUNDS) -> tuple[list[Sample], list[Sample]]:
        """``runs`` queued at once and deleted by somebody else, some rounds of it. Samples while they are there, and after."""
        there, after = [], []
        for number in range(1, rounds + 1):
            there.append(self._crowd_comes(number, runs))
            self._crowd_goes()
            after.append(self.sample(number))
        return there, after

    def _crowd_comes(self, number: int, runs: int) -> Sample:
        before = len(self._store.runs())
        self.studio.engine.enqueue([f'name = "one of a crowd"\n{TOML}'] * runs)
        self._until(lambda: len(self.studio.models.runs.records()) == before + runs, f"{runs} runs are shown")
        return self.sample(number)

    def _crowd_goes(self) -> None:
        from engine.store import trash

        runs = [run.id for run in self._store.runs("queued")]
        for run in runs:
            trash.discard(self._store, run)
        trash.purge(self._store, runs)
        self._waiting.clear()
        self._until(
            lambda: not any(r.state == "queued" for r in self.studio.models.runs.records()), "the crowd has gone"
        )

    # ── hours ───────────────────────────────────────────────────────────────────────────────────────────────────
    def stream(self, hours: float, samples: int, step_s: float = 1.0) -> list[Sample]:
        """One run of ``hours`` at a step every ``step_s`` simulated seconds, each with a log line, written as fast as the window
        takes it in."""
        from engine.events import Facts, Log, Metrics

        run = self._enqueue("streams")
        self._claim(run)
        total = int(3600 * hours / step_s)
        found, written, every = [], 0, max(1, total // samples)
        with self._store.writer(run) as writer:
            writer.emit(Facts({"total_steps": total, "steps_per_epoch": 3600, "key_metric": "f1"}))
            while written < total:
                before, written = written, min(total, written + PIECE_STEPS)
                for step in range(before, written):
                    writer.emit(Metrics(step, step * step_s, dict.fromkeys(CURVES, 1 / (1 + step % 3600))))
                    writer.emit(Log(f"step {step}"))
                writer.flush()
                self._until(partial(self._has_seen, run, written), f"{written} steps are seen")
                if written // every > before // every:
                    found.append(self.sample(written * step_s / 3600))
        self._store.set_state(run, "finished")
        return found

    def _has_seen(self, run: int, steps: int) -> bool:
        series = self.studio.models.curves.series(run, CURVES[0])
        return series is not None and len(series) >= steps

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _enqueue(self, name: str) -> int:
        from engine.config import parse_config

        return self._store.enqueue(parse_config(f'name = "{name}"\n{TOML}', self._home))

    def _claim(self, run: int) -> None:
        from engine.store.processes import own_identity

        claimed = self._store.claim(*own_identity(), run=run)
        assert claimed is not None, f"run {run} is queued"

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        from PySide6.QtWidgets import QApplication

        deadline = time.monotonic() + LIMIT_S
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {LIMIT_S:g} s in vain until {what}")
            QApplication.processEvents()
            time.sleep(0.005)


# ── the long form ───────────────────────────────────────────────────────────────────────────────────────────────────
def live_long(runs: int) -> Outcome:
    """``runs`` one after the other and as many at once, and 24 h of streaming for every thousand; in another process."""
    outcome = Outcome("a window's long life")
    with outcome.measured(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        command = [sys.executable, "-m", "tests.faults.long_life", "--runs", str(runs), "--json", str(file)]
        status = subprocess.run(command, check=False).returncode
        outcome.must(status == 0, f"The window's process ended with exit status {status}.")
        if file.exists():
            found = json.loads(file.read_text(encoding="utf-8"))
            outcome.counts.update(found["counts"])
            outcome.wrong += found["wrong"]
    return outcome


def find(runs: int, hours: float) -> Outcome:
    """All three parts in this process, each with a window of its own, with the samples printed."""
    from tests.faults.growth import MEMORY, as_table, growth, too_much

    outcome, samples = Outcome("a window's long life"), 10

    def note(part: str, unit: str, found: list[Sample]) -> None:
        print(as_table(part, unit, found), flush=True)
        outcome.wrong += [f"{part}: {sentence}" for sentence in too_much(found, unit)]
        for name, each in growth(found).items():
            outcome.counts[f"{part}: {name}, first"] = found[0].figures[name]
            outcome.counts[f"{part}: {name}, last"] = found[-1].figures[name]
            outcome.counts[f"{part}: {name}, with every {unit}"] = round(each, 3)

    with tempfile.TemporaryDirectory() as home, long_life(Path(home), kept=min(20, runs // 5)) as life:
        outcome.add("runs one after the other", runs)
        note("queue", "run", life.queue(runs, samples))
    with tempfile.TemporaryDirectory() as home, long_life(Path(home)) as life:
        before = life.sample(0)
        outcome.add("runs queued at once, and deleted", runs)
        there, after = life.crowd(runs)
        print(as_table("crowd there", "rounds", there))
        outcome.counts["crowd: bytes for each queued run"] = (there[-1].figures[MEMORY] - before.figures[MEMORY]) / runs
        note("crowd", "round", after)
    with tempfile.TemporaryDirectory() as home, long_life(Path(home)) as life:
        outcome.add("hours streamed", hours)
        found = life.stream(hours, 2 * samples)
        note("stream", "hour", found[len(found) // 4 :])  # from when on the log has all the lines that are kept
        outcome.counts["stream: curves, bytes an hour"] = round(found[-1].curve_bytes / hours)
    return outcome


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    parser = argparse.ArgumentParser(prog="python -m tests.faults.long_life", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--hours", type=float, help="24 for every thousand runs")
    parser.add_argument("--json", type=Path, help="write what was found to this file")
    chosen = parser.parse_args()
    outcome = find(chosen.runs, chosen.hours if chosen.hours is not None else 24 * chosen.runs / 1000)
    if chosen.json:
        found = {"counts": outcome.counts, "wrong": outcome.wrong}
        chosen.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    else:
        print("\n".join(outcome.wrong) or "Nothing grew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
