"""Checkpoints of a finished run, left by a process that died at its very end, go; all others stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.config import DistillationConfig
from engine.store import Store
from engine.store.leftovers import clear_leftovers
from engine.store.records import FINISHED, PAUSED, RUNNING


def test_only_the_checkpoints_of_finished_runs_are_cleared(
    store: Store, make_config: Callable[..., DistillationConfig], home: Path
) -> None:
    states = [FINISHED, PAUSED, RUNNING, FINISHED]
    folders = []
    for state in states:
        run = store.enqueue(make_config())
        store.set_state(run, state)
        folders.append(store.run(run).folder)
        (folders[-1] / "student").mkdir(parents=True)
    for folder in [*folders[:3], home / "runs" / "77", home / "runs" / "mine"]:
        (folder / "checkpoints" / "step").mkdir(parents=True)
    assert clear_leftovers(store) == [1] and clear_leftovers(store) == []
    there = sorted(path.parent.name for path in home.glob("runs/*/checkpoints"))
    assert there == ["2", "3", "77", "mine"] and all((folder / "student").is_dir() for folder in folders)
