"""A process with all that it started is ended, and nobody else."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.store.process_tree import kill_session, kill_tree, tell_to_end
from engine.store.processes import started_at

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sessions and signals are a matter of POSIX")

SLEEPS = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
FAMILY = f"""if True:
    import signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sleeps = {SLEEPS!r}
    subprocess.Popen([sys.executable, "-c", sleeps])
    orphan = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {{sleeps!r}}])"
    subprocess.run([sys.executable, "-c", orphan])
    time.sleep(60)"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started = []

    def run(code: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "pids").open("a") as file:
            process = subprocess.Popen([sys.executable, "-c", code], stdout=file, start_new_session=True)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def _pids(folder: Path, count: int) -> list[int]:
    deadline = time.monotonic() + 10
    while len(pids := (folder / "pids").read_text().split()) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [int(pid) for pid in pids]


def _gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
            return True
        time.sleep(0.01)
    return False


def test_children_and_orphans_go_with_it_and_others_stay(
    tmp_path: Path, start: Callable[..., subprocess.Popen]
) -> None:
    family = start(FAMILY)
    pids = _pids(tmp_path, 2)
    other = start(SLEEPS)
    kill_tree(family.pid, started_at(family.pid) or 0)
    assert _gone([*pids, family.pid])
    assert other.poll() is None


def test_a_pid_in_use_again_is_not_hit(start: Callable[..., subprocess.Popen]) -> None:
    process = start(SLEEPS)
    before = (started_at(process.pid) or 0) - 60
    kill_tree(process.pid, before)
    tell_to_end(process.pid, before)
    time.sleep(0.1)
    assert process.poll() is None


def test_telling_ends_one_that_listens(start: Callable[..., subprocess.Popen]) -> None:
    process = start(SLEEPS)
    tell_to_end(process.pid, started_at(process.pid) or 0)
    assert process.wait(5) < 0


def test_who_is_left_of_a_session_is_ended(tmp_path: Path, start: Callable[..., subprocess.Popen]) -> None:
    family = start(FAMILY)
    pids = _pids(tmp_path, 2)
    psutil.Process(family.pid).kill()
    kill_session(family.pid)  # not yet collected
    assert _gone(pids)
