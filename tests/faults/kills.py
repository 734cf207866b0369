"""Kills of the training process at random moments, each attempt a forked worker: what is lost, doubled or different."""

from __future__ import annotations

import json
import random
import shutil
import signal
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.store import Store
from engine.store.records import FINISHED, QUEUED
from tests.faults.ending import NOT_DOUBLED, NOT_LOST, OLDEST, Reference, check_death, check_end, reference_of
from tests.faults.material import CASES, config_of
from tests.faults.moments import ANYWHERE, ENDING, PLACES, TIDYING, Moment
from tests.faults.outcome import Outcome
from tests.faults.witness import read_lines
from tests.faults.worker import WITNESS
from tests.faults.zygote import Zygote

KILLS_A_RUN = 7
SIGNALS = (signal.SIGKILL,) * 8 + (signal.SIGSEGV, signal.SIGABRT)
EARLY = ("loading data", "writing the cache", "fine-tuning the teacher", "keeping the teacher", "scoring the teacher",
         "asking the teacher")  # fmt: skip
LATE = ("scoring the student", "keeping the student", ENDING, TIDYING)


@dataclass
class Calm:
    """An uninterrupted run: how it ended, how long it took, and how often each place was passed."""

    reference: Reference
    seconds: float
    passed: dict[str, int]


def calm_run(zygote: Zygote, material: Path, case: str, *more: str) -> Calm:
    """Train a case without a fault, in a home of its own."""
    home = Path(tempfile.mkdtemp(prefix="calm-"))
    store = Store(home)
    try:
        run = store.enqueue(config_of(material, case, *more))
        status = zygote.wait(zygote.start(home))
        assert status == 0, (home / "output.txt").read_text()
        record = store.run(run)
        seconds = (record.ended_at or 0) - (record.started_at or 0)
        (passed,) = home.glob("passed-*.json")
        return Calm(reference_of(store, run), seconds, json.loads(passed.read_text()))
    finally:
        store.close()
        shutil.rmtree(home)


def plan(chance: random.Random, calm: Calm, kills: int) -> list[Moment]:
    """Moments of one run's life, about in the order it comes by them."""
    drawn = [chance.choice([place for place in PLACES if calm.passed.get(place)]) for _ in range(kills)]

    def order(place: str) -> float:
        return (
            0.1 * EARLY.index(place)
            if place in EARLY
            else 9 + LATE.index(place)
            if place in LATE
            else 8 * chance.random()
        )

    moments = []
    for place in sorted(drawn, key=order):
        count = 1 if place == ANYWHERE else chance.randint(1, max(1, calm.passed[place] // 3))
        delay_s = chance.choice([0.0, chance.uniform(0.0, 0.03)])
        if place == ANYWHERE:
            delay_s = chance.uniform(0.0, calm.seconds)
        moments.append(Moment(place, count, delay_s, int(chance.choice(SIGNALS))))
    return moments


def kill_trainings(
    zygote: Zygote, material: Path, kills: int, chance: random.Random, cases: tuple[str, ...] = tuple(CASES)
) -> Outcome:
    """``kills`` deaths, spread over runs of all cases; every run is brought to its end."""
    outcome = Outcome("Training process killed")
    with outcome.measured():
        for count in ("kills", NOT_LOST, OLDEST, NOT_DOUBLED):
            outcome.add(count, 0)
        calm = {case: calm_run(zygote, material, case) for case in cases}
        runs = 0
        while outcome.counts["kills"] < kills and runs < kills:
            case = cases[runs % len(cases)]
            runs += 1
            left = int(kills - outcome.counts["kills"])
            moments = plan(chance, calm[case], min(KILLS_A_RUN, left))
            _one_life(zygote, material, case, calm[case], moments, outcome, f"{case}, run {runs}")
    return outcome


def _one_life(
    zygote: Zygote, material: Path, case: str, calm: Calm, moments: list[Moment], outcome: Outcome, name: str
) -> None:
    home = Path(tempfile.mkdtemp(prefix="storm-"))
    store = Store(home)
    run = store.enqueue(config_of(material, case))
    for number, moment in enumerate(moments):
        where = f"{name}, death {number + 1} ({moment.place})"
        had_student = store.run(run).has_student
        status = zygote.wait(zygote.start(home, moment=asdict(moment)))
        if status == 0:  # it did not come by there any more
            break
        outcome.must(status == -moment.signal, f"{where}: exit status {status}: {_output(home)}")
        if status != -moment.signal:
            break
        outcome.add("kills")
        outcome.add(f"kills while {moment.place}" if moment.place != ANYWHERE else "kills anywhere")
        outcome.add(f"kills by {signal.Signals(moment.signal).name}")
        died_at = next(line["t"] for line in reversed(list(read_lines(home / WITNESS))) if "dies" in line)
        check_death(outcome, home, run, died_at, where)
        store.recover_dead()
        record = store.run(run)
        outcome.must(record.has_student or not had_student, f"{where}: the student that was kept before is gone.")
        if record.state == FINISHED:  # all was stored, the process alone had not ended yet
            outcome.add("kills after the run's end")
            zygote.wait(zygote.start(home))  # whoever works here next tidies up
            break
        if record.state == QUEUED:  # it died while it tidied up after the one before
            outcome.add("kills before the run was taken")
            continue
        outcome.must(record.state == "interrupted", f"{where}: the run is {record.state}.")
        store.resume(run)
    if store.run(run).state == QUEUED:
        status = zygote.wait(zygote.start(home))
        outcome.must(status == 0, f"{name}: the last attempt ended with {status}: {_output(home)}")
    check_end(outcome, store, run, calm.reference, name)
    left = sorted(
        str(path.relative_to(home)) for path in home.rglob("*") if ".part" in path.name or ".old-" in path.name
    )
    outcome.must(not left, f"{name}: nobody cleared {left[:3]}, {len(left)} in all.")
    store.close()
    if not outcome.wrong:
        shutil.rmtree(home)


def _output(home: Path) -> str:
    return (home / "output.txt").read_text(errors="replace")[-2000:]
