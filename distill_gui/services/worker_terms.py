"""What the keeper of the worker is told: how long it waits, and whom it tells. Loads nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """In seconds: a stop is asked for ``ask_s``, terminated for ``terminate_s``, then killed; a worker waits ``stay_s``
    for another run; another window's dead worker is left to that window for ``grace_s``; a worker that took no run is
    replaced after ``retry_s``, twice as long each time."""

    ask_s: float = 30.0
    terminate_s: float = 15.0
    stay_s: float = 20.0
    grace_s: float = 1.0
    retry_s: float = 1.0


@dataclass(frozen=True)
class Reports:
    """Who is told: ``worker(text)`` what the worker does, ``stopping(run, stage, seconds)`` how far a stop has come
    ("asked", "terminated", "killed", and "" when it is over) and when the next stage begins (0 where there is none),
    ``trouble(sentence)`` what went wrong."""

    worker: Callable[[str], None]
    stopping: Callable[[int, str, int], None]
    trouble: Callable[[str], None]
