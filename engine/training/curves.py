"""The curves of a training: values gathered on the device, fetched together, refused where they are no numbers.

Knows names, steps and the clock; nothing of models and losses.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.events import Emit, Metrics

if TYPE_CHECKING:
    from torch import Tensor


class Diverged(EngineError):
    """A loss or a gradient is no finite number: the weights are those before that step."""


class Clock:
    """Seconds of training, going on from ``before`` where a run is resumed."""

    def __init__(self, before: float = 0.0) -> None:
        self._start = time.perf_counter() - before

    def __call__(self) -> float:
        return time.perf_counter() - self._start


@dataclass(frozen=True)
class _Step:
    number: int
    plain: Mapping[str, float]
    rows: int
    names: list[str]
    values: Tensor  # (names,)


class Curves:
    """``add`` what a step found, ``report`` now and then: each fetch makes the processor wait for the device."""

    def __init__(self, prefix: str, emit: Emit, clock: Clock) -> None:
        self._prefix, self._emit, self._clock = f"{prefix}train/", emit, clock
        self._pending: list[_Step] = []
        self._last_read = clock()

    def add(self, step: int, rows: int, values: Mapping[str, Tensor], plain: Mapping[str, float]) -> None:
        """Scalars of one step of so many rows, by name: ``values`` may be on a device, ``plain`` are numbers at hand."""
        import torch

        stacked = torch.stack([value.detach().float() for value in values.values()])
        self._pending.append(_Step(step, plain, rows, list(values), stacked))

    def report(self) -> None:
        """Fetch the values of the steps since the last report in one go and emit them.

        Raises Diverged where one is not a finite number, naming term and step.
        """
        import torch

        if not self._pending:
            return
        steps, self._pending = self._pending, []
        now = self._clock()
        spent = now - self._last_read
        fetched = torch.stack([step.values for step in steps]).tolist()
        rows = sum(step.rows for step in steps)
        for position, (step, values) in enumerate(zip(steps, fetched, strict=True), 1):
            measured = dict(zip(step.names, values, strict=True))
            _must_be_finite(measured, step.number)
            measured |= step.plain
            if position == len(steps):
                measured["examples_per_second"] = rows / max(spent, 1e-9)
            at = now - spent * (1 - position / len(steps))
            self._emit(Metrics(step.number, at, {f"{self._prefix}{name}": value for name, value in measured.items()}))
        self._last_read = now

    def now(self, step: int, values: Mapping[str, float], prefix: str | None = None) -> None:
        """Emit plain numbers measured at a step; ``prefix`` takes the place of the stage's own and train/."""
        before = self._prefix if prefix is None else prefix
        self._emit(Metrics(step, self._clock(), {f"{before}{name}": value for name, value in values.items()}))

    def rest(self) -> None:
        """What was done since the last report (an evaluation, a checkpoint) is none of the training's time."""
        self._last_read = self._clock()


def _must_be_finite(values: dict[str, float], step: int) -> None:
    """The term is named before the total that it spoils, the total before the gradient."""
    bad = [name for name, value in values.items() if not math.isfinite(value)]
    if not bad:
        return
    name = min(bad, key=lambda name: (not name.startswith("raw/"), "/" not in name, list(values).index(name)))
    raise Diverged(
        f"The {_words(name)} is {values[name]} at step {step}: training has gone astray and was ended before that step "
        "changed the weights. Lower the learning rate, or look at the rows and the teacher."
    )


def _words(name: str) -> str:
    words = {"loss": "total loss", "gradient_norm": "gradient norm"}
    kind, _, term = name.partition("/")
    return words.get(name, f"{'weight of the ' if kind == 'weight' else ''}loss term “{term}”")
