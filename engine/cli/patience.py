"""Waits where the store refuses for a while: a full disk, a lock, a disk that reports an error. Knows no commands."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from engine import patience
from engine.errors import StoreError
from engine.patience import PATIENCE_S, Found
from engine.store.sentences import PASSING, result_code

RETRY_S = 2.0


def patiently(do: Callable[[], Found], tell: Callable[[str], None], patience_s: float = PATIENCE_S) -> Found:
    """What ``do`` returns, tried again while the store refuses; ``tell`` is told so once. Raises StoreError in the end."""
    return patience.patiently(
        do,
        _may_pass,
        lambda error: tell(f"{error} Tried again until it works."),
        retry_s=RETRY_S,
        patience_s=patience_s,
    )


def _may_pass(error: Exception) -> bool:
    if not isinstance(error, StoreError):
        return False
    cause = error.__cause__
    return isinstance(cause, OSError) or (isinstance(cause, sqlite3.Error) and result_code(cause) in PASSING)
