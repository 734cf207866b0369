"""Relational KD against its formula in loops, and where relations are missing or degenerate."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch

from engine.losses.features import rkd
from engine.types import Body, FeatureInputs

from .conftest import STUDENT, TEACHER, make_inputs

NARROW = Body(layers=2, hidden=12, heads=3)


def huber(x: float, y: float) -> float:
    return 0.5 * (x - y) ** 2 if abs(x - y) <= 1 else abs(x - y) - 0.5


def distances(rows: np.ndarray) -> dict[tuple[int, int], float]:
    found = {(i, j): float(np.linalg.norm(rows[i] - rows[j])) for i, j in permutations(range(len(rows)), 2)}
    mean = np.mean(list(found.values()))
    return {pair: distance / mean for pair, distance in found.items()}


def angles(rows: np.ndarray) -> dict[tuple[int, int, int], float]:
    found = {}
    for i, j, k in permutations(range(len(rows)), 3):
        ij, kj = rows[i] - rows[j], rows[k] - rows[j]
        found[i, j, k] = float(np.dot(ij, kj) / np.linalg.norm(ij) / np.linalg.norm(kj))
    return found


def reference(student: np.ndarray, teacher: np.ndarray, distance_weight: float, angle_weight: float) -> float:
    total = 0.0
    for weight, relations in ((distance_weight, distances), (angle_weight, angles)):
        s, t = relations(student), relations(teacher)
        if s:
            total += weight * float(np.mean([huber(s[key], t[key]) for key in s]))
    return total


def cls(inputs: FeatureInputs, pair: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return inputs.student[pair][:, 0].numpy(), inputs.teacher[pair][:, 0].numpy()


@pytest.mark.parametrize("student", [STUDENT, NARROW])
@pytest.mark.parametrize("weights", [(1.0, 2.0), (0.5, 0.0), (0.0, 3.0)])
def test_it_is_its_formula(student: Body, weights: tuple[float, float]) -> None:
    settings = rkd.Settings(distance_weight=weights[0], angle_weight=weights[1])
    inputs = make_inputs(rkd.FEATURE, settings, student=student)
    assert len(inputs.student) == 1  # the last layer alone
    assert rkd.compute(inputs, settings).item() == pytest.approx(reference(*cls(inputs), *weights), rel=1e-11)


def test_beyond_a_difference_of_1_it_is_linear() -> None:
    """One row far away: normalised distances differ by more than δ = 1, where Huber's loss is no square."""
    settings = rkd.Settings()
    inputs = make_inputs(rkd.FEATURE, settings)
    inputs.student[0][2] += 100
    s, t = (distances(rows) for rows in cls(inputs))
    assert max(abs(s[pair] - t[pair]) for pair in s) > 1
    assert rkd.compute(inputs, settings).item() == pytest.approx(reference(*cls(inputs), 1, 2), rel=1e-11)


def test_several_layers_are_averaged() -> None:
    settings = rkd.Settings(layers="uniform")
    inputs = make_inputs(rkd.FEATURE, settings)
    expected = np.mean([reference(*cls(inputs, pair), 1, 2) for pair in range(2)])
    assert rkd.compute(inputs, settings).item() == pytest.approx(expected, rel=1e-11)


def test_two_rows_have_a_distance_and_no_angle_and_one_row_has_neither() -> None:
    """With two rows every normalised distance is 1 for both: nothing is left to learn."""
    for lengths in ((3, 5), (4,)):
        inputs = make_inputs(rkd.FEATURE, rkd.Settings(), lengths=lengths)
        assert rkd.compute(inputs, rkd.Settings()).item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("equal", [(0, 1), (0, 1, 2, 3, 4, 5)], ids=["two rows", "all rows"])
def test_equal_rows_stay_finite_with_their_gradients(dtype: torch.dtype, equal: tuple[int, ...]) -> None:
    for of_whom in ("student", "teacher"):
        inputs = make_inputs(rkd.FEATURE, rkd.Settings(), dtype=dtype)
        for row in equal[1:]:
            getattr(inputs, of_whom)[0][row] = getattr(inputs, of_whom)[0][equal[0]]
        states = inputs.student[0].requires_grad_()
        found = rkd.compute(inputs, rkd.Settings())
        found.backward()
        assert torch.isfinite(found) and torch.isfinite(states.grad).all()
        assert states.grad.abs().max() < 10


def test_scale_and_rotation_of_the_teacher_do_not_matter() -> None:
    settings = rkd.Settings()
    inputs = make_inputs(rkd.FEATURE, settings)
    turn = torch.linalg.qr(torch.randn(48, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(3))).Q
    turned = replace(inputs, teacher=[3 * values @ turn for values in inputs.teacher])
    assert rkd.compute(turned, settings).item() == pytest.approx(rkd.compute(inputs, settings).item(), rel=1e-10)


def test_two_weights_of_0_are_refused() -> None:
    with pytest.raises(ValueError, match="both weights are 0"):
        rkd.plan(rkd.Settings(distance_weight=0, angle_weight=0), STUDENT, TEACHER)


def test_the_formula_names_what_is_compared() -> None:
    settings = rkd.Settings(angle_weight=0.5, layers="uniform")
    assert rkd.FEATURE.formula(settings) == "[1·distances + 0.5·angles] of [CLS] (uniform)"
