"""``distill sweep --work`` beside another worker: its runs are waited for, and what is left is taken over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cli import sweep_work
from engine.config import parse_config
from engine.store import Store, trash
from engine.store.processes import own_identity
from engine.store.worker_lock import WorkerLock


@pytest.fixture
def store(home: Path, toml: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two queued runs."""
    monkeypatch.setattr(sweep_work, "LOOK_EVERY_S", 0.01)
    made = Store(home)
    made.enqueue_all([parse_config(toml, overrides=[f"training.seed={seed}"]) for seed in (0, 1)])
    return made


@contextmanager
def beside(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], None]) -> Iterator[None]:
    """Another worker of the home, that does one of ``acts`` at each look and is gone after the last one."""
    left = list(acts)

    def holder(lock: WorkerLock) -> tuple[int, float] | None:
        if not left:
            return None
        left.pop(0)()
        return 1, 1.0

    with monkeypatch.context() as patch:
        patch.setattr(WorkerLock, "holder", holder)
        patch.setattr(sweep_work, "work", lambda *_, **__: None if left else 0)
        yield


def end(store: Store, run: int, state: str, reason: str = "") -> Callable[[], None]:
    def act() -> None:
        store.claim(*own_identity(), run=run)
        store.set_state(run, state, reason)

    return act


def test_they_are_waited_for_and_the_status_says_how_they_ended(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with beside(monkeypatch, lambda: None, end(store, 1, "finished"), end(store, 2, "finished"), lambda: None):
        assert sweep_work.train_all(store.home, [1, 2]) == 0
    out, err = capsys.readouterr()
    assert [line.partition(",")[0] for line in out.splitlines()] == ["Run 1", "Run 2"], "each once"
    assert "they are followed" in err


def test_one_that_fails_there_is_a_failure_here(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with beside(monkeypatch, end(store, 1, "failed", "No room."), end(store, 2, "finished"), lambda: None):
        assert sweep_work.train_all(store.home, [1, 2]) == 1
    assert "failed, No room." in capsys.readouterr().out


def test_what_a_worker_leaves_when_it_goes_is_taken_over(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = threading.Event()

    def work(*_: object, **__: object) -> int | None:
        if not own.is_set():
            own.set()
            return None
        end(store, 2, "finished")()
        return 1

    with beside(monkeypatch, end(store, 1, "finished")):
        monkeypatch.setattr(sweep_work, "work", work)
        assert sweep_work.train_all(store.home, [1, 2]) == 0
    assert [run.state for run in store.runs()] == ["finished", "finished"]


def test_what_was_thrown_away_meanwhile_is_not_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def purge() -> None:
        trash.discard(store, 2)
        trash.purge(store, [2])

    with beside(monkeypatch, end(store, 1, "finished"), purge, *[lambda: None] * 3):
        assert sweep_work.train_all(store.home, [1, 2]) == 1, "not all of them ended"


def test_ctrl_c_ends_the_waiting_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with beside(monkeypatch, interrupt):
        assert sweep_work.train_all(store.home, [1, 2]) == 130
    assert [run.state for run in store.runs()] == ["queued", "queued"]
    assert "No longer waited for" in capsys.readouterr().err


def test_a_failed_device_queues_the_sweep_no_second_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(sweep_work, "work", lambda *_, goes_on_as, **__: given.append(goes_on_as) or 2)
    sweep_work.train_all(store.home, [1, 2])
    assert given == [["work", "--home", str(store.home), "--sweep", "1,2"]]
