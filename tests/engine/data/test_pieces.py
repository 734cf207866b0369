"""Arrays made in pieces: the same whoever makes which, shared by those who need them at once, and nothing made twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.data.array_cache import ArrayCache, StopAsked, key_of
from engine.data.cache_room import entries
from engine.data.pieces import Pieced, Pieces, fetch_in_pieces

KEY = key_of({"whole": 1})
COUNT = 6
WHOLE = np.arange(COUNT * 3, dtype=np.float32)


class Maker:
    """Somebody who needs the whole; ``made`` are the pieces it was asked for. ``before`` is called before each of them."""

    def __init__(self, folder: Path, count: int = COUNT, limit: int = 10**6) -> None:
        self.said: list[str] = []
        self.made: list[int] = []
        self.cache = ArrayCache(folder, self.said.append, limit)
        self.count = count
        self.before: Callable[[int], None] = lambda number: None

    def begin(self) -> Pieces:
        return Pieces(
            self.count, self._make, lambda found: ({"all": np.concatenate(found)}, {"kind": "x"}), {"kind": "x"}
        )

    def _make(self, number: int) -> np.ndarray:
        self.before(number)
        self.made.append(number)
        return WHOLE.reshape(self.count, -1)[number]

    def fetch(self, may_help: bool = True, stop: Callable[[], bool] = lambda: False) -> Pieced:
        return fetch_in_pieces(self.cache, KEY, self.begin, "the whole", stop, lambda: may_help)


def fetch_all(*makers: Maker) -> list[Pieced]:
    with ThreadPoolExecutor(len(makers)) as pool:
        return [future.result(60) for future in [pool.submit(maker.fetch) for maker in makers]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.mark.parametrize("count", [1, COUNT])
def test_the_whole_is_one_entry_in_the_end_and_found_again(folder: Path, count: int) -> None:
    first, second = Maker(folder, count), Maker(folder, count)
    made, found = first.fetch(), second.fetch()
    for each in (made, found):
        np.testing.assert_array_equal(each.kept.arrays["all"], WHOLE)
    assert (made.made, made.count, made.kept.found) == (count, count, False) and first.made == list(range(count))
    assert (found.made, found.count, found.kept.found) == (0, 0, True) and second.made == []
    assert [entry.about["kind"] for entry in entries(folder)] == ["x"] and not first.said
    assert len(list(folder.glob("*.lock"))) <= 1, "the pieces' locks went with them"


def test_two_that_need_it_at_once_make_each_piece_once_and_both_some(folder: Path) -> None:
    """The first one is held at its first piece until the other one has made two."""
    leads, helps = Maker(folder), Maker(folder)
    begun, helped = threading.Event(), threading.Event()

    def leading(number: int) -> None:
        begun.set()
        assert helped.wait(30)

    def helping(number: int) -> None:
        if len(helps.made) == 2:
            helped.set()

    leads.before, helps.before = leading, helping
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(leads.fetch)
        assert begun.wait(30)
        found = helps.fetch()
        made = future.result(60)
    for each in (made, found):
        np.testing.assert_array_equal(each.kept.arrays["all"], WHOLE)
    assert sorted(leads.made + helps.made) == list(range(COUNT)) and len(helps.made) >= 2 and leads.made[0] == 0
    assert made.made + found.made == COUNT and found.kept.found and len(entries(folder)) == 1


def test_many_at_once_come_to_the_same(folder: Path) -> None:
    makers = [Maker(folder) for _ in range(5)]
    for each in fetch_all(*makers):
        np.testing.assert_array_equal(each.kept.arrays["all"], WHOLE)
    assert sorted(number for maker in makers for number in maker.made) == list(range(COUNT))
    assert [entry.about for entry in entries(folder) if "piece" in entry.about] == []


def test_who_may_not_help_waits_and_says_so(folder: Path) -> None:
    leads, waits = Maker(folder), Maker(folder)
    begun, go_on = threading.Event(), threading.Event()

    def leading(number: int) -> None:
        begun.set()
        assert go_on.wait(30)

    leads.before = leading
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(leads.fetch)
        assert begun.wait(30)
        with pytest.raises(StopAsked):  # also while it waits
            waits.fetch(False, lambda: True)
        second = pool.submit(waits.fetch, False)
        go_on.set()
        assert first.result(60).made == COUNT and second.result(60).made == 0
    assert waits.made == [] and set(waits.said) == {"Another process is making the whole; waiting for it."}


def test_what_was_made_before_an_end_is_not_made_again(folder: Path) -> None:
    dies, goes_on = Maker(folder), Maker(folder)

    def dying(number: int) -> None:
        if number == 4:
            raise StopAsked

    dies.before = dying
    with pytest.raises(StopAsked):
        dies.fetch()
    assert dies.made == [0, 1, 2, 3]
    assert sorted(entry.about["piece"] for entry in entries(folder)) == [1, 2, 3, 4]
    found = goes_on.fetch()
    np.testing.assert_array_equal(found.kept.arrays["all"], WHOLE)
    assert goes_on.made == [4, 5] and (found.made, found.count) == (2, COUNT) and len(entries(folder)) == 1


def test_who_helped_one_that_fails_goes_on_alone(folder: Path) -> None:
    fails, helps = Maker(folder), Maker(folder)
    begun, helped = threading.Event(), threading.Event()

    def failing(number: int) -> None:
        begun.set()
        assert helped.wait(30)
        raise RuntimeError("no more")

    fails.before, helps.before = failing, lambda number: helped.set()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(fails.fetch)
        assert begun.wait(30)
        found = helps.fetch()
        with pytest.raises(RuntimeError, match="no more"):
            future.result(60)
    np.testing.assert_array_equal(found.kept.arrays["all"], WHOLE)
    assert sorted(helps.made) == list(range(COUNT))
    assert (found.made, found.count) == (COUNT, COUNT), "what it made as a help is its own work too"


def test_pieces_stay_where_the_whole_could_not_be_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Maker(folder), Maker(folder)
    keep = first.cache.keep
    monkeypatch.setattr(first.cache, "keep", lambda key, *rest: None if key == KEY else keep(key, *rest))
    np.testing.assert_array_equal(first.fetch().kept.arrays["all"], WHOLE)
    np.testing.assert_array_equal(second.fetch().kept.arrays["all"], WHOLE)
    assert first.made == list(range(COUNT)) and second.made == [] and len(entries(folder)) == 1


def test_a_damaged_piece_is_made_again_and_that_is_said(folder: Path) -> None:
    dies, goes_on = Maker(folder), Maker(folder)

    def dying(number: int) -> None:
        if number == 2:
            raise StopAsked

    dies.before = dying
    with pytest.raises(StopAsked):
        dies.fetch()
    (damaged,) = [entry.file for entry in entries(folder) if entry.about["piece"] == 2]
    damaged.write_bytes(damaged.read_bytes()[:-3])
    np.testing.assert_array_equal(goes_on.fetch().kept.arrays["all"], WHOLE)
    assert goes_on.made == [1, 2, 3, 4, 5] and len(goes_on.said) == 1 and "is made again" in goes_on.said[0]


def test_without_room_it_is_made_all_the_same_and_said_once_for_the_pieces_and_once_for_the_whole(folder: Path) -> None:
    maker = Maker(folder, limit=8)
    found = maker.fetch()
    np.testing.assert_array_equal(found.kept.arrays["all"], WHOLE)
    assert maker.made == list(range(COUNT)) and len(maker.said) == 2 and not entries(folder)
