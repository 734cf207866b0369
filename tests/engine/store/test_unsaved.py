"""Rows that the store refused until the end: kept in a file, taken in once, never over a run that has gone on since."""

from __future__ import annotations

import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Event, Facts, Metrics, Phase, Score
from engine.store import Store, unsaved
from engine.store import writer as writer_module
from engine.store.processes import own_identity
from engine.store.writer import RunWriter

EVENTS: list[Event] = [
    Metrics(7, 1.5, {"train/loss": float(np.float32(0.5)), "validation/loss": math.nan}),
    Score("student", "validation", "accuracy", 0.75),
    Facts({"best_score": np.float64(0.75), "best_step": np.int64(7), "device": "cpu"}),
    Phase("scoring \udcff", 1, 2),
]


@pytest.fixture
def run(store: Store, make_config: Callable[..., DistillationConfig]) -> int:
    run = store.enqueue(make_config())
    store.claim(*own_identity())
    return run


@pytest.fixture
def reopened(store: Store) -> Iterator[Callable[[], Store]]:
    opened = []

    def reopen() -> Store:
        opened.append(Store(store.home))
        return opened[-1]

    yield reopen
    for one in opened:
        one.close()


def test_a_file_that_a_death_cut_short_is_taken_in_as_far_as_it_is_whole(
    store: Store, run: int, reopened: Callable[[], Store]
) -> None:
    file = unsaved.keep(store.home, run, EVENTS)
    content = file.read_bytes()
    end = content.rindex(b"{")  # of the last event, the phase
    for pid, taken in ((os.getppid(), False), (os.getpid(), False), (2**22 + 7, True)):
        part = file.with_name(f"{file.name}.part-{pid}")
        part.write_bytes(content[: end + 9])
        file.unlink(missing_ok=True)
        found = reopened()
        assert (found.curve(run, "train/loss")[2].tolist() == [0.5]) is taken and part.exists() is not taken
    assert (found.run(run).best_score, found.run(run).phase) == (0.75, "starting")
    assert not list((store.home / "unsaved").glob("*.jsonl")) and not list((store.home / "unsaved").glob("*.left"))


def test_kept_events_are_stored_at_the_next_opening_and_once(
    store: Store, run: int, reopened: Callable[[], Store]
) -> None:
    file = unsaved.keep(store.home, run, EVENTS)
    assert file.stat().st_mode & 0o077 == 0
    content = file.read_bytes()
    found = reopened()
    assert found.curve(run, "train/loss")[2].tolist() == [0.5]
    assert (found.run(run).best_score, found.run(run).phase, len(found.scores(run))) == (0.75, "scoring \\udcff", 1)
    assert not file.exists()
    file.write_bytes(content)  # as if this process had died before it could delete the file
    assert len(reopened().metrics_after(0)) == 2
    assert not file.exists()


def test_rows_of_a_run_that_has_gone_on_without_them_are_left(
    store: Store, run: int, reopened: Callable[[], Store]
) -> None:
    file = unsaved.keep(store.home, run, EVENTS)
    store.update(run, started_at=time.time() + 1)
    assert len(reopened().metrics_after(0)) == 0
    assert not file.exists() and file.with_suffix(".left").is_file()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}\n", b"\xff\xfe", b'{"run": 1, "written_at": 9e99}\n{"kind": "Log", "text": "no"}\n',
     b'{"run": 1, "written_at": 9e99}\n{"kind": "Facts", "values": {"no_such": 1}}\n',
     b'{"run": 1, "written_at": 9e99}\n{"kind": "Metrics", "step": "x", "seconds": 1, "values": {"a": 1}}\n',
     b'{"run": 77, "written_at": 9e99}\n'],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_left_and_changes_nothing(
    store: Store, run: int, content: bytes, reopened: Callable[[], Store]
) -> None:
    (store.home / "unsaved").mkdir()
    (store.home / "unsaved" / "1-1-1.jsonl").write_bytes(content)
    before = store.runs()
    found = reopened()
    assert found.runs() == before and len(found.metrics_after(0)) == 0
    assert [path.name for path in (store.home / "unsaved").iterdir()] == ["1-1-1.left"]


def test_a_lock_held_to_the_end_of_the_run_loses_no_row(
    store: Store, run: int, reopened: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    monkeypatch.setattr(writer_module, "BUSY_S", 0.05)
    writer = RunWriter(store.home, run, patience_s=0.3)
    other = sqlite3.connect(store.home / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for step in range(500):
        writer.emit(Metrics(step, 0.0, {"train/loss": float(step)}))
    with pytest.raises(StoreError, match=r"is busy.*500 events could not be stored; they are kept in"):
        writer.close()
    other.execute("ROLLBACK")
    other.close()
    log = store.run(run).log_file.read_text(encoding="utf-8")
    assert "is busy" in log and "Tried again until it works" in log and "they are kept in" in log
    np.testing.assert_array_equal(reopened().curve(run, "train/loss")[0], np.arange(500))


def test_where_even_the_file_cannot_be_written_the_number_lost_is_said(
    store: Store, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    monkeypatch.setattr(writer_module, "BUSY_S", 0.05)
    (store.home / "unsaved").write_text("a file in the folder's place")
    writer = RunWriter(store.home, run, patience_s=0.1)
    other = sqlite3.connect(store.home / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer.emit(Metrics(0, 0.0, {"train/loss": 1.0}))
    with pytest.raises(StoreError, match=r"is busy.*1 events of run 1 are lost"):
        writer.close()
    other.close()
    assert os.environ["DISTILL_HOME"] in store.run(run).log_file.read_text(encoding="utf-8")


def test_a_clock_that_was_set_back_loses_no_row(store: Store, run: int, reopened: Callable[[], Store]) -> None:
    with monkeypatched_time(-3600.0):
        unsaved.keep(store.home, run, EVENTS, attempt=1)
    assert reopened().curve(run, "train/loss")[2].tolist() == [0.5]


def test_rows_of_an_earlier_attempt_are_left_whatever_the_clock_says(
    store: Store, run: int, reopened: Callable[[], Store]
) -> None:
    store.set_state(run, "failed")
    store.resume(run)
    store.claim(*own_identity())
    with monkeypatched_time(3600.0):
        file = unsaved.keep(store.home, run, EVENTS, attempt=1)
    assert len(reopened().metrics_after(0)) == 0 and file.with_suffix(".left").exists()


@contextmanager
def monkeypatched_time(by_s: float) -> Iterator[None]:
    """The time of day is another one."""
    with pytest.MonkeyPatch.context() as patch:
        now = time.time() + by_s
        patch.setattr("engine.store.unsaved.time.time", lambda: now)
        yield
