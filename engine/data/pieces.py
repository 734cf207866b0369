"""Arrays that take long to make, made in pieces: each is kept in the cache as soon as it is there, and all of them become one
entry in the end.

So other processes that need the same arrays take some of the pieces instead of waiting, and whoever dies or is stopped
loses no more than the piece it was at. Knows nothing of what it keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import cache_room
from engine.data.array_cache import ArrayCache, Kept, Made, key_of

_VALUES = "values"


@dataclass(frozen=True)
class Pieces:
    """``make(number)`` gives the array of a piece, of ``count`` numbered from 0; ``join`` makes of all of them what is kept.

    ``about`` (plain JSON values) is noted with each piece.
    """

    count: int
    make: Callable[[int], NDArray[Any]]
    join: Callable[[list[NDArray[Any]]], Made]
    about: dict[str, Any]


@dataclass(frozen=True)
class Pieced:
    """What was fetched, and how many of its pieces this process ``made`` of how many; 0 of 0 where it was there at once."""

    kept: Kept
    made: int = 0
    count: int = 0


def fetch_in_pieces(
    cache: ArrayCache,
    key: str,
    begin: Callable[[], Pieces],
    what: str,
    stop_requested: Callable[[], bool] = lambda: False,
    may_help: Callable[[], bool] = lambda: True,
) -> Pieced:
    """The arrays of ``key``, as ``ArrayCache.fetch`` gives them; where they are not there, ``begin`` tells how they are made.

    Every process must be told the same number of pieces. Where another process is making them, this one makes some of the
    pieces too if it ``may_help``, and waits for the end else. Raises StopAsked, and whatever ``begin`` and ``make`` raise.
    """
    found = cache.find(key)
    if found is not None:
        return Pieced(found)
    with cache.alone_if_free(key) as alone:
        if alone:
            return _all(cache, key, begin, what, stop_requested)
    helped, count = _some(cache, key, begin(), what) if may_help() else (0, 0)
    with cache.alone_with(key, what, stop_requested):
        done = _all(
            cache, key, begin, what, stop_requested
        )  # makes the rest where the other one did not come to its end
    return Pieced(done.kept, helped + done.made, max(count, done.count))


def _all(
    cache: ArrayCache, key: str, begin: Callable[[], Pieces], what: str, stop_requested: Callable[[], bool]
) -> Pieced:
    """Make all pieces that nobody else makes, wait for the others, and join them; to be called with the key's lock."""
    found = cache.find(key, cache.replacing(key, what))
    if found is not None:
        return Pieced(found)
    pieces = begin()
    making = _Making(cache, key, pieces, what)
    have: dict[int, NDArray[Any]] = {}
    for waits in (False, True):  # first what is free: meanwhile the others come to an end with theirs
        for number in range(pieces.count):
            if number in have:
                continue
            own = making.key(number)
            with cache.alone_with(own, what, stop_requested) if waits else cache.alone_if_free(own) as alone:
                if alone is not False:
                    have[number] = making.piece(number)
    arrays, about = pieces.join([have[number] for number in range(pieces.count)])
    kept = cache.keep(key, arrays, about, what)
    if kept:  # with the locks
        for number in range(pieces.count):
            cache_room.take_out(cache.file(making.key(number)))
    return Pieced(Kept(kept.arrays if kept else arrays, about, False), making.made, pieces.count)


def _some(cache: ArrayCache, key: str, pieces: Pieces, what: str) -> tuple[int, int]:
    """Make pieces that nobody has made or is making, as long as there are any: (made here, of how many)."""
    making = _Making(cache, key, pieces, what)
    for number in range(pieces.count):
        own = making.key(number)
        if cache.find(own) is not None:
            continue
        with cache.alone_if_free(own) as alone:
            if not alone:
                continue
            # Pieces are taken out only when the whole is there: then a piece that is missing was made once.
            if cache.find(own) is None and cache.find(key) is not None:
                break
            making.piece(number)
    return making.made, pieces.count


class _Making:
    """Makes single pieces and keeps them; ``made`` counts those that were not there."""

    def __init__(self, cache: ArrayCache, key: str, pieces: Pieces, what: str) -> None:
        self._cache, self._key, self._pieces, self._what = cache, key, pieces, what
        self._keeps = pieces.count > 1  # a single one is the whole, which is kept as that
        self.made = 0

    def key(self, number: int) -> str:
        return key_of({"piece": number, "of": self._pieces.count, "whole": self._key})

    def piece(self, number: int) -> NDArray[Any]:
        """A piece; to be called with its lock. A copy: whoever needs room may take the file out."""
        key = self.key(number)
        found = self._cache.find(key, self._cache.replacing(key, self._what))
        if found is not None:
            return np.array(found.arrays[_VALUES])
        array = self._pieces.make(number)
        self.made += 1
        if self._keeps:  # where one could not be kept the others cannot either, and that was said
            about = self._pieces.about | {"piece": number + 1, "pieces": self._pieces.count}
            self._keeps = self._cache.keep(key, {_VALUES: array}, about, self._what) is not None
        return array
