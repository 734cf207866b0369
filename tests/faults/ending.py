"""What must hold after a death, and at the end of a run that died again and again. Reads the store as it lies on disk."""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.store import RunRecord, Store
from tests.faults.outcome import Outcome
from tests.faults.witness import Point, Witness, heard_of
from tests.faults.worker import WITNESS

YOUNG_S = 0.5  # rows older than this may not be lost
TIMED = "examples_per_second"  # measured in seconds: the one curve that is not the same twice
NOT_LOST, NOT_DOUBLED = "rows older than 0.5 s lost", "rows doubled"
OLDEST = "age of the oldest row lost, s"


FACTS = (
    "step", "total_steps", "steps_per_epoch", "batch_size", "key_metric", "teacher_score", "parameters", "teacher_parameters",
    "device", "train_rows", "evaluation_rows", "phase", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """How an uninterrupted run ended."""

    rows: dict[Point, float]
    weights: bytes
    scores: list[tuple[str, str, str, float]]
    best: tuple[float | None, int | None]
    facts: tuple[object, ...]


def rows_of(store: Store, run: int) -> tuple[dict[Point, float], Counter[Point]]:
    """The values of a run's curves, and how often each is there."""
    found, counted = {}, Counter[Point]()
    for name in store.curve_names(run):
        steps, _, values = store.curve(run, name)
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            found[name, step] = value
            counted[name, step] += 1
    return found, counted


def reference_of(store: Store, run: int) -> Reference:
    """Raises AssertionError where the run has not finished."""
    record = store.run(run)
    assert record.state == "finished", (record.state, record.reason)
    rows, counted = rows_of(store, run)
    assert rows and max(counted.values()) == 1
    return Reference(
        {point: value for point, value in rows.items() if not point[0].endswith(TIMED)},
        (record.folder / "student" / "model.safetensors").read_bytes(),
        sorted((row.model, row.split, row.metric, row.value) for row in store.scores(run)),
        (record.best_score, record.best_step),
        facts_of(record),
    )


def facts_of(record: RunRecord) -> tuple[object, ...]:
    """What a run's row says of it, but for times, processes and how often it was begun."""
    return tuple(getattr(record, name) for name in FACTS)


def check_death(outcome: Outcome, home: Path, run: int, died_at: float, where: str, aside: Path | None = None) -> None:
    """Compare what the store holds, before anything is resumed, with what the witness heard, who wrote into ``aside``."""
    store = Store(home)
    held, counted = rows_of(store, run)
    store.close()
    seen = heard_of((aside or home) / WITNESS, run)
    outcome.add("rows heard by the witness before a death", len(seen.rows))
    missing = {point: row for point, row in seen.rows.items() if not same(held.get(point), row[0])}
    for point, (value, at, _) in missing.items():
        outcome.most(OLDEST, died_at - at)
        if died_at - at > YOUNG_S:
            outcome.add(NOT_LOST)
            outcome.wrong.append(
                f"{where}: {point} = {value}, {died_at - at:.2f} s old, is {held.get(point)} in the store."
            )
    newest_held = max((row[2] for point, row in seen.rows.items() if point not in missing), default=0)
    holes = [point for point, row in missing.items() if row[2] < newest_held and point not in held]
    outcome.must(not holes, f"{where}: a younger row is there, {holes[:3]} are not.")
    if missing:  # said once; at the next death they are older, and it is not that one's loss
        witness = Witness((aside or home) / WITNESS, run)
        witness.note(gone=list(missing))
        witness.close()
    _no_doubles(outcome, counted, where)


def check_end(outcome: Outcome, store: Store, run: int, reference: Reference, where: str) -> None:
    """The run must have ended as the uninterrupted one did, to the last bit."""
    record = store.run(run)
    outcome.must(record.state == "finished", f"{where}: it ended {record.state}: {record.reason}")
    if record.state != "finished":
        return
    outcome.add("runs brought to their end")
    rows, counted = rows_of(store, run)
    _no_doubles(outcome, counted, where)
    rows = {point: value for point, value in rows.items() if not point[0].endswith(TIMED)}
    absent, extra = reference.rows.keys() - rows.keys(), rows.keys() - reference.rows.keys()
    unequal = [point for point in rows.keys() & reference.rows.keys() if not same(rows[point], reference.rows[point])]
    outcome.must(not absent and not extra, f"{where}: rows missing {sorted(absent)[:4]}, too many {sorted(extra)[:4]}.")
    outcome.must(not unequal, f"{where}: {len(unequal)} values differ, such as {sorted(unequal)[:3]}.")
    outcome.add("logged values compared with the uninterrupted run's", len(rows))
    outcome.add("logged values that differ", len(unequal) + len(absent) + len(extra))
    weights = (record.folder / "student" / "model.safetensors").read_bytes()
    outcome.must(weights == reference.weights, f"{where}: the final weights differ.")
    outcome.add("final weights that differ", weights != reference.weights)
    scores = sorted((row.model, row.split, row.metric, row.value) for row in store.scores(run))
    best = (record.best_score, record.best_step)
    outcome.must(scores == reference.scores, f"{where}: scores {scores} instead of {reference.scores}.")
    outcome.must(best == reference.best, f"{where}: best {best} instead of {reference.best}.")
    facts = facts_of(record)
    outcome.must(facts == reference.facts, f"{where}: facts {facts} instead of {reference.facts}.")
    steps, seconds, _ = store.curve(run, "train/loss")
    back = int((np.diff(seconds[np.argsort(steps)]) < 0).sum())
    outcome.must(not back, f"{where}: at {back} steps the run's clock went back.")
    deadline = time.monotonic() + 2.0  # they go just after the store says that the run is over
    while (left := (record.folder / "checkpoints").exists()) and time.monotonic() < deadline:
        time.sleep(0.01)
    outcome.must(not left, f"{where}: checkpoints are left behind.")


def same(one: float | None, other: float) -> bool:
    return one is not None and (one == other or (math.isnan(one) and math.isnan(other)))


def _no_doubles(outcome: Outcome, counted: Counter[Point], where: str) -> None:
    twice = [point for point, count in counted.items() if count > 1]
    outcome.add(NOT_DOUBLED, len(twice))
    outcome.must(not twice, f"{where}: {len(twice)} rows are doubled, such as {twice[:3]}.")
