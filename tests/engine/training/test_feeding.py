"""Batches made ahead: the same ones in the same order, faults and stops pass through, and no thread stays."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from engine.training.feeding import fed, made_ahead


def makers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "batches ahead"]


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    yield
    assert makers() == []


def test_the_same_things_in_the_same_order_made_in_another_thread() -> None:
    threads = set()

    def things() -> Iterator[int]:
        for number in range(50):
            threads.add(threading.current_thread().name)
            yield number

    with made_ahead(things(), lambda number: 2 * number) as ready:
        assert list(ready) == list(range(0, 100, 2))
    assert threads == {"batches ahead"}


def test_no_more_is_made_than_was_asked_for() -> None:
    made: list[int] = []

    def things() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    with made_ahead(things(), lambda number: number, ahead=3) as ready:
        assert next(ready) == 0
        time.sleep(0.05)
        assert len(made) <= 1 + 3 + 1, "one was taken, three wait, one is held by the thread"


def test_a_fault_comes_up_where_the_next_one_was_asked_for_with_its_own_traceback() -> None:
    def torn() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError("rows are torn")

    taken = []
    with pytest.raises(ZeroDivisionError, match="rows are torn") as raised, made_ahead(torn(), lambda n: n) as ready:
        for number in ready:
            taken.append(number)
    assert taken == [1]
    assert "in torn" in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("waits", ["for room", "not at all"])
def test_whoever_stops_early_leaves_no_thread(waits: str) -> None:
    class Stop(BaseException): ...

    count = 1000 if waits == "for room" else 1
    with pytest.raises(Stop), made_ahead(iter(range(count)), lambda number: number) as ready:
        next(ready)
        time.sleep(0.02)
        raise Stop
    assert makers() == []


def test_only_a_gpu_is_fed_from_a_thread_and_from_pinned_memory() -> None:
    class Thing(SimpleNamespace):
        def pinned(self) -> Thing:
            return Thing(number=self.number, pinned_by=threading.current_thread().name)

    with fed([Thing(number=1)], torch.device("cpu")) as ready:
        assert [vars(thing) for thing in ready] == [{"number": 1}] and makers() == []
    with fed([Thing(number=1)], torch.device("cuda", 0)) as ready:
        assert [vars(thing) for thing in ready] == [{"number": 1, "pinned_by": "batches ahead"}]
