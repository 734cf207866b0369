"""How long a run will take: a few of the training's own steps, timed at learning rate 0, and counted up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.data.batches import BatchSize, collate
from engine.data.split import Split
from engine.diagnosis.finding import Finding
from engine.diagnosis.sample import by_length, part_of
from engine.training.evaluate import predict
from engine.training.step import Learner, Pace, Stepper

if TYPE_CHECKING:
    import torch
    from torch import nn

STEPS = {"cpu": 3, "cuda": 30}  # behind a first one of few rows, which warms up
WARM_STEPS = 10  # of a GPU
ENOUGH_S = 2.5  # after so long no more steps are begun
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


def step_speed(
    learner: Learner,
    pace: Pace,
    split: Split,
    reader: str,
    size: BatchSize,
    device: torch.device,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Speed:
    """Time a few real steps (forward, backward, AdamW) on rows from short to long, at learning rate 0: no weight changes.

    The learner's targets and logits are those of ``split``. ``tell`` hears when a batch has to be taken in parts.
    """
    groups = by_length(split, reader, size)
    average = float(np.mean([_tokens(split, reader, group) for group in groups]))
    rows = max(len(group) for group in groups)
    if device.type == "cpu":
        rows = _affordable(learner.model, average * len(groups) / sum(map(len, groups)), rows)
    middle = len(groups) // 2
    spread = [middle, 0, len(groups) - 1]
    wanted = [groups[middle][: min(4, rows)]] + [groups[spread[n % 3]][:rows] for n in range(STEPS[device.type])]
    encoding, theirs = split.encodings[reader], split.encodings.get("teacher")
    stepper = Stepper(learner, pace, device, tell)
    spent, tokens = [], []
    begun = time.perf_counter()
    for number, group in enumerate(wanted):
        batch = collate(encoding, group, teacher=theirs, kept=split.teacher_rows)
        started = time.perf_counter()
        stepper.take(batch, rate=0.0, progress=0.0)
        _wait(device)
        spent.append(time.perf_counter() - started)
        tokens.append(float(batch.inputs["input_ids"].numel()))
        if number and started - begun > ENOUGH_S:
            break
    warm = 1 if device.type == "cpu" or len(spent) < 2 * WARM_STEPS else WARM_STEPS
    return Speed(sum(spent[warm:]) / sum(tokens[warm:]) * average, average)


def _wait(device: torch.device) -> None:
    """Until a GPU has done what it was given."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)


def pass_speed(
    model: nn.Module, split: Split, reader: str, device: torch.device, precision: torch.dtype | None
) -> Speed:
    """Time one forward pass over a few rows of middling length, as an evaluation does it."""
    groups = by_length(split, reader, BatchSize(32 if device.type == "cpu" else 128))
    some = part_of(split, groups[len(groups) // 2])
    if device.type == "cuda":
        predict(model, some, device, precision, reader)  # the first pass also loads kernels
    begun = time.perf_counter()
    predict(model, some, device, precision, reader)
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


def _affordable(model: nn.Module, tokens_a_row: float, rows: int) -> int:
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
