"""One worker a home: among processes, after a death, with files that hold nonsense."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import StoreError
from engine.store import WorkerLock
from engine.store.processes import own_identity

HOLDS = """if True:
    import sys, pathlib
    from engine.store import WorkerLock
    print("ready", flush=True); input()
    print(WorkerLock(pathlib.Path(sys.argv[1])).acquire(), flush=True); input()
"""


def test_it_is_free_taken_and_free_again(home: Path) -> None:
    lock = WorkerLock(home)
    assert lock.holder() is None
    with lock:
        assert lock.acquire()
        assert lock.acquire(), "who has it may ask again"
        assert WorkerLock(home).holder() == own_identity()
    assert lock.holder() is None


def test_of_several_processes_exactly_one_gets_it_and_its_death_frees_it(home: Path, start: Callable[..., Any]) -> None:
    processes = [start(HOLDS, home) for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.stdout.readline() for process in processes]
    assert sorted(answers) == ["False\n"] * 3 + ["True\n"]
    holder = processes[answers.index("True\n")]
    lock = WorkerLock(home)
    assert (found := lock.holder()) is not None and found[0] == holder.pid
    assert not lock.acquire()
    lock.release()
    assert lock.holder() is not None, "nobody lets go of what another holds"
    holder.kill()
    holder.wait()
    assert lock.holder() is None
    with lock:
        assert lock.acquire()


def test_a_reused_pid_does_not_hold_it(home: Path) -> None:
    pid, started = own_identity()
    home.mkdir()
    (home / "worker.json").write_text(json.dumps({"pid": pid, "started": started - 60}))
    assert WorkerLock(home).holder() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x", "started": 1}', '{"pid": 1}', "null", "\x00"])
def test_a_file_of_nonsense_holds_nothing(home: Path, content: str) -> None:
    home.mkdir()
    (home / "worker.json").write_text(content)
    lock = WorkerLock(home)
    assert lock.holder() is None
    with lock:
        assert lock.acquire()


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        WorkerLock(tmp_path / "file" / "home").acquire()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_its_files_are_the_owners_alone(home: Path) -> None:
    with WorkerLock(home) as lock:
        lock.acquire()
        assert {path.name for path in home.iterdir()} == {"worker.json", "worker.lock"}
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in home.iterdir())
