"""Each distance between hidden states against its formula, written out in float64 loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import ModelError
from engine.losses.features import hidden
from engine.types import Body, FeatureInputs

from .conftest import STUDENT, TEACHER, make_inputs


def states(inputs: FeatureInputs) -> list[list[tuple[np.ndarray, np.ndarray]]]:
    """For each pair and row the valid states of student and teacher, each (tokens, width)."""
    counts = inputs.student_mask.sum(1).tolist()
    return [
        [(s[row, :count].numpy(), t[row, :count].numpy()) for row, count in enumerate(counts)]
        for s, t in zip(inputs.student, inputs.teacher, strict=True)
    ]


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def kl(s: np.ndarray, t: np.ndarray) -> float:
    p, f = softmax(t), softmax(s)
    return float(sum(p[c] * np.log(p[c] / f[c]) for c in range(len(p))))


TOKEN_DISTANCES = {
    "mse": lambda s, t: np.mean((s - t) ** 2),
    "l1": lambda s, t: np.mean(np.abs(s - t)),
    "cosine": lambda s, t: 1 - s @ t / (np.linalg.norm(s) * np.linalg.norm(t)),
    "ce": kl,
}


@pytest.mark.parametrize("name", TOKEN_DISTANCES)
@pytest.mark.parametrize("scale", [0.3, 3.0])
def test_a_distance_of_tokens_is_its_formula(name: str, scale: float) -> None:
    settings = hidden.Settings(distance=name)
    inputs = make_inputs(hidden.FEATURE, settings, scale=scale)
    by_pair = [
        np.mean([TOKEN_DISTANCES[name](s, t) for ours, theirs in rows for s, t in zip(ours, theirs, strict=True)])
        for rows in states(inputs)
    ]
    assert hidden.compute(inputs, settings).item() == pytest.approx(np.mean(by_pair), rel=1e-11)


def mmd(ours: np.ndarray, theirs: np.ndarray) -> float:
    """MMD² between two sets of patterns (tokens, units) with k(x, y) = (xᵀy)², from its definition: three means of k."""
    x = [ours[:, i] / np.linalg.norm(ours[:, i]) for i in range(ours.shape[1])]
    y = [theirs[:, i] / np.linalg.norm(theirs[:, i]) for i in range(theirs.shape[1])]

    def mean(left: list[np.ndarray], right: list[np.ndarray]) -> float:
        return float(np.mean([[(a @ b) ** 2 for b in right] for a in left]))

    return mean(x, x) + mean(y, y) - 2 * mean(x, y)


@pytest.mark.parametrize("width", [48, 20])
def test_mmd_is_its_definition_for_any_two_widths(width: int) -> None:
    settings = hidden.Settings(distance="mmd")
    inputs = make_inputs(hidden.FEATURE, settings, replace(STUDENT, hidden=width), TEACHER)
    assert inputs.student[0].shape[-1] == width and not inputs.plan.projected
    by_pair = [
        sum(len(ours) * mmd(ours, theirs) for ours, theirs in rows) / sum(len(ours) for ours, _ in rows)
        for rows in states(inputs)
    ]
    assert hidden.compute(inputs, settings).item() == pytest.approx(np.mean(by_pair), rel=1e-9)


def test_mmd_does_not_care_which_unit_is_which() -> None:
    """It compares where units are active, not which ones are: another order of the student's changes nothing."""
    settings = hidden.Settings(distance="mmd")
    inputs = make_inputs(hidden.FEATURE, settings)
    other = replace(inputs, student=[values[..., torch.randperm(48)] for values in inputs.teacher])
    assert abs(hidden.compute(other, settings).item()) < 1e-15
    assert hidden.compute(inputs, settings).item() > 1e-4


def test_the_soft_cross_entropy_is_0_at_equality_and_has_the_plain_ones_gradient() -> None:
    """A cross-entropy called KL is at equality the teacher's entropy: a curve that never falls to 0 and tells nothing."""
    settings = hidden.Settings(distance="ce")
    inputs = make_inputs(hidden.FEATURE, settings)
    student = [values.clone().requires_grad_() for values in inputs.student]
    hidden.compute(replace(inputs, student=student), settings).backward()
    mask = inputs.student_mask
    for s, t in zip(student, inputs.teacher, strict=True):
        expected = (s.detach().softmax(-1) - t.softmax(-1)) * mask[..., None] / mask.sum() / len(student)
        torch.testing.assert_close(s.grad, expected, rtol=1e-9, atol=1e-15)
    equal = replace(inputs, student=inputs.teacher)
    assert hidden.compute(equal, settings).item() == 0
    assert -(inputs.teacher[0].softmax(-1) * inputs.teacher[0].log_softmax(-1)).sum(-1).mean() > 1  # what it left out


def test_cosine_sees_directions_only_and_is_2_at_most() -> None:
    settings = hidden.Settings(distance="cosine")
    inputs = make_inputs(hidden.FEATURE, settings)
    for factor, expected in ((5.0, 0.0), (-0.1, 2.0)):
        other = replace(inputs, student=[factor * values for values in inputs.teacher])
        assert hidden.compute(other, settings).item() == pytest.approx(expected, abs=1e-12)


def test_the_value_does_not_grow_with_the_number_of_pairs() -> None:
    one, two = (hidden.Settings(layers=((1, 2),) * count) for count in (1, 2))
    inputs = make_inputs(hidden.FEATURE, one)
    doubled = replace(
        inputs,
        plan=hidden.plan(two, STUDENT, TEACHER),
        student=inputs.student * 2,
        teacher=inputs.teacher * 2,
    )
    assert hidden.compute(doubled, two).item() == pytest.approx(hidden.compute(inputs, one).item(), rel=1e-12)


def test_what_is_compared() -> None:
    settings = hidden.Settings(layers="uniform")
    plan = hidden.plan(settings, Body(3, 32, 4), Body(6, 64, 8))
    assert plan.pairs == (("hidden/1", "hidden/2"), ("hidden/2", "hidden/4"), ("hidden/3", "hidden/6"))
    assert plan.projected and all(plan.projects(number) for number in range(3))
    named = hidden.plan(hidden.Settings(layers=((0, 0), ("pooler", "pooler"))), STUDENT, TEACHER)
    assert named.pairs == (("hidden/0", "hidden/0"), ("module/pooler", "module/pooler"))
    assert hidden.FEATURE.formula(hidden.Settings(distance="l1", layers=((1, 2), ("pooler", 4)))) == (
        "hidden l1 (1↔2, pooler↔4)"
    )


def test_a_tensor_without_tokens_counts_with_every_token_of_its_row() -> None:
    """So that its mean stays weighed by tokens, like the other pairs of the term."""
    settings = hidden.Settings(layers=(("pooler", "pooler"),))
    inputs = make_inputs(hidden.FEATURE, settings)
    ours, theirs = inputs.student[0][:, 0], inputs.teacher[0][:, 0]
    found = hidden.compute(replace(inputs, student=[ours], teacher=[theirs]), settings)
    counts = inputs.student_mask.sum(1).double()
    assert found.item() == pytest.approx(((ours - theirs).square().mean(-1) @ counts / counts.sum()).item(), rel=1e-12)


def test_a_tensor_of_another_shape_is_refused_in_a_sentence() -> None:
    settings = hidden.Settings(layers=(("a", "a"),))
    inputs = make_inputs(hidden.FEATURE, settings)
    maps = [torch.zeros(6, 4, 5, 5)]
    with pytest.raises(ModelError, match=r"\(6, 4, 5, 5\) for 6 rows of 5 tokens; name another module"):
        hidden.compute(replace(inputs, student=maps, teacher=maps), settings)
