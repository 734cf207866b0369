"""What the keeper decides, step by step, without a thread around it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from distill_gui.services.store_tail import StoreTail
from distill_gui.services.worker_keeper import Reports, Times, WorkerKeeper
from distill_gui.services.worker_output import WorkerOutput
from engine.config import parse_config
from engine.errors import StoreError
from engine.store import Store, WorkerLock, trash
from engine.store.processes import own_identity
from engine.store.stop_escalation import ASK_S, TERMINATE_S


class Desk:
    """A keeper with what it reports, driven by hand."""

    def __init__(self, home: Path, command: list[str], times: Times) -> None:
        self.store = Store(home)
        self.tail = StoreTail(self.store)
        self.worker: list[str] = []
        self.stages: list[tuple[int, str]] = []
        self.troubles: list[str] = []
        reports = Reports(
            self.worker.append, lambda run, stage, _: self.stages.append((run, stage)), self.troubles.append
        )
        self.keeper = WorkerKeeper(self.tail, command, times, reports)

    def step_until(self, holds: Callable[[], Any], limit_s: float = 10.0) -> None:
        deadline = time.monotonic() + limit_s
        while not holds():
            assert time.monotonic() < deadline, "in vain"
            self.step()
            time.sleep(0.01)

    def step(self) -> None:
        self.tail.look()
        self.keeper.step()


@pytest.fixture
def desk(home: Path, fake: Any) -> Iterator[Desk]:
    made = Desk(home, fake.command, Times(ask_s=0.2, terminate_s=0.2, stay_s=0.1, grace_s=0.2, retry_s=0.1))
    yield made
    made.keeper.close()
    made.store.close()


def _queue(desk: Desk, toml: Callable[[str], str], name: str) -> int:
    run = desk.store.enqueue(parse_config(toml(name)))
    desk.tail.touch()
    return run


def test_without_runs_nobody_is_hired(desk: Desk, fake: Any) -> None:
    for _ in range(5):
        desk.step()
    assert desk.worker == ["none"]
    assert not (fake.folder / "workers").exists()


def test_a_worker_is_hired_once_for_a_queue_and_again_for_the_next(desk: Desk, toml: Any, fake: Any) -> None:
    for _ in range(2):
        run = _queue(desk, toml, "finishes")
        desk.step_until(lambda run=run: desk.store.run(run).state == "finished")
        desk.step_until(lambda: desk.worker[-1] == "none")
    assert len(fake.written("workers")) == 2
    assert desk.troubles == []


def test_one_that_takes_no_run_is_replaced_ever_more_slowly_until_hurried(desk: Desk, toml: Any, fake: Any) -> None:
    (fake.folder / "broken").touch()
    _queue(desk, toml, "finishes")
    began = time.monotonic()
    desk.step_until(lambda: len(desk.troubles) == 4)
    assert time.monotonic() - began > 0.1 + 0.2 + 0.4
    (fake.folder / "broken").unlink()
    desk.keeper.hurry()
    desk.step_until(lambda: desk.store.run(1).state == "finished", limit_s=5.0)


def test_nobody_is_hired_beside_another_worker(desk: Desk, toml: Any, fake: Any, home: Path) -> None:
    with WorkerLock(home) as lock:
        lock.acquire()
        _queue(desk, toml, "finishes")
        for _ in range(5):
            desk.step()
    assert desk.worker == ["none"]
    desk.step_until(lambda: desk.store.run(1).state == "finished")


def test_a_dead_stranger_is_given_a_moment_to_be_explained(desk: Desk, toml: Any) -> None:
    run = _queue(desk, toml, "of a stranger")
    pid, started = own_identity()
    desk.store.claim(pid, started - 99)
    began = time.monotonic()
    desk.step()
    assert desk.store.run(run).state == "running"
    desk.step_until(lambda: desk.store.run(run).state == "interrupted")
    assert time.monotonic() - began >= 0.2


def test_a_death_whose_window_is_gone_is_told_at_once_with_the_last_lines(desk: Desk, toml: Any) -> None:
    run = _queue(desk, toml, "of a window that was closed")
    pid, started = own_identity()
    output = WorkerOutput.begin(desk.store.home)
    output.file.write_text("Loading.\nFatal Python error: Bus error\n")
    output.name_after(pid, started - 99)
    when, of, window, *rest = output.file.name.split("-")
    assert int(window) == pid
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    output.file.rename(output.file.with_name("-".join([when, of, str(gone.pid), *rest])))
    desk.store.claim(pid, started - 99)
    began = time.monotonic()
    desk.step()
    assert desk.store.run(run).state == "interrupted" and time.monotonic() - began < 0.2
    assert "Fatal Python error: Bus error" in desk.store.run(run).log_file.read_text()


def test_a_stop_of_a_dead_strangers_run_ends_as_stopped(desk: Desk, toml: Any) -> None:
    run = _queue(desk, toml, "of a stranger")
    pid, started = own_identity()
    desk.store.claim(pid, started - 99)
    desk.keeper.stop(run)
    desk.keeper.stop(run)
    desk.step_until(lambda: desk.store.run(run).state == "stopped")
    assert "no student was kept" in desk.store.run(run).reason
    desk.step_until(lambda: desk.stages[-1] == (run, ""))
    assert desk.stages[0] == (run, "asked")


def test_a_forced_stop_says_when_a_student_was_kept(desk: Desk, toml: Any) -> None:
    run = _queue(desk, toml, "of a stranger")
    student = desk.store.run(run).folder / "student"
    student.mkdir()
    (student / "config.json").write_text("{}")
    pid, started = own_identity()
    desk.store.claim(pid, started - 99)
    desk.keeper.stop(run)
    desk.step_until(lambda: desk.store.run(run).state == "stopped")
    assert "best student until then was kept" in desk.store.run(run).reason


def test_a_store_that_refuses_while_a_death_is_marked_is_asked_again(
    desk: Desk, toml: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _queue(desk, toml, "exits with 3")
    refusals = []
    marks = desk.store.set_state

    def refuse_twice(*arguments: Any, **options: Any) -> bool:
        if len(refusals) < 2:
            refusals.append(1)
            raise StoreError("busy")
        return marks(*arguments, **options)

    monkeypatch.setattr(desk.store, "set_state", refuse_twice)
    deadline = time.monotonic() + 10
    while desk.store.run(1).state != "failed":
        assert time.monotonic() < deadline
        try:
            desk.step()
        except StoreError:
            continue
        time.sleep(0.01)
    assert len(refusals) == 2
    assert desk.store.run(1).log_file.read_text().count("exit status 3") == 1


def test_a_run_deleted_while_its_worker_lives_does_not_keep_the_next_from_being_hired(
    desk: Desk, toml: Any, fake: Any
) -> None:
    first, second = _queue(desk, toml, "finishes"), _queue(desk, toml, "finishes")
    desk.step_until(lambda: desk.store.run(second).state == "finished")
    trash.discard(desk.store, first)
    trash.purge(desk.store, [first])
    desk.step_until(lambda: desk.worker[-1] == "none")
    third = _queue(desk, toml, "finishes")
    desk.step_until(lambda: desk.store.run(third).state == "finished")


def test_a_window_waits_as_long_as_the_command_line() -> None:
    assert (Times().ask_s, Times().terminate_s) == (ASK_S, TERMINATE_S)
