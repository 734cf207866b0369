"""Timed steps change no weight and are counted up rightly."""

from __future__ import annotations

import pytest
import torch

from engine import catalog
from engine.data.batches import BatchSize
from engine.diagnosis.timing import Forecast, Speed, pass_speed, step_speed, time_finding
from engine.losses.objective import Objective
from engine.models.shape import EncoderShape
from engine.models.student import random_classifier
from engine.training.loop import Course
from engine.training.step import Learner
from engine.types import LossSettings
from tests.engine.diagnosis.conftest import Toml
from tests.engine.diagnosis.test_tokens import sample_of

CPU = torch.device("cpu")


def test_steps_are_timed_and_no_weight_changes(healthy: Toml) -> None:
    split = sample_of(healthy()).data.train
    model = random_classifier(EncoderShape(1, 32, 4, 64, 40), catalog.tasks()["mrpc"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    objective = Objective(catalog.losses()["none"], LossSettings(kind="none"), "classification")
    learner = Learner(model, objective, split.target_tensor())
    found = step_speed(learner, Course(1, 1e-3), split, "student", BatchSize(16), CPU)
    assert 0 < found.seconds < 60 and found.tokens >= 16 * 5
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    asked = pass_speed(model, split, "student", CPU, None)
    assert asked.seconds > 0 and asked.tokens >= 32 * 5


def test_a_large_batch_costs_as_its_rows_say(healthy: Toml, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only some rows of a large batch are timed: the forecast is of all of them."""
    split = sample_of(healthy(), 128).data.train
    model = random_classifier(EncoderShape(1, 32, 4, 64, 40), catalog.tasks()["mrpc"])
    objective = Objective(catalog.losses()["none"], LossSettings(kind="none"), "classification")
    learner = Learner(model, objective, split.target_tensor())
    taken = []
    monkeypatch.setattr(
        "engine.diagnosis.timing.Stepper.take", lambda self, batch, **_: taken.append(len(batch.indices))
    )
    monkeypatch.setattr("engine.diagnosis.timing.WORK_OF_A_STEP", 6 * 8000 * 12 * 8)  # some 8 rows of its 8,000 weights
    found = step_speed(learner, Course(1, 1e-3), split, "student", BatchSize(64), CPU)
    assert max(taken) < 20 and found.tokens > 64 * 5


def test_the_forecast_adds_up() -> None:
    forecast = Forecast(100, 0.5, 30.0, 10.0, 2.0)
    assert forecast.total == 92
    found = time_finding(forecast, "cpu", 2)
    assert found.level == "fine" and found.numbers["seconds"] == 92 and found.numbers["steps_per_second"] == 2
    assert "2.0 steps a second" in found.text and "2 threads" in found.text and "30 s for the teacher's" in found.text
    assert time_finding(Forecast(100_000, 2.0, 0, 0, 0), "cuda:0", 0).level == "look"
    assert Speed(2.0, 100.0).for_rows(50, 4.0) == 4.0
