"""The engine's thread with children that train, crash, hang and ignore; two windows; a refusing store; nothing left."""

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


def _stays_running(pids: list[str]) -> list[int]:
    """Which of these processes are still there, zombies aside."""
    there = []
    for pid in map(int, pids):
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                there.append(pid)
        except psutil.Error:
            continue
    return there


# ── a run from the queue to its end ─────────────────────────────────────────────────────────────────────────────
def test_queued_runs_are_trained_one_after_another_by_one_worker(
    open_thread: Any, until: Until, toml: Any, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("finishes"), toml("finishes")])
    until(lambda: len(heard.ended) == 2)
    assert heard.enqueued == [[1, 2]]
    assert [run.state for run in heard.ended] == ["finished", "finished"]
    assert heard.states[2][0] == "queued"
    assert heard.states[2][-1] == "finished"
    assert heard.steps(1) == heard.steps(2) == list(range(20))
    assert len(fake.written("workers")) == 1
    assert heard.troubles == []
    assert heard.order[-1] == "ended", "a run's rows and scores come before its end"
    assert [(score.run, score.value) for score in heard.scores] == [(1, 0.75), (2, 0.75)]


def test_the_worker_is_named_while_it_works_and_goes_when_nothing_comes(
    open_thread: Any, until: Until, toml: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("trains")])
    until(lambda: heard.worker and heard.worker[-1].startswith("training run 1 "))
    assert heard.worker[0] == "none"
    assert heard.worker[1].startswith("starting (process ")
    thread.stop_run(1)
    until(lambda: heard.worker[-1] == "none")
    assert heard.ended[0].state == "stopped"


def test_a_run_queued_by_somebody_else_is_trained_too(open_thread: Any, until: Until, toml: Any, store: Store) -> None:
    _, heard = open_thread()
    store.enqueue(parse_config(toml("finishes")))
    until(lambda: heard.end_of("finishes"))


def test_a_run_is_discarded_restored_and_purged(
    open_thread: Any, until: Until, toml: Any, store: Store, home: Path
) -> None:
    run = store.enqueue(parse_config(toml("waits")))
    store.set_state(run, "failed", "It broke.")
    thread, heard = open_thread()
    discarded: list[Any] = []
    listed: list[Any] = []
    purged: list[Any] = []
    thread.discarded.connect(discarded.append)
    thread.trash_listed.connect(listed.append)
    thread.purged.connect(lambda *said: purged.append(said))
    until(lambda: heard.runs and run in heard.runs)
    thread.discard(run)
    until(lambda: discarded and heard.runs[run].trashed_at is not None)
    assert discarded[0].id == run
    thread.restore([run])
    until(lambda: listed and heard.runs[run].trashed_at is None)
    thread.discard(run)
    thread.list_trash()
    until(lambda: len(listed) == 2)
    ((record, size),) = listed[1]
    assert record.id == run and size > 0 and listed[0] == []
    thread.purge([run])
    until(lambda: len(listed) == 3)
    assert purged == [([run], size)] and listed[2] == [] and not (home / "trash" / str(run)).exists()
    assert heard.ended == []


def test_the_workers_output_is_a_file_and_the_window_has_no_pipe_to_it(
    open_thread: Any, until: Until, toml: Any, home: Path
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("finishes")])
    until(lambda: heard.ended)
    (output,) = (home / "workers").iterdir()
    assert "now finishes" in output.read_text()


# ── deaths ──────────────────────────────────────────────────────────────────────────────────────────────────────
@posix
@pytest.mark.parametrize(
    ("name", "words"),
    [("exits with 3", "exit status 3"), ("is killed", "killed"), ("crashes", "segmentation fault"),
     ("runs out of memory", "out of memory"), ("ends without a word", "without finishing")],
)  # fmt: skip
def test_a_death_is_said_with_its_cause_and_the_queue_goes_on(
    open_thread: Any, until: Until, toml: Any, fake: Any, name: str, words: str
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml(name), toml("finishes")])
    until(lambda: heard.runs and 1 in heard.runs and heard.runs[1].state == "running")
    worker = int(fake.written("workers")[0])
    until(lambda: not _stays_running([str(worker)]))
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
def test_children_of_a_dead_worker_do_not_stay(open_thread: Any, until: Until, toml: Any, fake: Any) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("has children and is killed")])
    until(lambda: heard.ended)
    assert len(fake.written("children")) == 2
    until(lambda: _stays_running(fake.written("children")) == [])


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
    thread.preview("x")
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
    open_thread: Any, until: Until, toml: Any, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("has children and ignores everything"), toml("finishes")])
    until(lambda: (fake.folder / "ignoring").exists())
    thread.stop_run(1)
    until(lambda: heard.ended)
    assert heard.ended[0].state == "stopped"
    until(lambda: _stays_running(fake.written("children")) == [])
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
    open_thread: Any, until: Until, toml: Any, fake: Any
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("trains")])
    until(lambda: heard.rows)
    began = time.monotonic()
    assert thread.close()
    assert time.monotonic() - began < 1.0
    assert _stays_running(fake.written("workers"))
    new, again = open_thread()
    until(lambda: again.steps(1)[:50] == list(range(50)))
    new.stop_run(1)
    until(lambda: again.ended)
    assert again.steps(1) == list(range(len(again.steps(1)))), "nothing lost between the windows, nothing twice"
    assert len(fake.written("workers")) == 1


def test_closing_ends_within_a_second_whatever_goes_on(open_thread: Any, until: Until, toml: Any, fake: Any) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("hangs")])
    thread.preview("slow")
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


# ── other wishes ────────────────────────────────────────────────────────────────────────────────────────────────
def test_faults_of_a_configuration_are_said_all_at_once_and_nothing_is_queued(
    open_thread: Any, until: Until, toml: Any, store: Store
) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("finishes"), toml("x").replace("mrpc", "nothing"), toml("x").replace("none", "magic")])
    until(lambda: heard.troubles)
    assert "task.name" in heard.troubles[0]
    assert "magic" in heard.troubles[0]
    assert store.runs() == []


def test_a_run_is_renamed_on_one_line(open_thread: Any, until: Until, toml: Any) -> None:
    thread, heard = open_thread(retry_s=60)
    thread.enqueue([toml("trains")])
    thread.rename(1, "  <b>λ</b>\n'; DROP TABLE runs  ")
    until(lambda: heard.runs and heard.runs[1].name == "<b>λ</b> '; DROP TABLE runs")
    thread.rename(1, " \n ")
    until(lambda: heard.troubles)
    assert "needs a name" in heard.troubles[0]


def test_the_watched_log_comes_whole_then_as_it_grows(open_thread: Any, until: Until, toml: Any, store: Store) -> None:
    thread, heard = open_thread()
    thread.enqueue([toml("finishes")])
    until(lambda: heard.ended)
    thread.watch_log(1)
    until(lambda: heard.log)
    assert "trained" in heard.log[0][1]
    with store.run(1).log_file.open("a") as file:
        file.write("one more line\n")
    until(lambda: "one more line" in "".join(text for _, text in heard.log))
    assert {run for run, _ in heard.log} == {1}
    thread.watch_log(0)
    thread.watch_log(55)
    until(lambda: heard.troubles)
    count = len(heard.log)
    with store.run(1).log_file.open("a") as file:
        file.write("not watched any more\n")
    time.sleep(0.3)
    assert len(heard.log) == count


def test_the_doctor_answers_and_can_be_sent_away(open_thread: Any, fake: Any, until: Until) -> None:
    thread, heard = open_thread()
    thread.examine("a draft")
    until(lambda: heard.examined)
    assert heard.examined[0]["findings"][0]["text"] == "a draft" and not heard.previews
    thread.examine("slow")
    until(lambda: "slow" in fake.written("checks"))
    thread.stop_examining()
    thread.preview("another")
    until(lambda: heard.previews)
    assert len(heard.examined) == 1


def test_previews_come_for_the_latest_wish(open_thread: Any, until: Until, fake: Any) -> None:
    thread, heard = open_thread()
    for number in range(5):
        thread.preview(f"draft {number}")
    until(lambda: heard.previews)
    assert [preview["toml"] for preview in heard.previews] == ["draft 4"]
    assert fake.written("checks") == ["draft 4"], "what is changed at once is not asked for"


def test_exports_succeed_or_say_why(open_thread: Any, until: Until, tmp_path: Path) -> None:
    thread, heard = open_thread()
    thread.export(1, "huggingface", str(tmp_path / "out"))
    thread.export(404, "huggingface", str(tmp_path / "other"))
    until(lambda: heard.exported and heard.export_failed)
    assert heard.exported == [(1, str(tmp_path / "out"))]
    assert heard.export_failed[0][0] == 404
    assert "no run “404”" in heard.export_failed[0][1]
    assert (tmp_path / "out" / "options").read_text().startswith("--format huggingface --home ")


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
    thread.preview("meanwhile")
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
    thread.preview("still here")
    until(lambda: heard.previews)
