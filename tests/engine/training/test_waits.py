"""No step asks the device for a value: on a GPU the processor would wait there until all that it launched is done."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from engine import catalog
from engine.losses.objective import Objective
from engine.models.student import random_classifier
from engine.training.loop import Course
from engine.training.step import Learner, Stepper
from tests.benchmarks.arithmetic import shape_of

ASKS = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "aten.equal", "is_nonzero")


class Asked(TorchDispatchMode):
    """Notes every operation that cannot go on before the device has given a value."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if any(name in str(function) for name in ASKS):
            self.found.append(str(function))
        return function(*args, **(kwargs or {}))


@pytest.fixture(scope="module")
def model() -> Iterator[Any]:
    yield random_classifier(shape_of("2x32", 40), catalog.tasks()["mnli"])


def batch(padded: bool) -> Any:
    tokens = torch.tensor([[2, 7, 8, 9, 3], [2, 11, 3, 0, 0], [2, 8, 3, 0, 0]])
    if not padded:
        tokens = tokens.clamp_min(5)
    inputs = {"input_ids": tokens, "attention_mask": (tokens > 0).long(), "token_type_ids": torch.zeros_like(tokens)}
    indices = torch.tensor([4, 0, 2])
    return SimpleNamespace(inputs=inputs, teacher_inputs=inputs, indices=indices, padded=4 * padded)


def taker(model: Any, kind: str, accumulate: int = 1) -> Stepper:
    """As on a GPU: with the flag in place of a look at each step's numbers."""
    loss, task = catalog.losses()[kind], catalog.tasks()["mnli"]
    learner = Learner(
        model,
        Objective(loss, loss.settings(kind=kind), task.kind),
        torch.eye(3)[torch.arange(6) % 3],
        torch.randn(6, 3),
    )
    stepper = Stepper(learner, Course(1, 1e-3, accumulate=accumulate), torch.device("cpu"), lambda text: None)
    stepper.flag = torch.zeros(())
    return stepper


@pytest.mark.parametrize("kind", catalog.losses())
def test_no_response_loss_makes_a_step_wait(model: Any, kind: str) -> None:
    stepper = taker(model, kind)
    stepper.take(batch(True), 1e-3, 0.0)  # the optimiser's state is made in the first
    for padded in (True, False):
        with Asked() as asked:
            stepper.take(batch(padded), 1e-3, 0.5)
        assert asked.found == []


def test_nor_does_a_batch_in_parts(model: Any) -> None:
    stepper = taker(model, "kl", accumulate=2)
    with Asked() as asked:
        stepper.take(batch(True), 1e-3, 0.0)
    assert asked.found == []


def test_a_look_at_a_number_would_be_seen(model: Any) -> None:
    stepper = taker(model, "kl")
    stepper.flag = None  # as on the CPU, which has the number at hand
    with Asked() as asked:
        stepper.take(batch(True), 1e-3, 0.0)
    assert asked.found
