"""The child that trains: its output, its end, its old outputs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest

from distill_gui.services.worker_process import KEPT_OUTPUTS, WorkerProcess
from engine.errors import StoreError
from engine.store.processes import is_alive


def _worker(home: Path, code: str) -> WorkerProcess:
    home.mkdir(exist_ok=True)
    return WorkerProcess(home, [sys.executable, "-c", code], stay_s=1.5)


def _end(worker: WorkerProcess) -> int:
    deadline = time.monotonic() + 10
    while (status := worker.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return status


def test_it_is_told_home_and_patience_and_known_by_pid_and_start(home: Path) -> None:
    worker = _worker(home, "import sys, time; print(*sys.argv[1:]); time.sleep(0.3)")
    assert is_alive(*worker.identity)
    assert worker.poll() is None
    assert _end(worker) == 0
    assert worker.last_lines() == f"work --home {home} --stay-s 1.5"
    assert not is_alive(*worker.identity)


def test_its_last_lines_of_both_outputs_are_kept_and_bounded(home: Path) -> None:
    worker = _worker(
        home, "import sys\nfor i in range(5000): print('line', i)\nprint('end', file=sys.stderr)\nsys.exit(4)"
    )
    assert _end(worker) == 4
    assert worker.last_lines(3) == "line 4998\nline 4999\nend"
    assert len(worker.last_lines(10_000)) <= 16_384
    assert "exit status 4" in worker.cause()


def test_old_outputs_are_removed_the_newest_kept(home: Path) -> None:
    folder = home / "workers"
    folder.mkdir(parents=True)
    for number in range(KEPT_OUTPUTS + 5):
        (folder / f"20200101-0000{number:02}-1-0.txt").write_text("old")
    worker = _worker(home, "pass")
    _end(worker)
    names = sorted(file.name for file in folder.iterdir())
    assert len(names) == KEPT_OUTPUTS + 1
    assert worker.output.name == names[-1]


def test_a_program_that_is_not_there_is_a_sentence(home: Path) -> None:
    home.mkdir()
    with pytest.raises(StoreError, match="cannot be started"):
        WorkerProcess(home, [str(home / "nothing")])


def test_two_started_at_once_have_outputs_of_their_own(home: Path) -> None:
    workers: list[Any] = [_worker(home, "pass") for _ in range(2)]
    assert workers[0].output != workers[1].output
    for worker in workers:
        _end(worker)


def test_of_a_crash_the_beginning_of_its_report_is_kept(home: Path) -> None:
    """The report names the innermost call first: the last lines alone would leave out where it crashed."""
    worker = _worker(
        home,
        "import faulthandler, os, signal, sys\nsys.setrecursionlimit(5000)\nprint('before')\nfaulthandler.enable()\n"
        "def deeper(left):\n    deeper(left - 1) if left else os.kill(os.getpid(), signal.SIGABRT)\ndeeper(60)\n",
    )
    assert _end(worker) < 0
    lines = worker.last_lines(20).splitlines()
    assert len(lines) == 20 and lines[0].startswith("Fatal Python error: Aborted") and "deeper" in lines[5]
