"""CKA against its definition by Gram matrices and HSIC, and what it is blind to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.losses.features import cka
from engine.types import Body, FeatureInputs

from .conftest import STUDENT, make_inputs

NARROW = Body(layers=2, hidden=12, heads=3)
LENGTHS = (9, 3, 12, 1, 7, 12, 4, 8)


def hsic(K: np.ndarray, L: np.ndarray) -> float:
    """tr(K H L H) / (n − 1)², with the centring matrix H (Gretton et al. 2005)."""
    n = len(K)
    H = np.eye(n) - np.ones((n, n)) / n
    return float(np.trace(K @ H @ L @ H)) / (n - 1) ** 2


def similarity(x: np.ndarray, y: np.ndarray) -> float:
    """CKA with linear kernels: an n × n matrix each, unlike the product."""
    K, L = x @ x.T, y @ y.T
    return hsic(K, L) / np.sqrt(hsic(K, K) * hsic(L, L))


def examples(values: torch.Tensor, mask: torch.Tensor, tokens: str) -> np.ndarray:
    return (values[:, 0] if tokens == "cls" else values[mask]).numpy()


def reference(inputs: FeatureInputs, tokens: str) -> float:
    found = [
        1 - similarity(*(examples(values, inputs.student_mask, tokens) for values in pair))
        for pair in zip(inputs.student, inputs.teacher, strict=True)
    ]
    return float(np.mean(found))


@pytest.mark.parametrize("student", [STUDENT, NARROW])
@pytest.mark.parametrize("tokens", ["all", "cls"])
def test_it_is_its_definition(student: Body, tokens: str) -> None:
    settings = cka.Settings(tokens=tokens)
    inputs = make_inputs(cka.FEATURE, settings, student=student, lengths=LENGTHS)
    shifted = replace(inputs, student=[values + 3 for values in inputs.student])  # centring matters
    expected = reference(shifted, tokens)
    assert 0.01 < expected < 0.99
    assert cka.compute(shifted, settings).item() == pytest.approx(expected, rel=1e-9)


def test_rotation_scale_and_shift_do_not_matter() -> None:
    settings = cka.Settings()
    inputs = make_inputs(cka.FEATURE, settings, lengths=LENGTHS)
    turn = torch.linalg.qr(torch.randn(48, 48, dtype=torch.float64, generator=torch.Generator().manual_seed(3))).Q
    turned = replace(inputs, student=[0.01 * values @ turn + 5 for values in inputs.teacher])
    assert cka.compute(turned, settings).item() == pytest.approx(0, abs=1e-12)
    assert cka.compute(inputs, settings).item() > 0.1


def test_taking_the_size_out_leaves_the_gradient_as_it_is() -> None:
    """The size is divided out as a constant; the gradient is that of the definition, by finite differences."""
    settings = cka.Settings(layers="final")
    inputs = make_inputs(cka.FEATURE, settings, lengths=(4, 3))
    states = inputs.student[0].requires_grad_()
    cka.compute(inputs, settings).backward()
    flat = states.detach().clone()
    for place in [(0, 0, 0), (0, 3, 17), (1, 2, 40)]:
        sides = []
        for step in (1e-5, -1e-5):
            moved = flat.clone()
            moved[place] += step
            sides.append(reference(replace(inputs, student=[moved]), "all"))
        assert states.grad[place].item() == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_where_all_states_are_one_there_is_nothing_to_follow_or_nothing_that_follows(dtype: torch.dtype) -> None:
    settings = cka.Settings()
    for of_whom, expected in (("teacher", 0.0), ("student", 1.0)):
        inputs = make_inputs(cka.FEATURE, settings, lengths=LENGTHS, dtype=dtype)
        for values in getattr(inputs, of_whom):
            values[:] = 0.1 * torch.arange(48)  # not exact in binary: their mean is a rounding away from them
        watched = [values.requires_grad_() for values in inputs.student]
        found = cka.compute(inputs, settings)
        found.backward()
        assert found.item() == expected
        assert all(torch.isfinite(values.grad).all() for values in watched)


def test_a_pooler_without_tokens_is_compared_row_by_row() -> None:
    settings = cka.Settings(layers=(("pooler", 4),))
    inputs = make_inputs(cka.FEATURE, cka.Settings(layers="final"), lengths=LENGTHS)
    pooled = replace(inputs, student=[inputs.student[0][:, 0]])
    expected = cka.compute(inputs, cka.Settings(layers="final", tokens="cls")).item()
    assert cka.compute(pooled, settings).item() == pytest.approx(expected, rel=1e-12)


def test_the_formula_names_what_is_compared() -> None:
    assert cka.FEATURE.formula(cka.Settings()) == "(1−CKA) (all tokens; uniform)"
    assert cka.FEATURE.formula(cka.Settings(tokens="cls", layers="final")) == "(1−CKA) ([CLS]; final)"
