"""The engine thread with a stand-in engine: several windows, windows that come and go, a store that refuses."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from distill_gui.services import store_session
from engine.config import parse_config
from engine.events import Metrics
from engine.store import Store, WorkerLock
from engine.store.processes import own_identity

Until = Callable[..., float]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are a matter of POSIX")


# ── several windows, command lines ──────────────────────────────────────────────────────────────────────────────
def test_two_windows_share_one_worker_and_see_the_same(open_thread: Any, until: Until, toml: Any, fake: Any) -> None:
    one, heard_one = open_thread()
    two, heard_two = open_thread()
    one.enqueue([toml("finishes"), toml("finishes")])
    two.enqueue([toml("finishes"), toml("finishes")])
    until(lambda: len(heard_one.ended) == len(heard_two.ended) == 4)
    assert all(heard.steps(run) == list(range(20)) for heard in (heard_one, heard_two) for run in (1, 2, 3, 4))
    assert len(fake.written("workers")) == 1
    assert all(sum(1 for run in heard_one.ended if run.id == number) == 1 for number in (1, 2, 3, 4))


@posix
def test_of_two_windows_the_one_that_knows_says_why_a_run_died(open_thread: Any, until: Until, toml: Any) -> None:
    one, heard_one = open_thread()
    _, heard_two = open_thread()
    one.enqueue([toml("is killed")])
    until(lambda: heard_one.ended and heard_two.ended)
    assert heard_one.ended[0].state == heard_two.ended[0].state == "failed"
    assert "SIGKILL" in heard_two.ended[0].reason


def test_the_cause_is_still_said_when_another_window_was_faster(
    open_thread: Any, until: Until, toml: Any, store: Store, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("trains")])
    until(lambda: heard.worker and heard.worker[-1].startswith("training"))
    time.sleep(0.15)
    worker = psutil.Process(int(fake.written("workers")[0]))
    with store.writing():  # not while the worker itself writes: it would keep the lock
        worker.suspend()
    assert store.set_state(
        1, "interrupted", "The training process ended without a word (killed, or the machine went down)."
    )
    worker.kill()
    until(lambda: heard.runs[1].state == "failed")
    assert len(heard.ended) == 1, "it ends once"


def test_a_worker_elsewhere_is_left_to_work(open_thread: Any, until: Until, toml: Any, home: Path, fake: Any) -> None:
    with WorkerLock(home) as elsewhere:
        elsewhere.acquire()
        thread, heard = open_thread()
        thread.enqueue([toml("finishes")])
        until(lambda: heard.runs)
        time.sleep(0.5)
        assert fake.written("workers") == []
    until(lambda: heard.end_of("finishes"))


def test_a_run_trained_by_a_command_line_makes_the_queue_wait(
    open_thread: Any, until: Until, toml: Any, store: Store, fake: Any
) -> None:
    first = store.enqueue(parse_config(toml("by hand")))
    store.claim(*own_identity(), run=first)
    thread, heard = open_thread()
    thread.enqueue([toml("finishes")])
    until(lambda: 2 in heard.runs)
    time.sleep(0.5)
    assert fake.written("workers") == []
    store.set_state(first, "finished")
    until(lambda: heard.end_of("finishes"))


def test_a_run_of_a_dead_machine_becomes_interrupted(open_thread: Any, until: Until, toml: Any, store: Store) -> None:
    run = store.enqueue(parse_config(toml("of before")))
    pid, started = own_identity()
    store.claim(pid, started - 5000)
    _, heard = open_thread()
    assert until(lambda: heard.ended) < 2.0
    assert (heard.ended[0].id, heard.ended[0].state) == (run, "interrupted")
    assert "without a word" in heard.ended[0].log_file.read_text()


# ── the window comes and goes ───────────────────────────────────────────────────────────────────────────────────
def test_closing_leaves_the_training_running_and_a_new_window_finds_it(
    stays_running: Any, open_thread: Any, until: Until, toml: Any, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("trains")])
    until(lambda: heard.rows)
    began = time.monotonic()
    assert thread.close()
    assert time.monotonic() - began < 1.0
    assert stays_running(fake.written("workers"))
    new, again = open_thread()
    until(lambda: again.steps(1)[:50] == list(range(50)))
    new.stop_run(1)
    until(lambda: again.ended)
    assert again.steps(1) == list(range(len(again.steps(1)))), "nothing lost between the windows, nothing twice"
    assert len(fake.written("workers")) == 1


def test_closing_ends_within_a_second_whatever_goes_on(open_thread: Any, until: Until, toml: Any, fake: Any) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("hangs")])
    thread.preview(1, "slow")
    until(lambda: fake.written("checks") and heard.runs and heard.runs[1].state == "running")
    thread.stop_run(1)
    until(lambda: heard.stages)
    began = time.monotonic()
    assert thread.close()
    assert time.monotonic() - began < 1.0
    assert not thread.isRunning()


def test_what_was_asked_before_closing_is_still_done(
    open_thread: Any, until: Until, toml: Any, store: Store, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("trains")])
    until(lambda: heard.rows)
    thread.stop_run(1)
    thread.enqueue([toml("finishes")])
    assert thread.close()
    assert [run.name for run in store.runs()] == ["trains", "finishes"]
    until(lambda: [run.state for run in store.runs()] == ["stopped", "finished"])


def test_closing_twice_and_closing_what_never_started_are_harmless(home: Path, open_thread: Any) -> None:
    thread, _ = open_thread()
    assert thread.close()
    assert thread.close()
    assert not any("engine" in other.name for other in threading.enumerate())


def test_what_was_there_comes_once_newest_first_and_ends_nothing(
    open_thread: Any, until: Until, toml: Any, store: Store
) -> None:
    for _ in range(3):
        run = store.enqueue(parse_config(toml("old")))
        with store.writer(run) as writer:
            for step in range(30):
                writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        store.set_state(run, "finished")
    _, heard = open_thread()
    until(lambda: heard.rows)
    assert heard.rows[0].runs.tolist() == [3] * 30 + [2] * 30 + [1] * 30, "in one signal"
    assert all(heard.steps(run) == list(range(30)) for run in (1, 2, 3))
    assert heard.ended == []


# ── a store that refuses ────────────────────────────────────────────────────────────────────────────────────────
def test_a_locked_store_is_said_once_and_what_was_wished_is_done_later(
    open_thread: Any, until: Until, toml: Any, home: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_session, "PATIENCE_S", 0.02)
    thread, heard = open_thread()
    other = sqlite3.connect(home / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    thread.enqueue([toml("finishes"), toml("finishes")])
    until(lambda: heard.troubles)
    thread.preview(1, "meanwhile")
    until(lambda: heard.previews)
    time.sleep(0.6)
    assert len(heard.troubles) == 1
    assert "busy" in heard.troubles[0]
    other.execute("ROLLBACK")
    other.close()
    until(lambda: heard.enqueued == [[1, 2]])
    until(lambda: len(heard.ended) == 2)


def test_a_damaged_store_is_said_and_the_thread_can_be_closed(open_thread: Any, until: Until, home: Path) -> None:
    home.mkdir()
    (home / "runs.db").write_bytes(b"no database " * 500)
    thread, heard = open_thread()
    until(lambda: heard.troubles)
    assert "distill store repair --home" in heard.troubles[0]
    assert thread.close()


def test_a_bug_is_said_and_does_not_end_the_thread(
    open_thread: Any, until: Until, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    thread, heard = open_thread()

    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(store_session.StoreSession, "rename", broken)
    thread.rename(1, "x")
    until(lambda: heard.troubles)
    assert "ZeroDivisionError" in heard.troubles[0]
    assert "Traceback" in capfd.readouterr().err
    thread.preview(1, "still here")
    until(lambda: heard.previews)
