"""The step on the device: it never waits, it is fed from pinned memory, it survives too little memory and spoiled numbers."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from engine import catalog
from engine.data.batches import Batch
from engine.errors import EngineError
from engine.losses.objective import Objective
from engine.training.curves import Curves
from engine.training.loop import Course
from engine.training.step import Learner, Stepper
from tests.cuda.runs import Heard, train


class Wide(nn.Module):
    """Takes some 16 MiB for each row's pass."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.inside, self.layer = nn.Linear(4, 2**20), nn.Linear(2**20, 3)
        nn.init.constant_(self.layer.weight, 1e-4)

    def forward(self, numbers: Tensor) -> Any:
        return SimpleNamespace(logits=self.layer(self.inside(numbers).tanh().sin()))


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(4, 3)

    def forward(self, numbers: Tensor) -> Any:
        return SimpleNamespace(logits=self.layer(numbers))


def stepper(model: nn.Module, device: torch.device) -> tuple[Stepper, list[str]]:
    torch.manual_seed(3)
    loss, said = catalog.losses()["kl"], list[str]()
    learner = Learner(
        model, Objective(loss, loss.settings(kind="kl")), torch.eye(3)[torch.arange(64) % 3], torch.randn(64, 3)
    )
    return Stepper(learner, Course(1, 0.1), device, said.append), said


def batch(rows: int) -> Any:
    torch.manual_seed(5)
    inputs = {"numbers": torch.randn(rows, 4)}
    return SimpleNamespace(inputs=inputs, teacher_inputs=inputs, indices=torch.arange(rows), padded=0)


# ── nothing waits ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("terms", ["", *catalog.features()])
def test_no_step_waits_for_the_device(
    terms: str, toml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpu: torch.device
) -> None:
    """All of a step and of noting its values, in torch's own mode that raises where the processor would wait."""
    seen = {"steps": 0}

    def strict(function: Any, free: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            if free(named):
                return function(*given, **named)
            torch.cuda.set_sync_debug_mode("error")
            try:
                seen["steps"] += 1
                return function(*given, **named)
            finally:
                torch.cuda.set_sync_debug_mode("default")

        return call

    monkeypatch.setattr(Stepper, "take", strict(Stepper.take, lambda named: named.get("with_shares")))
    monkeypatch.setattr(Curves, "add", strict(Curves.add, lambda named: False))
    text = f'{toml}\n[[features]]\nkind = "{terms}"\n' if terms else toml
    train(text, tmp_path, *([] if terms else ["student.architecture=2x64", "student.init=random"]))
    assert seen["steps"] >= 20


def test_the_mode_sees_a_wait(gpu: torch.device) -> None:
    torch.cuda.set_sync_debug_mode("error")
    with pytest.raises(RuntimeError, match="synchroniz"):
        torch.ones((), device=gpu).item()


def test_batches_are_made_in_a_thread_in_pinned_memory(
    toml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpu: torch.device
) -> None:
    threads, pinned = set(), list[bool]()
    made, take = Batch.pinned, Stepper.take

    def noting(self: Batch) -> Batch:
        threads.add(threading.current_thread().name)
        return made(self)

    def looking(self: Stepper, batch: Any, *rest: Any, **named: Any) -> Any:
        pinned.extend(values.is_pinned() for values in (*batch.inputs.values(), batch.indices))
        return take(self, batch, *rest, **named)

    monkeypatch.setattr(Batch, "pinned", noting)
    monkeypatch.setattr(Stepper, "take", looking)
    train(toml, tmp_path)
    assert threads == {"batches ahead"} and pinned and all(pinned)
    assert not [thread for thread in threading.enumerate() if thread.name == "batches ahead"]


# ── spoiled numbers, too little memory ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_step_without_finite_numbers_leaves_the_weights_alone(bad: float, device: torch.device) -> None:
    model = Line()
    taker, _ = stepper(model, device)
    taker.take(batch(11), 0.1, 0.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    spoiled = batch(11)
    spoiled.inputs["numbers"][3] = bad
    found = taker.take(spoiled, 0.1, 0.0)
    assert not math.isfinite(found.values["loss"].item())
    if device.type == "cuda":  # the flag stays up until the loop looks, up to ten steps later
        taker.take(batch(11), 0.1, 0.0)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


class Spoiling(Heard):
    """Makes the student's first weights infinite after ten steps, as a run gone astray would."""

    steppers: ClassVar[list[Stepper]] = []

    def __call__(self, event: Any) -> None:
        super().__call__(event)
        if len(self.curve("train/loss")) == 10 and self.steppers:
            with torch.no_grad():
                next(iter(self.steppers.pop().learner.model.parameters())).fill_(math.inf)


def test_a_run_gone_astray_ends_in_a_sentence(toml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, heard = Stepper.__init__, Spoiling()

    def noting(self: Stepper, *rest: Any) -> None:
        begin(self, *rest)
        heard.steppers.append(self)

    monkeypatch.setattr(Stepper, "__init__", noting)
    with pytest.raises(EngineError, match=r"is nan at step 11: training has gone astray"):
        train(toml, tmp_path, heard=heard)
    assert len(heard.curve("train/loss")) == 10


def test_a_batch_that_does_not_fit_is_halved_until_it_does_and_the_step_is_the_same(gpu: torch.device) -> None:
    whole, narrow = Wide(), Wide()
    one, _ = stepper(whole, gpu)
    first = one.take(batch(64), 0.01, 0.0)
    expected = {name: value.cpu() for name, value in whole.state_dict().items()}
    wanted = {name: value.cpu() for name, value in first.values.items()}
    del one, first
    whole.to("meta")
    torch.cuda.empty_cache()

    other, said = stepper(narrow, gpu)
    other.take(batch(1), 0.0, 0.0)  # what the optimiser keeps is there
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(gpu).total_memory
    try:
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved(gpu) + 400 * 2**20) / total, gpu)
        second = other.take(batch(64), 0.01, 0.0)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, gpu)
    assert other.rows_at_once is not None and 1 <= other.rows_at_once <= 32
    assert said and said[-1].startswith("The device ran out of memory: each step's rows are now taken ")
    for name, value in wanted.items():
        torch.testing.assert_close(second.values[name].cpu(), value, rtol=2e-2, atol=1e-3, msg=name)
    assert narrow.state_dict().keys() == expected.keys()
