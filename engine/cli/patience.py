"""Waits where the store refuses for a while: a full disk, a lock, a disk that reports an error. Knows no commands."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from engine.errors import StoreError
from engine.store.sentences import PASSING, result_code

PATIENCE_S = 600.0  # a person has to notice a full disk, and make room
RETRY_S = 2.0

Found = TypeVar("Found")


def patiently(do: Callable[[], Found], tell: Callable[[str], None], patience_s: float | None = None) -> Found:
    """What ``do`` returns, tried again while the store refuses; ``tell`` is told so once. Raises StoreError in the end."""
    until = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    said = False
    while True:
        try:
            return do()
        except StoreError as error:
            if not _may_pass(error) or time.monotonic() >= until:
                raise
            if not said:
                said = True
                tell(f"{error} Tried again until it works.")
        time.sleep(RETRY_S)


def _may_pass(error: StoreError) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) or (isinstance(cause, sqlite3.Error) and result_code(cause) in PASSING)
