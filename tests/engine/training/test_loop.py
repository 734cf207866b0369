"""The loop by itself, on a model without text: it knows only inputs, targets and an objective."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine import catalog
from engine.errors import EngineError
from engine.events import Event, Facts, Log, Metrics, Rewound
from engine.losses.objective import Objective
from engine.training import loop
from engine.training.feeding import made_ahead
from engine.training.keeper import Keeper
from engine.training.loop import Course, Evaluation, Fitted, fit
from engine.training.step import Learner, _groups


class Line(nn.Module):
    """One linear layer: inputs are numbers, not text."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(4, 3)

    def forward(self, numbers: Tensor) -> Any:
        return SimpleNamespace(logits=self.layer(numbers))


@dataclass(frozen=True)
class Numbers:
    """Rows of numbers in batches of ``size``, the last one smaller."""

    rows: Tensor
    size: int = 4

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.rows) // self.size)

    def epoch(self, number: int) -> Iterator[Any]:
        order = torch.roll(torch.arange(len(self.rows)), number)
        for part in order.split(self.size):
            yield SimpleNamespace(
                inputs={"numbers": self.rows[part]}, indices=part, places=10 * len(part), padded=len(part) + number
            )


COURSE = Course(epochs=3, learning_rate=0.1)


def run(
    model: nn.Module | None = None,
    kind: str = "none",
    teacher: Tensor | None = None,
    course: Course = COURSE,
    scores: Iterator[float] | None = None,
    stop_requested: Callable[[], bool] = lambda: False,
    keeper: Keeper | None = None,
) -> tuple[Fitted, list[Event], nn.Module]:
    torch.manual_seed(1)
    rows = torch.randn(10, 4)
    targets = torch.eye(3)[rows[:, :3].argmax(1)]
    events: list[Event] = []
    model = model or Line()
    loss = catalog.losses()[kind]
    fitted = fit(
        Learner(model, Objective(loss, loss.settings(kind=kind)), targets, teacher), Numbers(rows),
        lambda trained: Evaluation({"validation/x": 0.0}, next(scores) if scores else 0.0),
        course, torch.device("cpu"), events.append, stop_requested, keeper=keeper,
    )  # fmt: skip
    return fitted, events, model


def curve(events: list[Event], name: str) -> list[float]:
    return [event.values[name] for event in events if isinstance(event, Metrics) and name in event.values]


def test_learns_and_counts_every_step() -> None:
    fitted, events, _ = run(course=replace(COURSE, epochs=40))
    losses = curve(events, "train/loss")
    assert fitted.steps == 120 == len(losses)  # 10 rows in batches of 4: three steps an epoch
    assert sum(losses[-3:]) < 0.4 * sum(losses[:3])


def test_learning_rate_rises_then_falls_to_almost_nothing() -> None:
    _, events, _ = run(course=replace(COURSE, epochs=10, warmup_share=0.2))
    rates = curve(events, "train/learning_rate")
    assert rates[0] > 0 and max(rates) <= 0.1 and rates.index(max(rates)) in (5, 6)
    assert rates[-1] < 0.01


def test_every_setting_reaches_the_training() -> None:
    """Changing any number changes the curve: no option is silently ignored."""
    base = curve(run()[1], "train/loss")
    changes: list[dict[str, Any]] = [{"warmup_share": 0.5}, {"weight_decay": 0.9}, {"clip_norm": 0.01}]
    for change in changes:
        assert curve(run(course=replace(COURSE, **change))[1], "train/loss") != base, change
    assert curve(run(course=replace(COURSE, learning_rate=0.05))[1], "train/loss") != base
    assert len(curve(run(course=replace(COURSE, epochs=4))[1], "train/loss")) == 12
    assert len(curve(run(course=replace(COURSE, evaluations_per_epoch=3))[1], "validation/x")) == 9


def test_clipping_limits_the_step_and_reports_the_unclipped_norm() -> None:
    _, events, _ = run(course=replace(COURSE, clip_norm=1e-6))
    assert min(curve(events, "train/gradient_norm")) > 1e-3


def test_best_weights_are_those_of_the_best_evaluation() -> None:
    seen: list[Tensor] = []
    model = Line()

    def scores() -> Iterator[float]:
        for value in (0.2, 0.9, 0.5):
            seen.append(model.layer.weight.detach().clone())
            yield value

    fitted, _, _ = run(model=model, scores=scores())
    assert (fitted.best_score, fitted.best_step) == (0.9, 6)
    assert fitted.best_state is not None and torch.equal(fitted.best_state["layer.weight"], seen[1])
    assert not torch.equal(model.layer.weight, seen[1])


def test_teacher_logits_are_looked_up_by_example_never_by_step() -> None:
    """Each row's teacher is its own number: the loss of a step must be that of its rows, in every epoch's order."""
    rows = torch.arange(10.0)
    teacher = torch.stack([rows, -rows, rows * 0], dim=1)
    frozen = Line()
    frozen.layer.requires_grad_(False)
    with torch.no_grad():
        frozen.layer.weight.zero_()
        frozen.layer.bias.zero_()
    bias = nn.Parameter(torch.zeros(1))  # something to train that changes nothing
    frozen.register_parameter("unused", bias)
    frozen.forward = lambda numbers: SimpleNamespace(logits=frozen.layer(numbers) + 0 * bias)  # type: ignore[method-assign]
    _, events, _ = run(model=frozen, kind="mse_logits", teacher=teacher)
    per_row = teacher.square().mean(1)
    expected = []
    for epoch in range(3):
        order = torch.roll(torch.arange(10), epoch)
        expected += [0.5 * per_row[part].mean().item() for part in order.split(4)]
    assert curve(events, "train/loss/teacher") == pytest.approx(expected)


def test_batches_made_ahead_in_a_thread_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU: also where the run stops in the middle of an epoch, with batches ready that nobody takes."""

    def numbers() -> tuple[list[float], Tensor]:
        asked = iter([False] * 7 + [True])
        fitted, events, model = run(course=replace(COURSE, epochs=9), stop_requested=lambda: next(asked))
        assert fitted.stopped and fitted.steps == 8
        return curve(events, "train/loss"), model.layer.weight

    here = numbers()
    monkeypatch.setattr(loop, "fed", lambda batches, device: made_ahead(batches, lambda batch: batch))
    ahead = numbers()
    assert here[0] == ahead[0] and torch.equal(here[1], ahead[1])


def test_a_stop_between_two_read_backs_loses_no_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU values are fetched every ten steps: those since the last fetch are fetched before the end."""
    monkeypatch.setattr(loop, "_read_back_steps", lambda device: 10)
    asked = iter([False] * 13 + [True])
    fitted, events, _ = run(course=replace(COURSE, epochs=9), stop_requested=lambda: next(asked))
    steps = [event.step for event in events if isinstance(event, Metrics) and "train/loss" in event.values]
    assert fitted.stopped and fitted.steps == 14 and steps == list(range(1, 15))
    assert [event.values["step"] for event in events if isinstance(event, Facts) and "step" in event.values][-1] == 14


def test_a_loss_that_is_no_number_stops_before_the_weights_are_spoilt_and_names_term_and_step() -> None:
    teacher = torch.zeros(10, 3)
    teacher[9] = float("nan")  # in the third batch of the first epoch
    model, calm = Line(), Line()
    run(model=calm, kind="kl", teacher=torch.zeros(10, 3), stop_requested=iter([False, True]).__next__)
    with pytest.raises(EngineError, match=r"^The loss term “teacher” is nan at step 3: .* before that step changed"):
        run(model=model, kind="kl", teacher=teacher)
    assert all(torch.equal(left, right) for left, right in zip(model.parameters(), calm.parameters(), strict=True))


def test_training_ends_early_for_want_of_a_gain() -> None:
    course = replace(COURSE, epochs=9, patience=2, min_delta=0.05)
    fitted, events, _ = run(course=course, scores=iter([0.5, 0.6, 0.62, 0.64]))
    assert fitted.steps == 12 and not fitted.stopped and (fitted.best_score, fitted.best_step) == (0.64, 12)
    said = [event.text for event in events if isinstance(event, Log)]
    assert said[1:] == ["Ended early at step 12 of 27: no gain of more than 0.05 in 2 evaluations."]
    assert run(course=replace(course, patience=0), scores=iter([0.5] * 9))[0].steps == 27


def test_the_share_of_padding_is_a_curve_and_is_told_once_also_by_an_epoch_that_was_resumed(tmp_path: Path) -> None:
    """Of 10 places a row, one and the epoch's number a batch are padding: batches of 4, 4 and 2 rows."""
    _, events, _ = run()
    shares = [0.1, 0.1, 0.1, 5 / 40, 5 / 40, 3 / 20, 6 / 40, 6 / 40, 4 / 20]
    assert curve(events, "train/padding_share") == pytest.approx(shares)
    told = ["10.0 % of the places in the first epoch's batches were padding."]
    assert [event.text for event in events if isinstance(event, Log)] == told
    keepers = [Keeper(tmp_path, {}, lambda event: None) for _ in range(2)]
    before = run(keeper=keepers[0], stop_requested=iter([False, True]).__next__)[1]
    after = run(keeper=keepers[1])[1]
    assert curve(before + after, "train/padding_share") == pytest.approx(shares)
    assert [event.text for event in before + after if isinstance(event, Log)] == told


def test_parts_of_a_batch_are_told_and_the_losses_that_relate_rows_named() -> None:
    def first_words(kind: str, accumulate: int) -> str:
        course = replace(COURSE, epochs=1, accumulate=accumulate)
        _, events, _ = run(course=course, kind=kind, teacher=torch.zeros(10, 3) if kind != "none" else None)
        return next(event.text for event in events if isinstance(event, Log))

    assert first_words("none", 1).startswith("10.0 % of the places")
    assert first_words("kl", 2) == "Each step's rows are taken in 2 parts; batch size and loss stay the same."
    assert first_words("dist", 2) == (
        "Each step's rows are taken in 2 parts. The batch size stays the same, but the loss dist relates the rows of a batch "
        "to each other and now sees only those of a part."
    )


def test_a_stage_says_that_it_begins_before_its_first_row() -> None:
    _, events, _ = run()
    rewound = [place for place, event in enumerate(events) if event == Rewound(0, "")]
    rows = [place for place, event in enumerate(events) if isinstance(event, Metrics)]
    assert len(rewound) == 1 and rewound[0] < rows[0]


def test_weight_decay_spares_biases() -> None:
    model = Line()
    with torch.no_grad():
        model.layer.bias.fill_(1.0)
        model.layer.weight.fill_(1.0)
    decayed, spared = _groups(model, 0.3)
    assert [p.dim() for p in decayed["params"]] == [2] and decayed["weight_decay"] == 0.3  # type: ignore[attr-defined]
    assert [p.dim() for p in spared["params"]] == [1] and spared["weight_decay"] == 0.0  # type: ignore[attr-defined]
