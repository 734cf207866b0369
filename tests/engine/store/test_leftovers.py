"""What a process left that died at its very end goes, and only that: checkpoints of finished runs, students that were not whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.config import DistillationConfig
from engine.store import Store
from engine.store.leftovers import clear_leftovers
from engine.store.records import FINISHED, INTERRUPTED, PAUSED, RUNNING

Make = Callable[..., DistillationConfig]
DEAD = 2**22 + 7  # larger than any pid


def test_only_the_checkpoints_of_finished_runs_are_cleared(store: Store, make_config: Make, home: Path) -> None:
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


def test_students_that_were_not_whole_go_but_for_those_of_living_runs(
    store: Store, make_config: Make, home: Path
) -> None:
    dead, living = store.enqueue_all([make_config(), make_config()])
    store.set_state(dead, INTERRUPTED)
    store.set_state(living, RUNNING)
    for run in (dead, living):
        (store.run(run).folder / f"student.part-{DEAD}").mkdir()
    (store.run(dead).folder / "student").mkdir()
    (store.run(dead).folder / f"student.part-{os.getppid()}").mkdir()
    clear_leftovers(store)
    left = {path.parent.name + "/" + path.name for path in home.glob("runs/*/student*")}
    assert left == {f"{dead}/student", f"{dead}/student.part-{os.getppid()}", f"{living}/student.part-{DEAD}"}


def test_notes_and_copies_that_were_not_whole_go(store: Store, home: Path) -> None:
    (home / "backups").mkdir()
    names = [f"threads.json.part-{DEAD}", f"backups/runs-1.db.part-{DEAD}", f"backups/runs-1.db.part-{DEAD}-journal"]
    for name in [*names, "threads.json", f"runs.db.part-{os.getppid()}"]:
        (home / name).touch()
    clear_leftovers(store)
    assert not any((home / name).exists() for name in names)
    assert (home / "threads.json").exists() and (home / f"runs.db.part-{os.getppid()}").exists()


def test_a_student_whose_process_died_between_the_two_renames_is_there_again_as_soon_as_the_death_is_known(
    store: Store, make_config: Make
) -> None:
    run = store.enqueue(make_config())
    store.claim(DEAD, 1.0)
    aside = store.run(run).folder / f"student.old-{DEAD}"
    aside.mkdir()
    (aside / "config.json").touch()
    assert not store.run(run).has_student
    assert store.recover_dead() == [run] and store.run(run).has_student
