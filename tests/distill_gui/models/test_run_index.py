"""What is kept of the runs that train, wait and are controls is what a search among all of them would find."""

import random
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

from distill_gui.models.run_index import RunIndex
from distill_gui.models.run_text import is_control
from engine.store import RunRecord

STATES = ("queued", "running", "paused", "finished", "finished", "failed")


def test_after_any_changes_it_knows_what_a_search_finds(record: Callable[..., RunRecord]) -> None:
    chance, index, runs = random.Random(0), RunIndex(), {}
    for _ in range(400):
        run = chance.randrange(30)
        if chance.random() < 0.1:
            runs.pop(run, None)
            index.drop(run)
            continue
        runs[run] = record(
            run, state=chance.choice(STATES), loss=chance.choice(("none", "kl")), task=chance.choice(("mrpc", "rte")),
            best_score=chance.choice((None, 0.5, 0.75)),
        )  # fmt: skip
        index.put(runs[run])
        active = [runs[key] for key in sorted(runs) if runs[key].state in ("queued", "running")]
        assert index.active() == active
        assert index.live() == next((found for found in active if found.state == "running"), None)
        asked = replace(runs[run], id=99, loss="kl")
        scores = [
            found.best_score
            for found in runs.values()
            if is_control(found)
            and found.state == "finished"
            and found.best_score is not None
            and found.task == asked.task
        ]
        assert index.control_score(asked) == ((fmean(scores), len(scores)) if scores else None)
        assert index.control_score(replace(asked, loss="none")) is None
