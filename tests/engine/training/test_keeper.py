"""When checkpoints are written, and what happens where they cannot be."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.events import Event, Log
from engine.training import checkpoint, keeper
from engine.training.best import Best
from engine.training.keeper import TEACHER_STAGE, Keeper

from .test_step import Narrow, batch, stepper


class Time:
    """The clock of the module, by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(keeper, "time", time)
    return time


def make(folder: Path, **more: Any) -> tuple[Keeper, list[str]]:
    log: list[str] = []

    def hear(event: Event) -> None:
        assert isinstance(event, Log)
        log.append(event.text)

    return Keeper(folder / "checkpoints", {"rows": "1"}, hear, **more), log


def keep(kept: Keeper, step: int = 1) -> bool:
    return kept.keep(TEACHER_STAGE, step, 0.5, stepper(Narrow())[0], Best())


def test_by_time_and_at_evaluations(tmp_path: Path, clock: Time) -> None:
    kept, _ = make(tmp_path)
    assert kept.due(evaluated=True) and not kept.due(evaluated=False)
    clock.now += 60
    assert kept.due(evaluated=False)
    assert keep(kept) and not kept.due(evaluated=False)
    clock.now += 59
    assert not kept.due(evaluated=False)
    clock.now += 1
    assert kept.due(evaluated=False)


def test_evaluations_on_a_slow_disk_take_three_hundredths_of_the_time(tmp_path: Path, clock: Time) -> None:
    def slow(seconds: float) -> bool:
        clock.now += 2.0
        return True

    kept, _ = make(tmp_path, flush=slow)
    written = [clock.now]
    while clock.now < 6100:
        clock.now += 1
        if kept.due(evaluated=True):
            keep(kept, int(clock.now))
            written.append(clock.now)
    gaps = np.diff(written[2:])
    assert 2.0 * (len(written) - 1) <= 0.03 * 6000 + 1 and gaps.min() > 60
    assert len(written) - 1 >= 85, "nor less often than that"


@pytest.mark.parametrize("cost", [3, 20, 90])
def test_however_slow_the_disk_no_checkpoint_is_long_overdue(tmp_path: Path, clock: Time, cost: float) -> None:
    def slow(seconds: float) -> bool:
        clock.now += cost
        return True

    kept, log = make(tmp_path, flush=slow)
    ended, began = [clock.now], [clock.now]
    while clock.now < 3000:
        clock.now += 1
        if kept.due(evaluated=False):
            began.append(clock.now)
            keep(kept, int(clock.now))
            ended.append(clock.now)
    waits = np.array(began[1:]) - np.array(ended[:-1])
    assert waits.max() <= 60 + max(60, cost) and waits.min() >= 60
    assert [line for line in log if "a checkpoint takes" in line] == [
        f"Writing a checkpoint takes {cost} s here, so one is written every {60 + max(60, cost)} s instead of every 60 s; "
        f"about {100 * cost / (cost + 60 + max(60, cost)):.0f} % of the time goes into them."
    ] * (cost > 3)


def test_a_disk_that_refuses_is_said_once_and_tried_by_time(
    tmp_path: Path, clock: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, log = make(tmp_path)

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "sync", full)
    assert not keep(kept, 1) and not keep(kept, 2)
    assert (
        len(log) == 1 and "No space left on device. Training goes on without; it is tried again every 60 s." in log[0]
    )
    assert not kept.due(evaluated=True), "not at each evaluation: it may take long to fail"
    clock.now += 60
    assert kept.due(evaluated=False)
    monkeypatch.undo()
    assert keep(kept, 3) and log[1:] == ["Checkpoints can be written again."]


def test_a_checkpoint_is_never_ahead_of_the_curves(tmp_path: Path) -> None:
    kept, log = make(tmp_path, flush=lambda seconds: False)
    assert not keep(kept) and not (tmp_path / "checkpoints").exists() and "does not take the curves" in log[0]


def test_generators_and_parts_go_on_where_they_were(tmp_path: Path) -> None:
    kept, log = make(tmp_path)
    taker, _ = stepper(Narrow(4))
    taker.take(batch(), 0.1, 0.0)
    random.seed(3), np.random.seed(4), torch.manual_seed(5)
    random.gauss(0, 1), np.random.standard_normal(), torch.randn(1)
    kept.keep(TEACHER_STAGE, 9, 1.25, taker, Best())
    drawn = [
        random.gauss(0, 1),
        random.random(),
        np.random.standard_normal(),
        np.random.random(),
        torch.randn(3).tolist(),
    ]
    other, _ = stepper(Narrow(4))
    nn.init.zeros_(other.learner.model.layer.weight)
    again, log = make(tmp_path)
    assert again.go_on(TEACHER_STAGE, other, Best()) == (9, 1.25) and other.rows_at_once == 3
    now = [
        random.gauss(0, 1),
        random.random(),
        np.random.standard_normal(),
        np.random.random(),
        torch.randn(3).tolist(),
    ]
    assert now == drawn
    assert log == ["Goes on after step 9 from its checkpoint; what was logged after it is measured again."]
    for name, value in taker.learner.model.state_dict().items():
        assert torch.equal(value, other.learner.model.state_dict()[name])


def test_a_run_goes_on_with_the_threads_it_was_begun_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = make(tmp_path)
    taker, _ = stepper(Narrow())
    taker.take(batch(), 0.1, 0.0)
    before = torch.get_num_threads()
    monkeypatch.setattr(os, "cpu_count", lambda: before + 1)
    try:
        torch.set_num_threads(before + 1)
        kept.keep(TEACHER_STAGE, 9, 1.25, taker, Best())
        torch.set_num_threads(before)
        again, log = make(tmp_path)
        again.go_on(TEACHER_STAGE, stepper(Narrow())[0], Best())
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)
    assert f"Threads: {before + 1}, as when the run was begun" in log[0] and not any(
        "may differ" in line for line in log
    )


def test_other_threads_or_another_device_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = make(tmp_path)
    taker, _ = stepper(Narrow())
    taker.take(batch(), 0.1, 0.0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    kept.keep(TEACHER_STAGE, 9, 1.25, taker, Best())
    monkeypatch.undo()
    again, log = make(tmp_path)
    again.go_on(TEACHER_STAGE, stepper(Narrow())[0], Best())
    assert "may differ" in log[1] and "threads 77 is now" in log[1]
