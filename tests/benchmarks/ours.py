"""The product's own runs, started as a person starts them (``python -m engine run|work``), read out of its store."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.config import parse_config
from engine.store import RunRecord, Store
from engine.store.records import ENDED, FINISHED
from tests.benchmarks import process
from tests.benchmarks.process import Ended, FailedError
from tests.benchmarks.setting import Setting

STAY_S = 0.1  # how long the worker waits for another run: counted with the sweep
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Trained:
    """A finished run's final student on the validation rows."""

    scores: dict[str, float]
    validation_loss: float


def run_once(setting: Setting, seed: int, home: Path, log: Path) -> tuple[Ended, Trained]:
    """One ``distill run`` as a process, from its start to its end."""
    config = home.with_suffix(".toml")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(setting.toml(seed), encoding="utf-8")
    ended = process.run(["-m", "engine", "run", str(config), "--home", str(home)], setting.threads, log)
    store = Store(home)
    try:
        return ended, trained(store, store.runs()[-1])
    finally:
        store.close()


def trained(store: Store, run: RunRecord) -> Trained:
    """Raises FailedError for a run that did not finish."""
    if run.state != FINISHED:
        raise FailedError(f"run {run.id} is {run.state}: {run.reason}")
    scores = {
        row.metric: row.value
        for row in store.scores(run.id)
        if row.model == "student" and row.split.startswith("validation")
    }
    return Trained(scores, float(store.curve(run.id, "validation/loss")[2][-1]))


def sweep(
    setting: Setting, seed: int, weights: list[float], home: Path, log: Path, at_once: int = 1
) -> tuple[Ended, list[Trained]]:
    """A run for each λ, queued, then trained by one worker process, or by ``at_once``; start and end are counted."""
    store = Store(home)
    try:
        runs = [store.enqueue(parse_config(setting.with_label_weight(weight).toml(seed))) for weight in weights]
        arguments = ["work", "--home", str(home), "--stay-s", str(STAY_S), "--at-once", str(at_once)]
        ended = process.run(["-m", "engine", *arguments], setting.threads, log)
        return ended, [trained(store, store.run(run)) for run in runs]
    finally:
        store.close()


@dataclass(frozen=True)
class Gap:
    """From the end of a queued run to the next one's first step, in seconds.

    ``claimed_s`` is exact. When a step was taken the store does not say in time of day, so the first step has two upper
    bounds: ``seen_s``, when a watcher found it stored (up to a quarter of a second late, the store's own rhythm), and
    ``reckoned_s``, the next run's end less all that its clock counted since the first step (so the last scoring and the
    student's keeping are in it).
    """

    claimed_s: float
    seen_s: float
    reckoned_s: float

    @property
    def at_most_s(self) -> float:
        return min(self.seen_s, self.reckoned_s)


def gaps(setting: Setting, seeds: list[int], home: Path, log: Path) -> list[Gap]:
    """Queue a run for each seed, let one worker train them, and look at what lies between each two."""
    store = Store(home)
    worker = None
    try:
        runs = [store.enqueue(parse_config(setting.toml(seed))) for seed in seeds]
        worker = process.start(
            ["-m", "engine", "work", "--home", str(home), "--stay-s", str(STAY_S)], setting.threads, log
        )
        seen = _watch(store, runs, worker)
        records = [store.run(run) for run in runs]
        for record in records:
            trained(store, record)
        return [_gap(store, before, after, seen[after.id]) for before, after in pairwise(records)]
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait()
        store.close()


def _watch(store: Store, runs: list[int], worker: subprocess.Popen[bytes]) -> dict[int, float]:
    """When each run's first step was found in the store, in unix seconds. Raises FailedError for a worker that died."""
    seen: dict[int, float] = {}
    for run in runs:
        while (found := store.run(run)).state not in ENDED:
            if found.step and run not in seen:
                seen[run] = time.time()
            if worker.poll() is not None and store.run(run).state not in ENDED:
                raise FailedError(f"the worker ended before run {run} did")
            time.sleep(LOOK_EVERY_S)
        seen.setdefault(run, time.time())
    return seen


def _gap(store: Store, before: RunRecord, after: RunRecord, seen: float) -> Gap:
    assert before.ended_at and after.started_at and after.ended_at
    first = float(store.curve(after.id, "train/loss")[1][0])
    last = max(float(np.max(store.curve(after.id, name)[1])) for name in store.curve_names(after.id))
    return Gap(
        after.started_at - before.ended_at, seen - before.ended_at, after.ended_at - (last - first) - before.ended_at
    )
