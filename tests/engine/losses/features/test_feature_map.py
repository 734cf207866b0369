"""MobileBERT's transfer against its formulas, written out in float64 loops, and its stages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.losses.features import feature_map
from engine.losses.features.feature_map import FEATURE, Settings, active_pairs
from engine.types import Body, FeatureInputs

from .conftest import STUDENT, TEACHER, make_inputs, with_gradients


def maps(query: np.ndarray, key: np.ndarray, heads: int) -> np.ndarray:
    """Attention probabilities (heads, tokens, tokens) of one row's valid tokens (tokens, width)."""
    size = query.shape[1] // heads
    found = np.zeros((heads, len(query), len(query)))
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        for i in range(len(query)):
            scores = [query[i, part] @ key[j, part] / np.sqrt(size) for j in range(len(key))]
            weights = np.exp(np.array(scores) - max(scores))
            found[head, i] = weights / weights.sum()
    return found


def reference(inputs: FeatureInputs, number: int, beta: float, average: bool) -> float:
    """mse + β · KL of pair ``number``: 1/(T·N) Σ (H_t − H_s)² and 1/(T·A) Σ KL(a_t ‖ a_s), over all rows' valid tokens."""
    tokens, squared, divergence = 0, 0.0, 0.0
    ours, theirs = inputs.student[3 * number : 3 * number + 3], inputs.teacher[3 * number : 3 * number + 3]
    for row, count in enumerate(inputs.student_mask.sum(1).tolist()):
        (hs, qs, ks), (ht, qt, kt) = ([values[row, :count].numpy() for values in side] for side in (ours, theirs))
        squared += float(np.sum((hs - ht) ** 2)) / hs.shape[1]
        a_s, a_t = maps(qs, ks, inputs.student_body.heads), maps(qt, kt, inputs.teacher_body.heads)
        if average:
            a_s, a_t = a_s.mean(0, keepdims=True), a_t.mean(0, keepdims=True)
        divergence += float(np.sum(a_t * np.log(a_t / a_s))) / len(a_t)
        tokens += count
    return (squared + beta * divergence) / tokens


@pytest.mark.parametrize("beta", [1.0, 0.25])
@pytest.mark.parametrize("heads", ["equal", "average"])
def test_together_is_the_sum_over_layers_of_both_formulas(beta: float, heads: str) -> None:
    settings = Settings(attention_weight=beta, heads=heads)
    inputs = make_inputs(FEATURE, settings)
    expected = sum(reference(inputs, number, beta, heads == "average") for number in range(2))
    assert FEATURE.compute(inputs, settings).item() == pytest.approx(expected, rel=1e-11)


def test_averaged_maps_fit_any_two_numbers_of_heads() -> None:
    settings = Settings(heads="average")
    inputs = make_inputs(FEATURE, settings, replace(STUDENT, heads=3, hidden=24), TEACHER)
    assert [values.shape[-1] for values in inputs.student[:3]] == [48, 24, 24]  # only the hidden state is projected
    expected = sum(reference(inputs, number, 1.0, True) for number in range(2))
    assert FEATURE.compute(inputs, settings).item() == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("progress", [0.0, 0.19, 0.21, 0.39])
def test_layer_by_layer_is_one_pair_at_a_time_and_reaches_no_other(progress: float) -> None:
    settings = Settings(training="layer_by_layer", transfer_share=0.4)
    inputs = with_gradients(replace(make_inputs(FEATURE, settings), progress=progress))
    stage = 0 if progress < 0.2 else 1
    found = FEATURE.compute(inputs, settings)
    detached = replace(
        inputs, student=[v.detach() for v in inputs.student], teacher=[v.detach() for v in inputs.teacher]
    )
    assert found.item() == pytest.approx(reference(detached, stage, 1.0, False), rel=1e-11)
    found.backward()
    reached = [values.grad is not None for values in inputs.student]
    assert reached == [stage == 0] * 3 + [stage == 1] * 3


@pytest.mark.parametrize("training", ["together", "layer_by_layer"])
def test_after_the_transfer_the_term_is_silent_yet_whole(training: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """0, with a gradient of 0, and nothing is computed for it."""
    settings = Settings(training=training, transfer_share=0.5)
    inputs = with_gradients(replace(make_inputs(FEATURE, settings), progress=0.5))
    monkeypatch.setattr(feature_map, "mse", None)
    monkeypatch.setattr(feature_map, "attention_scores", None)
    found = FEATURE.compute(inputs, settings)
    found.backward()
    assert found.item() == 0 and found.dim() == 0
    assert inputs.student[0].grad is not None and inputs.student[0].grad.abs().max() == 0
    broken = replace(inputs, student=[torch.full_like(values, torch.inf) for values in inputs.student])
    assert FEATURE.compute(broken, settings).item() == 0


def test_stages_are_equal_parts_of_the_transfer_in_order() -> None:
    steps = 1200
    for share in (0.25, 0.8, 1.0):
        settings = Settings(training="layer_by_layer", transfer_share=share)
        found = [active_pairs(settings, step / (steps - 1), 3) for step in range(steps)]
        stages = [pair for active in found for pair in active]
        assert stages == sorted(stages)
        assert all(abs(stages.count(pair) - share * steps / 3) <= 2 for pair in range(3))
        assert (len(found[-1]) == 1) == (share == 1.0)
    assert list(active_pairs(Settings(), 1.0, 3)) == [0, 1, 2]
    assert list(active_pairs(Settings(transfer_share=0.3), 0.29, 3)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("settings", "student", "teacher", "said"),
    [
        (
            Settings(),
            STUDENT,
            replace(TEACHER, heads=12),
            '4 attention heads and the teacher 12; average them .heads = "average".',
        ),
        (Settings(), STUDENT, replace(TEACHER, scores=False), "the teacher's attention is more than"),
        (Settings(heads="average"), replace(STUDENT, scores=False), TEACHER, "the student's attention is more than"),
        (Settings(layers=((0, 0),)), STUDENT, TEACHER, "no attention at “0”: .* between layers, from 1 on"),
        (Settings(layers=(("pooler", 1),)), STUDENT, TEACHER, "no attention at “pooler”: .* from 1 on"),
    ],
)
def test_what_cannot_be_compared_is_refused(settings: Settings, student: Body, teacher: Body, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        FEATURE.plan(settings, student, teacher)


def test_formula_names_what_is_chosen() -> None:
    assert FEATURE.formula(Settings()) == "Σ[hidden mse + KL(a_t‖a_s)] (uniform)"
    chosen = Settings(training="layer_by_layer", transfer_share=0.6, attention_weight=2, layers=((1, 2), (2, 4)))
    assert FEATURE.formula(chosen) == "[hidden mse + 2·KL(a_t‖a_s)], layer by layer (1↔2, 2↔4, until 60%)"
