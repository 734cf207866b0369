"""The writer: nothing lost that is older than half a second, whatever happens to the process or the disk."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Facts, Log, Metrics, Phase
from engine.store import RunWriter, Store
from engine.store import writer as writer_module
from engine.store.schema import connect as real_connect

EMITS_FOR_EVER = """if True:
    import sys, time, pathlib
    from engine.events import Metrics
    from engine.store import Store
    store = Store(pathlib.Path(sys.argv[1]))
    writer = store.writer(int(sys.argv[2]))
    print("ready", flush=True)
    step = 0
    while True:
        writer.emit(Metrics(step, 0.0, {"train/loss": time.monotonic(), "train/learning_rate": float(step)}))
        step += 1
        time.sleep(0.0005)
"""


@pytest.fixture
def run(store: Store, make_config: Callable[..., DistillationConfig]) -> int:
    return store.enqueue(make_config())


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_process_loses_nothing_older_than_half_a_second(
    home: Path, store: Store, run: int, start: Any, seed: int
) -> None:
    process = start(EMITS_FOR_EVER, home, run)
    assert process.stdout.readline() == "ready\n"
    time.sleep(random.Random(seed).uniform(0.6, 1.2))
    killed_at = time.monotonic()
    process.kill()
    process.wait()
    steps, _, emitted_at = store.curve(run, "train/loss")
    np.testing.assert_array_equal(steps, np.arange(len(steps)), "no gap, none twice")
    assert emitted_at[-1] > killed_at - 0.5, f"the last {killed_at - emitted_at[-1]:.2f} s are lost"
    np.testing.assert_array_equal(
        store.curve(run, "train/learning_rate")[0], steps, "a step is stored whole or not at all"
    )


def test_the_first_values_are_there_at_once_and_the_rest_within_the_period(store: Store, run: int) -> None:
    with store.writer(run) as writer:
        for step in range(3):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        emitted = time.monotonic()
        while len(store.metrics_after(0)) < 3:
            assert time.monotonic() < emitted + 0.5
            time.sleep(0.005)


def test_flush_returns_when_all_is_stored(store: Store, run: int) -> None:
    with store.writer(run) as writer:
        for step in range(500):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        writer.flush()
        assert len(store.metrics_after(0)) == 500
        began = time.monotonic()
        writer.flush()
        assert time.monotonic() < began + 0.1, "with nothing to wait for it does not wait"


def test_events_from_several_threads_all_arrive(store: Store, run: int) -> None:
    with store.writer(run) as writer:

        def emit(number: int) -> None:
            for step in range(200):
                writer.emit(Metrics(step, 0.0, {f"train/{number}": 1.0}))
                writer.emit(Log(f"thread {number}, step {step}"))

        threads = [threading.Thread(target=emit, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(len(store.curve(run, f"train/{number}")[0]) == 200 for number in range(4))
    lines = store.run(run).log_file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 800
    assert all("  thread " in line for line in lines), "lines never mix"


def test_facts_and_phases_become_columns_and_a_new_revision(store: Store, run: int) -> None:
    before = store.run(run).revision
    with store.writer(run) as writer:
        writer.emit(Facts({"parameters": np.int64(4_400_000), "device": "cpu", "best_score": np.float32(0.5)}))
        writer.emit(Phase("fine-tuning the teacher \udcff", 3, 10))
    record = store.run(run)
    assert (record.parameters, record.device, record.best_score) == (4_400_000, "cpu", 0.5)
    assert (record.phase, record.phase_done, record.phase_total) == ("fine-tuning the teacher \\udcff", 3, 10)
    assert record.revision > before


def test_a_log_line_is_in_the_file_at_once_also_its_every_line(store: Store, run: int) -> None:
    writer = store.writer(run)
    writer.emit(Log("one\ntwo"))
    lines = store.run(run).log_file.read_text(encoding="utf-8").splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == ["one", "two"]
    writer.close()
    with store.writer(run) as again:
        again.emit(Log("three"))
    assert len(store.run(run).log_file.read_text(encoding="utf-8").splitlines()) == 3


def test_a_store_that_is_locked_for_a_while_only_delays(home: Path, store: Store, run: int) -> None:
    other = sqlite3.connect(home / "runs.db", isolation_level=None)
    with store.writer(run) as writer:
        other.execute("BEGIN IMMEDIATE")
        for step in range(50):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        time.sleep(0.4)
        assert len(store.metrics_after(0)) == 0
        other.execute("ROLLBACK")
        writer.flush()
        assert len(store.metrics_after(0)) == 50
    other.close()


def _with_a_small_disk(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """From now on the writers' connections may not let the file grow; returns them."""
    opened = []

    def connect(file: Path, patience_s: float) -> Any:
        database = real_connect(file, patience_s)
        pages = database.conn.execute("PRAGMA page_count").fetchone()[0]
        database.conn.execute(f"PRAGMA max_page_count = {pages}")
        opened.append(database)
        return database

    monkeypatch.setattr(writer_module.schema, "connect", connect)
    return opened


def test_a_disk_that_is_full_for_a_while_loses_nothing(store: Store, run: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    opened = _with_a_small_disk(monkeypatch)
    with store.writer(run) as writer:
        for step in range(2000):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        time.sleep(0.5)
        assert len(store.metrics_after(0)) < 2000
        opened[0].conn.execute("PRAGMA max_page_count = 1000000")
        writer.flush()
    np.testing.assert_array_equal(store.curve(run, "train/loss")[0], np.arange(2000))


def test_a_disk_that_stays_full_is_said_to_the_training(
    home: Path, store: Store, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    _with_a_small_disk(monkeypatch)
    writer = RunWriter(home, run, patience_s=0.1)
    for step in range(2000):
        writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
    for use in (writer.flush, lambda: writer.emit(Metrics(0, 0.0, {})), writer.close):
        with pytest.raises(StoreError, match="disk is full"):
            use()


def test_whoever_waits_is_told_of_a_bug_too(store: Store, run: int) -> None:
    writer = store.writer(run)
    writer.emit(Facts({"no_such_column": 1}))
    with pytest.raises(sqlite3.OperationalError, match="no_such_column"):
        writer.flush()
    with pytest.raises(sqlite3.OperationalError):
        writer.close()


def test_a_log_that_cannot_be_opened_is_said(home: Path, store: Store, run: int) -> None:
    (home / "runs" / str(run) / "log.txt").mkdir()
    with pytest.raises(StoreError, match=r"log\.txt"):
        store.writer(run)
