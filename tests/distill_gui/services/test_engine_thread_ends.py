"""The engine thread with a stand-in engine: training that dies, and training that is to stop."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

Until = Callable[..., float]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are a matter of POSIX")


# ── deaths ──────────────────────────────────────────────────────────────────────────────────────────────────────
@posix
@pytest.mark.parametrize(
    ("name", "words"),
    [("exits with 3", "exit status 3"), ("is killed", "killed"), ("crashes", "segmentation fault"),
     ("runs out of memory", "out of memory"), ("ends without a word", "without finishing")],
)  # fmt: skip
def test_a_death_is_said_with_its_cause_and_the_queue_goes_on(
    stays_running: Any, open_thread: Any, until: Until, toml: Any, fake: Any, name: str, words: str
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml(name), toml("finishes")])
    until(lambda: heard.runs and 1 in heard.runs and heard.runs[1].state == "running")
    worker = int(fake.written("workers")[0])
    until(lambda: not stays_running([str(worker)]))
    assert until(lambda: heard.end_of(name)) < 2.0, "said within two seconds of the death"
    dead = heard.end_of(name)
    assert dead.state == "failed"
    assert words in dead.reason
    log = dead.log_file.read_text()
    assert dead.reason in log
    assert f"now {name}" in log, "the worker's last lines are in the run's log"
    until(lambda: heard.end_of("finishes"))
    assert len(fake.written("workers")) == 2, "a fresh worker"


@posix
def test_rows_stored_before_a_death_are_kept(open_thread: Any, until: Until, toml: Any) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("is killed")])
    until(lambda: heard.ended)
    assert heard.steps(1) == list(range(5))


@posix
def test_children_of_a_dead_worker_do_not_stay(
    stays_running: Any, open_thread: Any, until: Until, toml: Any, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("has children and is killed")])
    until(lambda: heard.ended)
    assert len(fake.written("children")) == 2
    until(lambda: stays_running(fake.written("children")) == [])


def test_an_engine_that_cannot_start_is_said_and_tried_again(
    open_thread: Any, until: Until, toml: Any, fake: Any
) -> None:
    (fake.folder / "broken").touch()
    thread, heard = open_thread()
    thread.enqueue([toml("finishes")])
    until(lambda: heard.troubles)
    assert "the engine cannot be imported" in heard.troubles[0]
    assert heard.ended == [], "the run waits on"
    (fake.folder / "broken").unlink()
    until(lambda: heard.end_of("finishes"))


def test_a_program_that_is_not_there_is_said(open_thread: Any, until: Until, toml: Any, fake: Any) -> None:
    fake.command[0] = str(fake.folder / "no such program")
    thread, heard = open_thread()
    thread.enqueue([toml("finishes")])
    until(lambda: heard.troubles)
    assert "cannot be started" in heard.troubles[0]
    thread.preview(1, "x")
    until(lambda: heard.previews)
    assert heard.previews[0]["ready"] is False


# ── stops ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_that_listens_stops_when_asked(open_thread: Any, until: Until, toml: Any) -> None:
    thread, heard = open_thread(ask_s=5.0)
    thread.enqueue([toml("trains"), toml("finishes")])
    until(lambda: heard.rows)
    thread.stop_run(1)
    until(lambda: heard.ended)
    assert (heard.ended[0].state, heard.ended[0].reason) == ("stopped", "Stopped when asked to.")
    until(lambda: len(heard.ended) == 2)
    assert heard.stages == [(1, "asked"), (1, "")]


def test_a_queued_run_is_taken_out_at_once(open_thread: Any, until: Until, toml: Any) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("trains"), toml("finishes")])
    until(lambda: 2 in heard.runs)
    thread.stop_run(2)
    until(lambda: heard.end_of("finishes"))
    assert heard.ended[0].state == "stopped"
    assert heard.stages == []
    assert heard.runs[1].state in ("queued", "running")


@posix
def test_a_run_that_hangs_is_terminated(open_thread: Any, until: Until, toml: Any) -> None:
    thread, heard = open_thread(terminate_s=10.0)
    thread.enqueue([toml("hangs"), toml("finishes")])
    until(lambda: heard.runs and heard.runs[1].state == "running")
    thread.stop_run(1)
    thread.stop_run(1)
    until(lambda: heard.end_of("hangs"))
    assert heard.end_of("hangs").state == "stopped"
    assert "by force" in heard.end_of("hangs").reason
    until(lambda: heard.end_of("finishes"))
    assert heard.stages == [(1, "asked"), (1, "terminated"), (1, "")]


@posix
def test_a_run_that_ignores_everything_is_killed_with_its_children(
    stays_running: Any, open_thread: Any, until: Until, toml: Any, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("has children and ignores everything"), toml("finishes")])
    until(lambda: (fake.folder / "ignoring").exists())
    thread.stop_run(1)
    until(lambda: heard.ended)
    assert heard.ended[0].state == "stopped"
    until(lambda: stays_running(fake.written("children")) == [])
    until(lambda: heard.end_of("finishes"))
    assert heard.stages == [(1, "asked"), (1, "terminated"), (1, "killed"), (1, "")]


def test_a_run_that_winds_down_is_given_the_time(open_thread: Any, until: Until, toml: Any) -> None:
    thread, heard = open_thread(ask_s=0.5)
    thread.enqueue([toml("winds down slowly")])
    until(lambda: heard.runs and heard.runs[1].state == "running")
    thread.stop_run(1)
    assert until(lambda: heard.ended) > 0.8, "longer than asking alone may take"
    assert heard.ended[0].reason == "Stopped when asked to."


def test_stopping_what_is_not_there_is_said(open_thread: Any, until: Until) -> None:
    thread, heard = open_thread()
    thread.stop_run(77)
    until(lambda: heard.troubles)
    assert "no run “77”" in heard.troubles[0]
