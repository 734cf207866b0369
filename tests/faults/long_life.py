"""A window that lives long: many runs one after the other, and hours of streaming, through a real Studio without a screen.

``python -m tests.faults.long_life`` is the long form (1,000 runs, 24 h of rows at a step a second); the ordinary tests hold a
short one. What is asked: does the window keep more memory, open files, threads, Qt objects with every run than belongs to
what it still shows? Every run is discarded and deleted for good after its end, so that nothing of it should stay.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import psutil
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtWidgets import QApplication

from distill_gui.app import Studio, application
from engine.config import parse_config
from engine.events import Metrics, Score
from engine.store import Store, WorkerLock
from engine.store.processes import own_identity

CURVES = ("train/loss", "train/loss/labels", "train/learning_rate", "train/gradient_norm", "validation/f1")
TOML = '[task]\nname = "mrpc"\n[student]\ntokenizer = "owner/words"\n[loss]\nkind = "none"\n'
LIMIT_S = 300.0  # for one thing to be seen, on a machine that is busy with others
NEVER = [sys.executable, "-c", "raise SystemExit('no worker is to be started here')"]


@dataclass(frozen=True)
class Sample:
    """The window's process at one moment, after everything was collected that can be. ``after`` counts runs or hours."""

    after: float
    own_bytes: int
    curve_bytes: int
    objects: int
    files: int
    threads: int
    qt_objects: int
    top_levels: int


@dataclass(frozen=True)
class Row:
    """One figure of the result: how much it grew for every run (or hour) from the first sample after warming up on."""

    part: str
    what: str
    first: float
    last: float
    each: float


def run(runs: int = 1000, hours: float = 24.0, steps: int = 200, samples: int = 10) -> list[Row]:
    """Both parts, one after the other, each in a home of its own."""
    with tempfile.TemporaryDirectory() as queue_home, tempfile.TemporaryDirectory() as stream_home:
        return [
            *growth("queue", live(Path(queue_home), lambda life: life.queue(runs, steps, samples))),
            *growth("stream", live(Path(stream_home), lambda life: life.stream(hours, samples))),
        ]


def live(home: Path, do: Callable[[Life], list[Sample]]) -> list[Sample]:
    """Open a window on ``home`` with all its places, do something with it, and close it."""
    application()
    lock = WorkerLock(home)
    assert lock.acquire(), "the lock of an empty home is free"
    studio = Studio(home, "light", NEVER, ask=lambda parent, active: "keep")
    studio.preferences.set_welcomed()
    studio.show()
    for place in ("compose", "table", "export", "runs"):
        studio.window.show_place(place)
    try:
        return do(Life(home, studio))
    finally:
        studio.window.close()
        lock.release()
        studio.window.deleteLater()
        settle()


class Life:
    """Plays the training process: claims runs and writes their rows, and has the window keep up."""

    def __init__(self, home: Path, studio: Studio) -> None:
        self._store = Store(home)
        self._studio = studio
        self._home = home
        studio.engine.discarded.connect(lambda record: studio.engine.purge([record.id]))

    def queue(self, runs: int, steps: int, samples: int) -> list[Sample]:
        """``runs`` runs, each trained, scored, ended, discarded and deleted."""
        every = max(1, runs // samples)
        found = []
        for number in range(1, runs + 1):
            self._one_run(f"run {number}", steps)
            if number % every == 0:
                found.append(self._sample(number))
        self._store.close()
        return found

    def _one_run(self, name: str, steps: int) -> None:
        run = self._begin(name)
        with self._store.writer(run) as writer:
            for step in range(steps):
                writer.emit(Metrics(step, float(step), dict.fromkeys(CURVES, 1 / (1 + step))))
            writer.emit(Score("student", "validation", "f1", 0.8))
        self._store.set_state(run, "finished")
        record = self._studio.models.runs.record
        self._until(lambda: (known := record(run)) is not None and known.state == "finished", f"run {run} has ended")
        self._studio.window.panel("runs").set_run(run)  # type: ignore[attr-defined]
        self._studio.engine.discard(run)
        self._until(lambda: run not in self._store.numbers() and record(run) is None, f"run {run} is deleted")

    def stream(self, hours: float, samples: int, step_s: float = 1.0) -> list[Sample]:
        """One run of ``hours`` at a step every ``step_s`` simulated seconds, written as fast as the window takes it in."""
        run = self._begin("streams")
        total = int(3600 * hours / step_s)
        found, written = [], 0
        every, piece = max(1, total // samples), 500
        with self._store.writer(run) as writer:
            while written < total:
                for step in range(written, min(total, written + piece)):
                    writer.emit(Metrics(step, step * step_s, dict.fromkeys(CURVES, 1 / (1 + step))))
                before, written = written, min(total, written + piece)
                writer.flush()
                self._until(partial(self._has_seen, run, written), f"{written} steps are seen")
                if written // every > before // every:
                    found.append(self._sample(written * step_s / 3600))
        self._store.set_state(run, "finished")
        self._store.close()
        return found

    def _begin(self, name: str) -> int:
        run = self._store.enqueue(parse_config(f'name = "{name}"\n{TOML}', self._home))
        claimed = self._store.claim(*own_identity())
        assert claimed is not None and claimed.id == run
        return run

    def _has_seen(self, run: int, steps: int) -> bool:
        series = self._studio.models.curves.series(run, CURVES[0])
        return series is not None and len(series) >= steps

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {LIMIT_S:g} s in vain until {what}")
            QApplication.processEvents()
            time.sleep(0.002)

    def _sample(self, after: float) -> Sample:
        for toast in self._studio.window.findChildren(QObject):
            if type(toast).__name__ == "Toast":
                toast.close()  # type: ignore[attr-defined]
        settle()
        process = psutil.Process()
        return Sample(
            after, process.memory_full_info().uss, self._studio.models.curves.nbytes(), len(gc.get_objects()),
            process.num_fds() if hasattr(process, "num_fds") else process.num_handles(), process.num_threads(),
            len(self._studio.window.findChildren(QObject)), len(QApplication.topLevelWidgets()),
        )  # fmt: skip


def settle() -> None:
    """Let Qt and Python delete what nobody holds any more."""
    for _ in range(3):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()


def growth(part: str, samples: list[Sample]) -> list[Row]:
    """From the second sample on: the first still fills caches. The memory of curves that are shown is told by itself."""
    kept = samples[1:] if len(samples) > 2 else samples
    first, last = asdict(kept[0]), asdict(kept[-1])
    span = max(last["after"] - first["after"], 1e-9)
    first["bytes beside the curves"] = first.pop("own_bytes") - first["curve_bytes"]
    last["bytes beside the curves"] = last.pop("own_bytes") - last["curve_bytes"]
    return [
        Row(part, name, first[name], last[name], (last[name] - first[name]) / span) for name in last if name != "after"
    ]


def table(rows: list[Row]) -> str:
    lines = [f"{'':8}{'':26}{'first':>14}{'last':>14}{'each':>12}"]
    lines += [f"{row.part:8}{row.what:26}{row.first:14,.0f}{row.last:14,.0f}{row.each:12,.2f}" for row in rows]
    return "\n".join(lines)


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    parser = argparse.ArgumentParser(prog="python -m tests.faults.long_life", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--steps", type=int, default=200, help="of each run (200)")
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    chosen = parser.parse_args()
    rows = run(chosen.runs, chosen.hours, chosen.steps)
    print(table(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
