"""Weights over time: the schedule's straight lines, and the dynamic α against its definition."""

from __future__ import annotations

import pytest
import torch

from engine.losses.features.weight import MEMORY, DynamicAlpha, scheduled_weight
from engine.types import FeatureSettings


@pytest.mark.parametrize(
    ("schedule", "share", "at"),
    [
        ("constant", 0.5, {0.0: 3.0, 0.25: 3.0, 1.0: 3.0}),
        ("rise", 1.0, {0.0: 0.0, 0.25: 0.75, 1.0: 3.0}),
        ("rise", 0.5, {0.0: 0.0, 0.25: 1.5, 0.5: 3.0, 1.0: 3.0}),
        ("fall", 0.5, {0.0: 3.0, 0.25: 1.5, 0.5: 0.0, 1.0: 0.0}),
    ],
)
def test_schedule(schedule: str, share: float, at: dict[float, float]) -> None:
    settings = FeatureSettings(kind="x", weight=3.0, schedule=schedule, schedule_share=share)  # type: ignore[arg-type]
    for progress, weight in at.items():
        assert scheduled_weight(settings, progress) == pytest.approx(weight)


def test_alpha_is_the_quotient_of_running_magnitudes() -> None:
    chance = torch.Generator().manual_seed(1)
    values = torch.randn(40, 2, generator=chance, dtype=torch.float64)
    alpha = DynamicAlpha()
    for number in range(1, 41):
        found = alpha.update(values[number - 1, 0], values[number - 1, 1])
        weights = torch.tensor([MEMORY ** (number - 1 - step) for step in range(number)], dtype=torch.float64)
        term, reference = (weights @ values[:number].abs()) / weights.sum()
        assert found.item() == pytest.approx((reference / term).item(), rel=1e-12)


def test_alpha_makes_a_steady_term_as_large_as_the_reference() -> None:
    alpha = DynamicAlpha()
    for _ in range(5):
        found = alpha.update(torch.tensor(1e-6), torch.tensor(0.7))
        assert (found * 1e-6).item() == pytest.approx(0.7, rel=1e-5)


def test_alpha_lets_no_gradient_through_and_survives_a_vanished_term() -> None:
    term = torch.tensor(0.0, requires_grad=True)
    found = DynamicAlpha().update(term, torch.tensor(1.0, requires_grad=True))
    assert not found.requires_grad and torch.isfinite(found)


def test_alpha_goes_on_where_it_stopped() -> None:
    one, other = DynamicAlpha(), DynamicAlpha()
    assert one.state() == {}
    one.update(torch.tensor(2.0), torch.tensor(3.0))
    other.load(one.state())
    step = torch.tensor(5.0), torch.tensor(1.0)
    assert torch.equal(one.update(*step), other.update(*step))
