"""The writer: nothing lost that is older than half a second, whatever happens to the process or the disk."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Facts, Log, Metrics, Phase
from engine.store import RunWriter, Store, trash, unsaved
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


def test_a_disk_that_takes_no_more_for_a_while_in_a_real_process(
    home: Path, store: Store, run: int, start: Any
) -> None:
    """The system itself refuses writes beyond a size (RLIMIT_FSIZE), then the limit is lifted."""
    pytest.importorskip("resource", reason="a limit of POSIX")
    code = """if True:
        import pathlib, resource, sys, time
        from engine.events import Log, Metrics
        from engine.store import Store, writer as module
        module.RETRY_S = 0.05
        home, run = pathlib.Path(sys.argv[1]), int(sys.argv[2])
        store = Store(home)
        most = resource.getrlimit(resource.RLIMIT_FSIZE)
        writer = store.writer(run)
        writer.emit(Metrics(0, 0.0, {"train/loss": 0.0})); writer.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, ((home / "runs.db-wal").stat().st_size + 9000, most[1]))
        for step in range(1, 5000):
            writer.emit(Metrics(step, 0.0, {"train/loss": float(step)}))
        time.sleep(1.0)
        print(len(store.metrics_after(0)), flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
        writer.emit(Log("room again"))
        writer.close()
        print("closed", flush=True)"""
    process = start(code, home, run)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and out.splitlines()[1] == "closed"
    assert int(out.splitlines()[0]) < 5000, "the limit was felt"
    np.testing.assert_array_equal(store.curve(run, "train/loss")[2], np.arange(5000.0), "none lost, none twice")
    log = store.run(run).log_file.read_text(encoding="utf-8")
    assert "Tried again until it works" in log and "The store takes rows again; none was lost." in log


def test_a_store_that_is_read_only_for_a_while_loses_nothing(
    store: Store, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own refusal, "attempt to write a readonly database", by making the first two connections so."""
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    opened = []

    def connect(file: Path, patience_s: float) -> Any:
        database = real_connect(file, patience_s)
        opened.append(database)
        if len(opened) <= 2:
            database.conn.execute("PRAGMA query_only = 1")
        return database

    monkeypatch.setattr(writer_module.schema, "connect", connect)
    with store.writer(run) as writer:
        for step in range(100):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        writer.flush()
    assert len(opened) == 3 and len(store.metrics_after(0)) == 100
    assert "read-only" in store.run(run).log_file.read_text(encoding="utf-8")


def test_training_waits_while_too_much_is_in_memory(
    home: Path, store: Store, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    monkeypatch.setattr(writer_module, "BUSY_S", 0.05)
    monkeypatch.setattr(writer_module, "LONGEST_LINE", 50)
    other = sqlite3.connect(home / "runs.db", isolation_level=None)
    writer = store.writer(run)
    other.execute("BEGIN IMMEDIATE")
    done = []

    def train() -> None:
        for step in range(300):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
            done.append(step)

    thread = threading.Thread(target=train)
    thread.start()
    time.sleep(0.6)
    assert len(done) <= 101, "one line waits, one is being written"
    other.execute("ROLLBACK")
    other.close()
    thread.join(20)
    writer.close()
    assert len(store.metrics_after(0)) == 300


def test_a_store_that_breaks_while_a_run_writes_loses_no_row(home: Path, store: Store, run: int) -> None:
    """Its table of curves is damaged under the writer: the run ends with the remedy, the rows are kept in a file."""
    writer = store.writer(run)
    writer.emit(Metrics(0, 0.0, {"train/loss": 1.0}))
    writer.flush()
    root = store._rows("SELECT rootpage FROM sqlite_master WHERE name = 'metrics'")[0][0]
    store._rows("PRAGMA wal_checkpoint(truncate)")
    with (home / "runs.db").open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    with store.writing():  # makes the other connection read its pages anew
        store.change(run, note="x")
    with pytest.raises(StoreError, match=r"is damaged.*distill store repair"):
        for step in range(1, 200):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
            writer.flush()
    with pytest.raises(StoreError, match="is damaged"):
        writer.close()
    (kept,) = (home / "unsaved").glob("*.jsonl")
    assert '"step": 1' in kept.read_text(encoding="utf-8")


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


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed on Windows")
def test_a_store_that_is_removed_while_a_run_writes_is_noticed_and_loses_nothing_once_it_is_back(
    home: Path, store: Store, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows would go into a file without a name, and be gone with the process."""
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    writer = RunWriter(home, run, patience_s=30)
    writer.emit(Metrics(0, 0.0, {"train/loss": 1.0}))
    writer.flush()
    store._rows("PRAGMA wal_checkpoint(truncate)")
    home.rename(home.with_name("elsewhere"))
    writer.emit(Metrics(1, 0.0, {"train/loss": 2.0}))
    assert not writer.flush(0.2) and not home.exists(), "nothing is made anew there"
    home.with_name("elsewhere").rename(home)
    writer.emit(Metrics(2, 0.0, {"train/loss": 3.0}))
    assert writer.flush(30)
    writer.close()
    again = Store(home)
    assert again.curve(run, "train/loss")[2].tolist() == [1.0, 2.0, 3.0]
    log = again.run(run).log_file.read_text(encoding="utf-8")
    assert "was removed or replaced while a run writes to it" in log and "none was lost" in log
    again.close()


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed on Windows")
def test_another_store_in_its_place_gets_none_of_its_rows(
    home: Path, store: Store, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    writer = RunWriter(home, run, patience_s=0.2)
    writer.emit(Metrics(0, 0.0, {"train/loss": 2.0}))  # so that the store is open when it goes
    writer.flush()
    for file in home.glob("runs.db*"):
        file.unlink()
    (home / "runs" / str(run) / "config.toml").unlink()
    stranger = Store(home)
    writer.emit(Metrics(1, 0.0, {"train/loss": 2.0}))
    with pytest.raises(StoreError, match="removed or replaced"):
        writer.flush()
    with pytest.raises(StoreError, match=r"1 events could not be stored; they are kept in .*unsaved"):
        writer.close()
    assert stranger.runs() == [] and len(stranger.metrics_after(0)) == 0
    stranger.close()


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed on Windows")
def test_a_run_of_the_same_number_in_another_store_gets_none_of_its_rows_then_or_later(
    home: Path, store: Store, run: int, make_config: Callable[..., DistillationConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "RETRY_S", 0.02)
    writer = store.writer(run)
    writer._patience_s = 0.2
    writer.emit(Metrics(0, 0.0, {"train/loss": 2.0}))
    writer.flush()
    for file in home.glob("runs.db*"):
        file.unlink()
    (home / "runs" / str(run) / "config.toml").unlink()
    with closing(Store(home)) as stranger:
        assert stranger.enqueue(make_config()) == run
        writer.emit(Metrics(1, 0.0, {"train/loss": 2.0}))
        with pytest.raises(StoreError, match="removed or replaced"):
            writer.flush()
        with pytest.raises(StoreError, match=r"1 events could not be stored; they are kept in .*unsaved"):
            writer.close()
    with closing(Store(home)) as later:  # takes in what could not be stored
        assert len(later.metrics_after(0)) == 0 and list((home / "unsaved").glob("*.left"))


def test_a_writer_that_was_thought_dead_adds_no_row_to_what_another_process_goes_on_with(
    store: Store, run: int
) -> None:
    """Its rows would be there twice, and its end would be the other's."""
    store.claim(11, 1.0)
    first = store.writer(run)
    first.emit(Metrics(1, 0.0, {"train/loss": 1.0}))
    assert first.flush()
    store.set_state(run, "interrupted", only_if="running")  # on a disk without locks, seen from another container
    store.resume(run)
    store.claim(12, 1.0)
    with store.writer(run) as second:
        second.emit(Metrics(2, 0.0, {"train/loss": 2.0}))
    first.emit(Metrics(2, 0.0, {"train/loss": 2.0}))
    with pytest.raises(StoreError, match="Another process has taken run 1 since"):
        first.flush()
    with pytest.raises(StoreError, match="Another process"):
        first.close()
    assert store.curve(run, "train/loss")[0].tolist() == [1, 2]
    assert not store.set_state(run, "failed", "", "running", (11, 1.0)) and store.run(run).state == "running"


def test_what_a_checkpoint_rests_on_and_a_run_s_end_outlive_a_power_cut(
    store: Store, run: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite waits for the disk at each commit ("full"): whoever comes after it can rely on it."""
    seen = []
    write = writer_module._write

    def looked_at(database: Any, *rest: Any) -> None:
        seen.append(database.conn.execute("PRAGMA synchronous").fetchone()[0])
        write(database, *rest)

    monkeypatch.setattr(writer_module, "_write", looked_at)
    with store.writer(run) as writer:
        writer.emit(Metrics(1, 0.0, {"train/loss": 1.0}))
        assert writer.flush()
    assert set(seen) == {2}
    store.set_state(run, "finished")
    assert store.pragma("synchronous") == 2
    store.update(run, note="a note")
    assert store.pragma("synchronous") == 1


def test_what_files_are_deleted_after_and_what_is_queued_outlive_a_power_cut(
    store: Store, run: int, make_config: Callable[..., DistillationConfig]
) -> None:
    """A file goes only once what it held, or that nobody wants it, is on the disk."""

    def after(do: Callable[[], object]) -> int:
        store.update(run, note="a note")
        assert store.pragma("synchronous") == 1
        do()
        return store.pragma("synchronous")

    assert after(lambda: store.enqueue(make_config())) == 2
    unsaved.keep(store.home, run, [Metrics(1, 0.0, {"train/loss": 1.0})])
    assert after(lambda: unsaved.take_in(store)) == 2 and not list((store.home / "unsaved").iterdir())
    store.set_state(run, "stopped")
    trash.discard(store, run)
    other = store.enqueue(make_config())
    store.update(other, note="a note")
    trash.purge(store, [run])
    assert store.pragma("synchronous") == 2
