"""The worker as a process: it takes what is queued, stops when asked, and there is only one a home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import parse_config
from engine.store import RunRecord, Store

LONG = ["training.epochs=1000", "loss.kind=none"]


def start(home: Path, stay_s: float = 0.2, stderr: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine", "work", "--home", str(home), "--stay-s", str(stay_s)],
        stdout=subprocess.DEVNULL, stderr=stderr,
    )  # fmt: skip


def wait_for(store: Store, run: int, wanted: Callable[[RunRecord], bool], seconds: float = 60) -> RunRecord:
    deadline = time.monotonic() + seconds
    while not wanted(found := store.run(run)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home)


def test_a_home_has_one_worker_which_keeps_what_is_stopped_or_terminated_and_goes_on_with_the_queue(
    store: Store, toml: str
) -> None:
    first = store.enqueue(parse_config(toml, overrides=LONG))
    second = store.enqueue(parse_config(toml, overrides=["loss.kind=none"]))
    third = store.enqueue(parse_config(toml, overrides=LONG))
    worker = start(store.home)
    try:
        wait_for(store, first, lambda run: run.step >= 5)
        second_worker = start(store.home, 60, subprocess.PIPE)
        said = second_worker.communicate(timeout=30)[1].decode()
        assert second_worker.returncode == 0 and f"Another worker (process {worker.pid})" in said, "it leaves at once"
        assert store.run(first).state == "running"
        store.request_stop(first)
        stopped = wait_for(store, first, lambda run: run.state != "running")
        assert stopped.state == "stopped" and stopped.has_student and "kept" in stopped.reason
        assert wait_for(store, second, lambda run: run.state == "finished").has_student
        wait_for(store, third, lambda run: run.step >= 5)
        worker.send_signal(signal.SIGTERM)
        assert wait_for(store, third, lambda run: run.state != "running").state == "stopped"
        assert store.run(third).has_student
        assert worker.wait(30) == 0
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_killed_worker_loses_no_older_rows_and_the_next_marks_its_run_and_tidies_up(store: Store, toml: str) -> None:
    run = store.enqueue(parse_config(toml, overrides=LONG))
    worker = start(store.home)
    try:
        wait_for(store, run, lambda found: found.step >= 20)
        worker.kill()
        worker.wait()
        steps = store.curve(run, "train/loss")[0]
        assert len(steps) >= 20 and list(steps) == list(range(1, len(steps) + 1))
        over = store.enqueue(parse_config(toml))
        store.set_state(over, "finished")
        left = store.run(over).folder / "checkpoints"  # of a worker that died between its run's end and the tidying
        left.mkdir()
        again = start(store.home)
        assert again.wait(60) == 0
        assert store.run(run).state == "interrupted" and not left.exists()
    finally:
        worker.kill()
        worker.wait()
