"""Finds neighbouring rows that can be put in or taken out at once. Knows no model and no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Entry = TypeVar("Entry")


def stretches(entries: Sequence[Entry], chosen: Callable[[Entry], bool]) -> list[tuple[int, int]]:
    """The first and last rows of each unbroken stretch of `chosen` entries, from the top."""
    found: list[tuple[int, int]] = []
    for row, entry in enumerate(entries):
        if not chosen(entry):
            continue
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
