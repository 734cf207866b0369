"""``distill stop``: a run that obeys, one that must be told to end, one that must be killed with its children, one that is dead."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.cli import stop
from engine.cli.stop import Patience, stop_run
from engine.config import parse_config
from engine.errors import EngineError
from engine.store import RunRecord, Store

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there SIGTERM ends a process at once")

TRAINER = """
import signal, subprocess, sys, time
from pathlib import Path
from engine.store import Store
from engine.store.processes import own_identity
home, manner = Path(sys.argv[1]), sys.argv[2]
store = Store(home)
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
(home / "child").write_text(str(child.pid))
run = store.claim(*own_identity())
while True:
    if manner == "obeys" and store.requested(run.id) or manner == "is told" and told:
        child.kill()
        child.wait()
        store.set_state(run.id, "stopped", f"Stopped when asked to; told {len(told)}.")
        break
    time.sleep(0.02)
"""


@pytest.fixture
def running(toml: str, home: Path) -> Iterator[Callable[[str], RunRecord]]:
    """Starts a process that has a run and behaves in a manner: "obeys", "is told" or "ignores"."""
    started: list[subprocess.Popen[bytes]] = []

    def start(manner: str) -> RunRecord:
        store = Store(home)
        run = store.enqueue(parse_config(toml))
        started.append(subprocess.Popen([sys.executable, "-c", TRAINER, str(home), manner]))
        deadline = time.monotonic() + 30
        while store.run(run).state != "running":
            assert time.monotonic() < deadline
            time.sleep(0.02)
        found = store.run(run)
        store.close()
        return found

    yield start
    for process in started:
        for child in psutil.Process(process.pid).children() if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()


def child_is_gone(home: Path) -> bool:
    pid = int((home / "child").read_text())
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize(
    ("manner", "patience", "now", "said"),
    [
        ("obeys", Patience(), False, ["was asked to stop", "told 0"]),
        ("is told", Patience(0.2, 30), False, ["was asked to stop", "was told to end", "told 1"]),
        ("ignores", Patience(0.2, 0.2), False, ["was asked", "was told to end", "was killed", "Stopped by force"]),
        ("ignores", Patience(), True, ["was killed with all", "Killed, as was asked for; no student was kept."]),
    ],
)
def test_each_stage_is_said_and_the_run_ends(
    running: Callable[[str], RunRecord], home: Path, capfd: pytest.CaptureFixture[str],
    manner: str, patience: Patience, now: bool, said: list[str],
) -> None:  # fmt: skip
    run = running(manner)
    assert stop_run(home, str(run.id), patience, now=now) == 0
    store = Store(home)
    ended = store.run(run.id)
    printed = capfd.readouterr()
    assert ended.state == "stopped" and child_is_gone(home)
    told = printed.err + printed.out
    places = [told.find(words) for words in said]
    assert -1 not in places and places == sorted(places), told
    if now:
        assert "asked to stop" not in told and not store.requested(run.id)
    assert f"“distill resume {run.id}” goes on" in printed.out
    if manner == "ignores":
        assert ended.reason in ended.log_file.read_text(encoding="utf-8")
    store.resume(run.id)  # nothing is in the way


def test_only_asked_a_run_goes_on_and_nothing_is_forced(
    running: Callable[[str], RunRecord], home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running("ignores")
    assert stop_run(home, str(run.id), Patience(0.0, 0.0), wait=False) == 0
    assert "was asked to stop" in capsys.readouterr().out
    store = Store(home)
    assert store.run(run.id).state == "running" and store.requested(run.id) == "stop"

    monkeypatch.setattr(stop.time, "sleep", lambda seconds: signal.raise_signal(signal.SIGINT))  # Ctrl+C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests that run in the background ignore it
    try:
        assert stop_run(home, str(run.id), Patience()) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "stays asked" in capsys.readouterr().err
    assert store.run(run.id).state == "running" and store.requested(run.id) == "stop"
    with pytest.raises(EngineError, match="choose one"):
        stop_run(home, str(run.id), Patience(), wait=False, now=True)


@pytest.mark.parametrize("wait", [True, False])
def test_a_run_whose_process_is_gone_is_stopped_at_once_and_not_taken_up_again(
    toml: str, home: Path, wait: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(home)
    run = store.enqueue(parse_config(toml))
    store.claim(2**22 + 1, 1.0)
    assert stop_run(home, str(run), Patience(), wait=wait) == 0
    found = store.run(run)
    assert found.state == "stopped" and "its process was gone already; no student was kept" in found.reason
    assert store.resume_interrupted() == ([], []), "whoever asks for a stop does not want it to go on by itself"
    assert found.reason in capsys.readouterr().out
    with pytest.raises(EngineError, match="has ended already"):
        stop_run(home, str(run), Patience())


def test_a_window_that_saw_the_process_die_first_does_not_have_the_last_word(
    running: Callable[[str], RunRecord], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill = stop.kill_tree

    def seen(pid: int, started: float) -> None:
        kill(pid, started)
        Store(home).set_state(1, "failed", "The training process ended before the run did: it was killed (SIGKILL).")

    monkeypatch.setattr(stop, "kill_tree", seen)
    run = running("ignores")
    assert stop_run(home, str(run.id), Patience(0.0, 0.0)) == 0
    assert Store(home).run(run.id).reason.startswith("Stopped by force")


def test_a_process_of_another_container_is_only_asked(
    running: Callable[[str], RunRecord], home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There its pid is somebody else's."""
    run = running("ignores")
    monkeypatch.setattr(stop, "is_of_here", lambda machine: False)
    assert stop_run(home, str(run.id), Patience(0.2, 0.0)) == 1
    assert "another container" in capsys.readouterr().err and psutil.pid_exists(int(run.pid or 0))
    assert Store(home).run(run.id).state == "running"


def test_a_queued_run_is_taken_out_of_the_queue(toml: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for now in (False, True):
        run = Store(home).enqueue(parse_config(toml))
        assert stop_run(home, str(run), Patience(), now=now) == 0
        assert "Taken out of the queue" in capsys.readouterr().out and Store(home).run(run).state == "stopped"
