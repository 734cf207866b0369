"""The engine thread with a stand-in engine: runs from the queue to their end, and other wishes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import parse_config
from engine.store import Store

Until = Callable[..., float]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are a matter of POSIX")


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
    assert [gone.id for gone in discarded[0]] == [run]
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
    thread.examine(1, "a draft")
    until(lambda: heard.examined)
    assert heard.examined[0]["findings"][0]["text"] == "a draft" and not heard.previews
    thread.examine(2, "slow")
    until(lambda: "slow" in fake.written("checks"))
    thread.stop_examining()
    thread.preview(1, "another")
    until(lambda: heard.previews)
    assert [found["number"] for found in heard.examined] == [1]


def test_a_sweep_is_looked_at_by_its_number_and_the_values_typed(open_thread: Any, fake: Any, until: Until) -> None:
    thread, heard = open_thread()
    thread.look_at_sweep(7, "slow", ["loss.kind=kl"], False)
    until(lambda: "slow" in fake.written("checks"))
    thread.look_at_sweep(8, "a draft", ["loss.kind=kl,none", "task.max_length=64"], True)
    until(lambda: heard.swept)
    ((number, found),) = heard.swept
    assert (number, found["runs"]) == (8, ["a draft"])
    assert found["options"] == [
        "-", "--json", "--remember", "--home", str(thread._home),
        "--over", "loss.kind=kl,none", "--over", "task.max_length=64", "--force",
    ]  # fmt: skip
    thread.look_at_sweep(9, "slow", [], False)
    until(lambda: fake.written("checks").count("slow") == 2)
    thread.look_at_sweep(0, "", [], False)
    thread.preview(1, "another")
    until(lambda: heard.previews)
    assert len(heard.swept) == 1, "whoever asks for none hears none"


def test_previews_come_for_the_latest_wish(open_thread: Any, until: Until, fake: Any) -> None:
    thread, heard = open_thread()
    for number in range(5):
        thread.preview(number, f"draft {number}")
    until(lambda: heard.previews)
    assert [(preview["number"], preview["toml"]) for preview in heard.previews] == [(4, "draft 4")]
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
