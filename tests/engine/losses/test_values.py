"""Each loss against its reference, and the properties its definition promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.losses import kl, mse_logits, taylor
from engine.losses.objective import label_loss
from engine.types import LossInputs

from . import references
from .conftest import make_inputs

TEMPERATURES = [0.5, 1.0, 2.0, 8.0]


def arrays(inputs: LossInputs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return inputs.student_logits.numpy(), inputs.teacher_logits.numpy(), inputs.target.numpy()


@pytest.mark.parametrize("T", TEMPERATURES)
def test_kl_is_its_formula(inputs: LossInputs, T: float) -> None:
    found = kl.compute(inputs, kl.Settings(temperature=T)).item()
    assert found == pytest.approx(references.kl(*arrays(inputs), T), rel=1e-11)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
def test_taylor_is_its_formula(inputs: LossInputs, T: float, gamma: float) -> None:
    found = taylor.compute(inputs, taylor.Settings(temperature=T, gamma=gamma)).item()
    assert found == pytest.approx(references.taylor(*arrays(inputs), T, gamma), rel=1e-11, abs=1e-12)


def test_mse_logits_is_its_formula(inputs: LossInputs) -> None:
    z_s, z_t, _ = arrays(inputs)
    assert mse_logits.compute(inputs, mse_logits.Settings()).item() == pytest.approx(
        references.mse_logits(z_s, z_t), rel=1e-12
    )


def test_label_loss_is_cross_entropy_or_its_binary_form(inputs: LossInputs) -> None:
    z_s, _, y = arrays(inputs)
    assert label_loss(inputs.student_logits, inputs.target).item() == pytest.approx(
        references.cross_entropy(y, z_s), rel=1e-12
    )


@pytest.mark.parametrize("T", TEMPERATURES)
def test_taylor_without_correction_is_vanilla_kd(inputs: LossInputs, T: float) -> None:
    plain = kl.compute(inputs, kl.Settings(temperature=T))
    assert torch.equal(taylor.compute(inputs, taylor.Settings(temperature=T, gamma=0.0)), plain)


def test_taylor_identity_value_and_gradient(inputs: LossInputs) -> None:
    """At T = 1, γ = 1: KL(p‖f) + ⟨y − p, −log f⟩ = Σ p log p − ⟨y, log f⟩, and the gradient is (f − y) / rows."""
    student = inputs.student_logits.clone().requires_grad_()
    loss = taylor.compute(LossInputs(student, inputs.teacher_logits, inputs.target), taylor.Settings())
    loss.backward()
    z_s, z_t, y = arrays(inputs)
    wide_t, wide_y = references.as_classes(z_t, y)
    p = references.softmax(wide_t)
    expected = np.mean(np.sum(p * np.log(p), axis=1)) + references.cross_entropy(y, z_s)
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    f = references.softmax(references.as_classes(z_s, y)[0])
    gradient = ((f - wide_y) / len(z_s))[:, : z_s.shape[1]]
    np.testing.assert_allclose(student.grad.numpy(), gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("T", [2.0, 4.0])
def test_taylor_gradient_away_from_t_1_is_label_tempered(T: float) -> None:
    """∂/∂z of the corrected term is T (f_T − y) per example (design of the loss, T ≠ 1)."""
    inputs = make_inputs()
    student = inputs.student_logits.clone().requires_grad_()
    taylor.compute(LossInputs(student, inputs.teacher_logits, inputs.target), taylor.Settings(temperature=T)).backward()
    z_s, _, y = arrays(inputs)
    np.testing.assert_allclose(
        student.grad.numpy(), T * (references.softmax(z_s / T) - y) / len(y), rtol=1e-10, atol=1e-14
    )


@pytest.mark.parametrize("gamma", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_taylor_at_t_1_is_one_cross_entropy_against_the_effective_target(gamma: float, weight: float) -> None:
    """Gradient of λ·CE + (1 − λ)·Taylor = f − q with q = λ y + (1 − λ)((1 − γ) p + γ y)."""
    inputs = make_inputs(seed=3)
    student = inputs.student_logits.clone().requires_grad_()
    total = weight * label_loss(student, inputs.target) + (1 - weight) * taylor.compute(
        LossInputs(student, inputs.teacher_logits, inputs.target), taylor.Settings(gamma=gamma)
    )
    total.backward()
    z_s, z_t, y = arrays(inputs)
    q = weight * y + (1 - weight) * ((1 - gamma) * references.softmax(z_t) + gamma * y)
    np.testing.assert_allclose(student.grad.numpy(), (references.softmax(z_s) - q) / len(y), rtol=1e-10, atol=1e-15)


def test_temperature_squared_keeps_gradients_at_their_size() -> None:
    inputs = make_inputs(rows=256, scale=0.5)
    sizes = []
    for T in (1.0, 2.0, 4.0, 8.0):
        student = inputs.student_logits.clone().requires_grad_()
        kl.compute(LossInputs(student, inputs.teacher_logits, inputs.target), kl.Settings(temperature=T)).backward()
        sizes.append(student.grad.norm().item())
    assert max(sizes) / min(sizes) < 1.3, sizes


def test_kl_at_high_temperature_tends_to_centred_squared_logits() -> None:
    """Hinton §2.1: T²·KL → (1 / 2K) Σ (z̃_s − z̃_t)² with centred logits."""
    inputs = make_inputs()
    centred_s = inputs.student_logits - inputs.student_logits.mean(1, keepdim=True)
    centred_t = inputs.teacher_logits - inputs.teacher_logits.mean(1, keepdim=True)
    expected = 0.5 * mse_logits.compute(LossInputs(centred_s, centred_t, inputs.target), mse_logits.Settings())
    found = 1e4**2 * kl.compute(
        LossInputs(inputs.student_logits / 1e4, inputs.teacher_logits / 1e4, inputs.target),
        kl.Settings(temperature=1.0),
    )
    assert found.item() == pytest.approx(expected.item(), rel=1e-3)
