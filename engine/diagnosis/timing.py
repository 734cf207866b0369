"""How long a run will take: a few real steps of the training loop itself, timed, and counted up. Nothing of them is kept."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.batches import Batch, collate
from engine.data.split import Split
from engine.diagnosis.finding import Finding
from engine.diagnosis.sample import by_length, part_of
from engine.events import Event, Metrics
from engine.losses.objective import Objective
from engine.training.evaluate import predict
from engine.training.lesson import FeatureLesson
from engine.training.loop import Evaluation, fit

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

STEPS = {"cpu": 4, "cuda": 31}  # of which the first one, on a GPU the first ten, warm up
ENOUGH_S = 3.0  # after so long no more steps are begun
WORK_OF_A_STEP = 8e10  # floating point operations of a step on the CPU; of larger batches only some rows are taken
LONG_S = 86400.0


@dataclass(frozen=True)
class Speed:
    """``seconds`` of a step with the rows of an average batch, whose rows × longest row are ``tokens``."""

    seconds: float
    tokens: float

    def for_rows(self, rows: int, tokens_per_row: float) -> float:
        """Seconds for so many rows at the same cost a token."""
        return self.seconds / self.tokens * rows * tokens_per_row


@dataclass(frozen=True)
class _Few:
    """A handful of batches as one epoch."""

    batches: list[Batch]

    def epoch(self, number: int) -> Iterable[Batch]:
        return self.batches

    @property
    def steps_per_epoch(self) -> int:
        return len(self.batches)


def step_speed(
    model: PreTrainedModel,
    split: Split,
    reader: str,
    objective: Objective,
    settings: Any,
    device: torch.device,
    precision: torch.dtype | None,
    lesson: FeatureLesson | None = None,
) -> Speed:
    """Train ``model`` for a few steps (forward, backward, AdamW: the real loop) on rows from short to long.

    The model is changed: it must be one to throw away. ``settings`` are those of its training. Teacher logits are made up:
    they cost the same.
    """
    import torch

    groups = by_length(split, reader, settings.batch_size)
    average = float(np.mean([_tokens(split, reader, group) for group in groups]))
    rows = _affordable(model, average / len(groups[0]), len(groups[0])) if device.type == "cpu" else len(groups[0])
    middle = len(groups) // 2
    spread = [middle, *np.linspace(0, len(groups) - 1, 3).round().astype(int)[[1, 0, 2]]]
    encoding, theirs = split.encodings[reader], split.encodings.get("teacher")
    wanted = STEPS[device.type]
    batches = [collate(encoding, groups[spread[n % 4]][:rows], teacher=theirs) for n in range(wanted)]
    generator = torch.Generator().manual_seed(0)
    made_up = torch.randn((len(split), split.targets.shape[1]), generator=generator) if objective.loss.compute else None
    at: list[float] = []

    def hear(event: Event) -> None:
        if isinstance(event, Metrics) and "train/loss" in event.values:
            at.append(event.seconds)

    begun = time.perf_counter()
    fit(
        model, _Few(batches), split.target_tensor(), made_up, objective, lambda trained: Evaluation({}, 0.0),
        settings.model_copy(update={"epochs": 1}), device, hear, lambda: time.perf_counter() - begun > ENOUGH_S,
        phase="timing", precision=precision, features=lesson,
    )  # fmt: skip
    spent = np.diff([0.0, *at])
    tokens = np.array([batch.inputs["input_ids"].numel() for batch in batches[: len(at)]])
    warm = min(len(at) - 1, 1 if device.type == "cpu" else 10)
    return Speed(float(spent[warm:].sum() / tokens[warm:].sum()) * average, average)


def pass_speed(model: nn.Module, split: Split, reader: str, device: torch.device) -> Speed:
    """Time one forward pass over a few rows of middling length, as an evaluation does it."""
    groups = by_length(split, reader, 32 if device.type == "cpu" else 128)
    some = part_of(split, groups[len(groups) // 2])
    if device.type == "cuda":
        predict(model, some, device, reader)  # the first pass also loads kernels
    begun = time.perf_counter()
    predict(model, some, device, reader)
    return Speed(time.perf_counter() - begun, _tokens(some, reader, np.arange(len(some))))


@dataclass(frozen=True)
class Forecast:
    """Seconds of the parts of a run; ``steps`` of the student's training, at ``step_seconds`` each."""

    steps: int
    step_seconds: float
    teacher_training: float
    teacher_pass: float
    evaluations: float

    @property
    def total(self) -> float:
        return self.steps * self.step_seconds + self.teacher_training + self.teacher_pass + self.evaluations


def time_finding(forecast: Forecast, device: str, threads: int) -> Finding:
    rate = 1 / forecast.step_seconds
    speed = f"{rate:.1f} steps a second" if rate >= 1 else f"{forecast.step_seconds:.1f} s a step"
    parts = [f"{forecast.steps:,} steps at {speed}"]
    if forecast.teacher_training:
        parts.append(f"{_duration(forecast.teacher_training)} for the teacher's fine-tuning")
    if forecast.teacher_pass >= 0.5:
        parts.append(f"{_duration(forecast.teacher_pass)} for the teacher's answers")
    if forecast.evaluations >= 0.5:
        parts.append(f"{_duration(forecast.evaluations)} for evaluations")
    where = device if not threads else f"{device} ({threads} thread{'s' if threads != 1 else ''})"
    text = f"About {_duration(forecast.total)} on {where}: {', '.join(parts)}."
    numbers = {
        "seconds": forecast.total, "steps": forecast.steps, "steps_per_second": rate,
        "training": forecast.steps * forecast.step_seconds, "teacher_training": forecast.teacher_training,
        "teacher_pass": forecast.teacher_pass, "evaluations": forecast.evaluations, "threads": threads,
    }  # fmt: skip
    if forecast.total > LONG_S:
        remedy = "Try it on fewer epochs first, or on a smaller student."
        return Finding("look", "time", "Time", text, remedy, "training.epochs", numbers)
    return Finding("fine", "time", "Time", text, "", "training.epochs", numbers)


def tokens_per_row(split: Split, reader: str) -> float:
    return float(split.encodings[reader].lengths.mean())


def _tokens(split: Split, reader: str, rows: Any) -> float:
    """Rows × the longest of them: what a padded batch costs."""
    return float(len(rows) * split.encodings[reader].lengths[rows].max())


def _affordable(model: PreTrainedModel, tokens_a_row: float, rows: int) -> int:
    """How many rows of a batch a step may take: forward and backward cost about 6 operations a weight and token
    (Kaplan et al. 2020, §2.1); looking embeddings up costs none."""
    embeddings = sum(parameter.numel() for name, parameter in model.named_parameters() if "embeddings" in name)
    weights = sum(parameter.numel() for parameter in model.parameters()) - embeddings
    return int(min(rows, max(1, WORK_OF_A_STEP / (6 * max(1, weights) * tokens_a_row))))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
