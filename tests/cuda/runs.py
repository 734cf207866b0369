"""Runs a configuration in this process and remembers what it said: values by curve and step, facts and log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.config import parse_config
from engine.events import Event, Facts, Log, Metrics, Rewound
from engine.training.distil import Outcome, distil


class Death(BaseException):
    """The run dies here: nothing below may catch it."""


class Heard:
    """What the store would hold. ``dies_at`` is the student's step after whose values the run dies."""

    def __init__(self, dies_at: int = 0) -> None:
        self.rows: dict[tuple[str, int], float] = {}
        self.facts: dict[str, Any] = {}
        self.log: list[str] = []
        self.dies_at = dies_at

    def __call__(self, event: Event) -> None:
        if isinstance(event, Log):
            self.log.append(event.text)
        elif isinstance(event, Facts):
            self.facts |= event.values
        elif isinstance(event, Rewound):
            self.rows = {key: value for key, value in self.rows.items() if key[1] <= event.step}
        elif isinstance(event, Metrics):
            for name, value in event.values.items():
                if not name.endswith("examples_per_second"):
                    self.rows[name, event.step] = value
            if self.dies_at and event.step == self.dies_at and "train/loss" in event.values:
                self.dies_at = 0
                raise Death

    def curve(self, name: str) -> list[float]:
        return [value for (found, _), value in sorted(self.rows.items(), key=lambda row: row[0][1]) if found == name]

    def at(self, step: int) -> dict[str, float]:
        return {name: value for (name, found), value in self.rows.items() if found == step}


def train(
    toml: str,
    folder: Path,
    *settings: str,
    heard: Heard | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
    pausing: Callable[[], bool] = lambda: False,
    every_s: float = 1000.0,
) -> tuple[Outcome, Heard]:
    """``folder``/home and ``folder``/run are the run's; an existing run goes on from its checkpoint."""
    heard = heard or Heard()
    for name in ("home", "run"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    config = parse_config(toml, overrides=list(settings))
    outcome = distil(
        config, folder / "home", folder / "run", heard, stop_requested, pausing=pausing, checkpoint_every_s=every_s
    )
    return outcome, heard


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "run" / "student" / "model.safetensors")


def same_weights(left: Path, right: Path) -> bool:
    ours, theirs = weights(left), weights(right)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
