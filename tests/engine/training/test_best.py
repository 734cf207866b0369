"""What counts as best and as a gain."""

from __future__ import annotations

import torch
from torch import nn

from engine.training.best import Best

NAN = float("nan")


def see(best: Best, *scores: float) -> list[bool]:
    model = nn.Linear(1, 1)
    found = []
    for step, score in enumerate(scores, 1):
        nn.init.constant_(model.weight, step)
        found.append(best.see(score, step, model))
    return found


def test_the_first_of_equals_stays_with_a_copy_of_its_weights() -> None:
    best = Best()
    assert see(best, 0.2, 0.9, 0.9, 0.5) == [True, True, False, False] and not best.exhausted
    assert (best.score, best.step) == (0.9, 2) and best.weights is not None
    assert torch.equal(best.weights["weight"], torch.tensor([[2.0]]))


def test_no_number_is_worse_than_any() -> None:
    best = Best()
    assert see(best, NAN, -0.5, NAN, -0.6) == [True, True, False, False]


def test_patience_counts_evaluations_without_enough_of_a_gain() -> None:
    best = Best(patience=2, min_delta=0.1)
    see(best, 0.5, 0.55)
    assert best.score == 0.55 and not best.exhausted, "better, but no gain"
    see(best, 0.61)
    assert not best.exhausted and best.without_gain == 0, "a gain over the last gain, not over the best"
    see(best, 0.6, 0.62)
    assert best.exhausted and best.score == 0.62


def test_a_best_goes_on_as_it_was() -> None:
    first, second = Best(patience=3), Best(patience=3)
    see(first, 0.5, 0.4)
    second.load(first.state(), first.weights)
    see(first, 0.3, 0.2)
    see(second, 0.3, 0.2)
    assert first == second and second.exhausted
