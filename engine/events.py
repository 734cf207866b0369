"""What a run says while it goes on; plain values, no torch, no store.

``training`` is handed a function ``emit(event)`` and never learns who listens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Metrics:
    """Values measured at one optimiser step. ``seconds`` counts from the start of the run's training process."""

    step: int
    seconds: float
    values: dict[str, float]


@dataclass(frozen=True)
class Phase:
    """What the run is busy with, in words a person reads ("fine-tuning the teacher"), and how far: ``done`` of ``total``."""

    text: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Facts:
    """Columns of the run that become known on the way (device, parameters, total steps, ...)."""

    values: dict[str, object]


@dataclass(frozen=True)
class Score:
    """A final figure: ``model`` is "student" or "teacher"; ``value`` on the metric's own scale (0..1 or -1..1)."""

    model: str
    split: str
    metric: str
    value: float


@dataclass(frozen=True)
class Unscored:
    """The figures said of ``model`` before are void: another is about to take its place."""

    model: str


@dataclass(frozen=True)
class Log:
    """A line for the run's log."""

    text: str


@dataclass(frozen=True)
class Rewound:
    """A stage begins, or goes on, after ``step``: what was said of later steps before is void, and comes again.

    ``prefix`` begins the names of the stage's curves: "teacher/", or "" for the student's.
    """

    step: int
    prefix: str = ""


Event = Metrics | Phase | Facts | Score | Unscored | Log | Rewound
Emit = Callable[[Event], None]
