"""Does again what a disk or a store refuses for a while. Knows neither: who calls says what may pass, and says so to a person."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 600.0  # a person has to notice a full disk, and make room

Found = TypeVar("Found")


def _nothing(*_: object) -> None: ...


def _never() -> bool:
    return False


def patiently(
    do: Callable[[], Found],
    may_pass: Callable[[Exception], bool],
    refused: Callable[[Exception], object],
    *,
    retry_s: float,
    patience_s: float = PATIENCE_S,
    before_again: Callable[[Exception], object] = _nothing,
    over: Callable[[], object] = _nothing,
    given_up: Callable[[], bool] = _never,
) -> Found:
    """What ``do`` returns, tried every ``retry_s`` for ``patience_s`` while its errors ``may_pass``; else raises the last.

    ``refused`` hears of the first error, ``before_again`` of each before the next try; ``over`` is called if it then works.
    Where a person has ``given_up`` waiting, the last error is raised at once.
    """
    until = time.monotonic() + patience_s
    said = False
    while True:
        try:
            found = do()
        except Exception as error:
            if not may_pass(error) or time.monotonic() >= until or (said and given_up()):
                raise
            if not said:
                said = True
                refused(error)
            latest = error
        else:
            if said:
                over()
            return found
        time.sleep(retry_s)
        before_again(latest)
