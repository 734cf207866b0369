"""Purged runs give their room back to the disk, at a moment when nobody trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import DistillationConfig
from engine.events import Metrics
from engine.store import Store, room, trash
from engine.store.processes import own_identity
from engine.store.room import free_bytes, give_back_room

Make = Callable[..., DistillationConfig]


@pytest.fixture
def purged(store: Store, make_config: Make, home: Path) -> int:
    """Bytes of the file after two runs of many rows, one of them purged."""
    for _ in range(2):
        run = store.enqueue(make_config())
        with store.writer(run) as writer:
            for step in range(20_000):
                writer.emit(Metrics(step, 1.0, {"train/loss": step / 7, "train/loss/labels": step / 9}))
    trash.discard(store, 1)
    trash.purge(store, [1])
    store._rows("PRAGMA wal_checkpoint(truncate)")
    return (home / "runs.db").stat().st_size


def test_the_file_shrinks_by_what_is_said_and_keeps_every_row(store: Store, home: Path, purged: int) -> None:
    curve = [part.tolist() for part in store.curve(2, "train/loss")]
    assert free_bytes(store) >= room.LEAST_BYTES
    given = give_back_room(store)
    assert given == purged - (home / "runs.db").stat().st_size >= room.LEAST_BYTES and free_bytes(store) == 0
    assert [part.tolist() for part in store.curve(2, "train/loss")] == curve
    assert give_back_room(store) == 0, "there is nothing more to give"
    store.close()
    again = Store(home)
    assert again.purged() == {1} and again.count_metrics(2) == 40_000
    again.close()


def test_not_while_a_run_is_active_nor_where_it_takes_long_nor_without_room(
    store: Store, home: Path, purged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert give_back_room(store, most_bytes=1000) == 0
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1000}))
        assert give_back_room(store) == 0
    other = Store(home, patience_s=0.01)
    with store.writing():
        assert give_back_room(other) == 0, "somebody writes just now"
    other.close()
    store.claim(*own_identity())
    assert give_back_room(store) == 0 and (home / "runs.db").stat().st_size == purged
    store.set_state(2, "finished")
    assert give_back_room(store) > 0
