"""The child that trains: its output, its end, its old outputs."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from distill_gui.services.worker_process import WorkerProcess
from engine.errors import StoreError
from engine.store import exit_cause
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
    assert worker.last_lines() == f"work --home {home} --stay-s 1.5 --quiet"
    assert not is_alive(*worker.identity)


def test_its_last_lines_of_both_outputs_are_kept_and_bounded(home: Path) -> None:
    worker = _worker(
        home, "import sys\nfor i in range(5000): print('line', i)\nprint('end', file=sys.stderr)\nsys.exit(4)"
    )
    assert _end(worker) == 4
    assert worker.last_lines(3) == "line 4998\nline 4999\nend"
    assert len(worker.last_lines(10_000)) <= 16_384
    assert "exit status 4" in worker.cause()


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


def test_a_kill_for_memory_long_before_its_death_is_not_its_cause(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = [3]
    monkeypatch.setattr(exit_cause, "memory_kills", lambda: counted[0])
    monkeypatch.setattr(exit_cause, "MEMORY_LOOK_S", 0.0)
    for killed_before_death, words in ((False, "killed (SIGKILL)"), (True, "out of memory")):
        worker = _worker(home, "import time; time.sleep(60)")
        counted[0] += 1  # another process, while this one works
        for _ in range(3):
            assert worker.poll() is None
        counted[0] += killed_before_death
        os.kill(worker.pid, signal.SIGKILL)
        _end(worker)
        assert words in worker.cause()
