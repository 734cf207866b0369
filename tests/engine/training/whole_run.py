"""A whole run on tiny models as the tests make it, and what is heard of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from engine.config import DistillationConfig
from engine.events import Event, Facts, Log, Metrics, Score
from engine.training.distil import Outcome, distil


class Ear:
    """Hears a run's events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def curve(self, name: str) -> list[tuple[int, float]]:
        return [(e.step, e.values[name]) for e in self.events if isinstance(e, Metrics) and name in e.values]

    def names(self) -> set[str]:
        return {name for event in self.events if isinstance(event, Metrics) for name in event.values}

    def facts(self) -> dict[str, object]:
        return {k: v for event in self.events if isinstance(event, Facts) for k, v in event.values.items()}

    def scores(self) -> dict[tuple[str, str, str], float]:
        return {(e.model, e.split, e.metric): e.value for e in self.events if isinstance(e, Score)}

    def log(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Log))


def train(
    config: DistillationConfig,
    home: Path,
    folder: Path,
    stop: Callable[[], bool] = lambda: False,
    ear: Ear | None = None,
) -> tuple[Outcome, Ear]:
    ear = ear or Ear()
    home.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    return distil(config, home, folder, ear, stop), ear


def weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "student" / "model.safetensors")
