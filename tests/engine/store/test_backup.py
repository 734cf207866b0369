"""Copies of the store: consistent while others write, private, whole or not there at all."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Metrics
from engine.store import Store
from engine.store.backup import copy_store, free_name


def test_a_copy_taken_while_a_run_writes_is_one_moment_of_it(
    store: Store, make_config: Callable[..., DistillationConfig], tmp_path: Path
) -> None:
    run = store.enqueue(make_config())
    stop = threading.Event()
    with store.writer(run) as writer:

        def emit() -> None:
            step = 0
            while not stop.is_set():
                writer.emit(Metrics(step, 0.0, {"train/loss": 1.0, "train/gradient_norm": 2.0}))
                writer.flush()
                step += 1

        thread = threading.Thread(target=emit)
        thread.start()
        copies = [copy_store(store.home / "runs.db", tmp_path / f"{number}.db") for number in range(5)]
        stop.set()
        thread.join()
    counts = []
    for copy in copies:
        with closing(sqlite3.connect(copy)) as connection:
            steps = [row for (row,) in connection.execute("SELECT step FROM metrics WHERE series = 1 ORDER BY id")]
            both = connection.execute("SELECT COUNT(*) FROM metrics").fetchone()[0]
        assert steps == list(range(len(steps))) and both == 2 * len(steps)
        counts.append(both)
        assert copy.stat().st_mode & 0o077 == 0
    assert counts == sorted(counts) and counts[-1] > 0
    assert {path.name for path in tmp_path.glob("*.db*")} == {copy.name for copy in copies}, "no log, no part"


def test_a_copy_is_a_store(store: Store, make_config: Callable[..., DistillationConfig], tmp_path: Path) -> None:
    run = store.run(store.enqueue(make_config()))
    copy_store(store.home / "runs.db", tmp_path / "other" / "runs.db")
    other = Store(tmp_path / "other")
    assert [found.name for found in other.runs()] == [run.name]
    other.close()


def test_what_cannot_be_copied_is_said_and_nothing_is_left(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "copy.db"
    with pytest.raises(StoreError, match="There is no store at"):
        copy_store(tmp_path / "none.db", target)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(StoreError, match=r"is there already; nothing was copied"):
        copy_store(store.home / "runs.db", tmp_path / "there")
    assert (tmp_path / "there").read_text() == "mine"
    (tmp_path / "bad.db").write_bytes(b"no database " * 100)
    with pytest.raises(StoreError, match=r"damaged.*repair"):
        copy_store(tmp_path / "bad.db", target)
    assert not target.exists() and (not target.parent.exists() or list(target.parent.iterdir()) == [])


def test_a_damaged_store_is_not_passed_off_as_a_copy(
    store: Store, make_config: Callable[..., DistillationConfig], tmp_path: Path
) -> None:
    for _ in range(20):
        store.enqueue(make_config())
    copy_store(store.home / "runs.db", tmp_path / "whole.db")
    content = bytearray((tmp_path / "whole.db").read_bytes())
    content[4096 * 3 : 4096 * 3 + 8] = b"\xff" * 8
    (tmp_path / "damaged.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged.*repair"):
        copy_store(tmp_path / "damaged.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_names_are_free_and_tell_the_time(tmp_path: Path) -> None:
    first = free_name(tmp_path, "runs")
    first.write_text("")
    second = free_name(tmp_path, "runs")
    assert first != second and first.suffix == second.suffix == ".db" and first.name.startswith("runs-2")
