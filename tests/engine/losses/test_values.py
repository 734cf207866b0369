"""Each loss against its reference, and the properties its definition promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.losses import dist, dkd, js, kl, mse_logits, reverse_kl, skew_kl, taylor, taylor_sel, tvd
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


def test_label_loss_of_many_labels_is_binary_cross_entropy_summed_over_them(inputs: LossInputs) -> None:
    z = inputs.student_logits.numpy()
    yes = np.random.default_rng(4).integers(0, 2, z.shape).astype(float)
    f = 1 / (1 + np.exp(-z))
    expected = np.mean(
        [
            -sum(t * np.log(p) + (1 - t) * np.log(1 - p) for t, p in zip(*row, strict=True))
            for row in zip(yes, f, strict=True)
        ]
    )
    found = label_loss(inputs.student_logits, torch.from_numpy(yes), "multi_label")
    assert found.item() == pytest.approx(expected, rel=1e-11)
    far = torch.tensor([[1e4, -1e4]], dtype=torch.bfloat16, requires_grad=True)
    lost = label_loss(far, torch.tensor([[0.0, 1.0]]), "multi_label")
    lost.backward()
    assert lost.dtype == torch.float32 and torch.isfinite(lost) and torch.isfinite(far.grad).all()


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


@pytest.mark.parametrize("T", TEMPERATURES)
def test_reverse_kl_and_tvd_are_their_formulas(inputs: LossInputs, T: float) -> None:
    found = reverse_kl.compute(inputs, reverse_kl.Settings(temperature=T)).item()
    assert found == pytest.approx(references.reverse_kl(*arrays(inputs), T), rel=1e-11)
    found = tvd.compute(inputs, tvd.Settings(temperature=T)).item()
    assert found == pytest.approx(references.tvd(*arrays(inputs), T), rel=1e-11)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_js_and_skew_kl_are_their_formulas(inputs: LossInputs, T: float, share: float) -> None:
    found = js.compute(inputs, js.Settings(temperature=T, beta=share)).item()
    assert found == pytest.approx(references.js(*arrays(inputs), T, share), rel=1e-9)
    found = skew_kl.compute(inputs, skew_kl.Settings(temperature=T, skew=share)).item()
    assert found == pytest.approx(references.skew_kl(*arrays(inputs), T, share), rel=1e-10)


def test_js_slider_has_no_cliffs(inputs: LossInputs) -> None:
    """β → 0 tends to KL and β → 1 to reverse KL, in float32 as well; the ends are their limits."""
    small = LossInputs(inputs.student_logits.float(), inputs.teacher_logits.float(), inputs.target.float())
    ends = {0.0: kl.compute(inputs, kl.Settings(temperature=2)), 1.0: reverse_kl.compute(inputs, reverse_kl.Settings())}
    for end, limit in ends.items():
        for beta in (end, abs(end - 1e-16), abs(end - 1e-12), abs(end - 1e-6), abs(end - 1e-4)):
            found = js.compute(small, js.Settings(temperature=2, beta=beta))
            assert found.dtype == torch.float32
            assert found.item() == pytest.approx(limit.item(), rel=2e-2 if abs(beta - end) > 1e-5 else 1e-3)


def test_skew_kl_without_skew_is_vanilla_kd(inputs: LossInputs) -> None:
    assert torch.equal(
        skew_kl.compute(inputs, skew_kl.Settings(skew=0.0)), kl.compute(inputs, kl.Settings(temperature=2.0))
    )


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("outputs", [2, 5])
def test_dkd_is_its_formula(T: float, outputs: int) -> None:
    inputs = make_inputs(outputs=outputs)
    found = dkd.compute(inputs, dkd.Settings(temperature=T, target_weight=0.7, others_weight=3)).item()
    assert found == pytest.approx(references.dkd(*arrays(inputs), T, 0.7, 3), rel=1e-10)


def test_dkd_with_the_teachers_own_weights_is_vanilla_kd() -> None:
    """KL = TCKD + (1 − p_y)·NCKD (Zhao et al. 2022, Eq. 5): checked row by row."""
    inputs = make_inputs()
    for row in range(3):
        one = LossInputs(*(getattr(inputs, n)[row : row + 1] for n in ("student_logits", "teacher_logits", "target")))
        p = one.teacher_logits.softmax(-1)[0, one.target.argmax()].item()
        found = dkd.compute(one, dkd.Settings(temperature=1, target_weight=1, others_weight=1 - p)).item()
        assert found == pytest.approx(kl.compute(one, kl.Settings(temperature=1)).item(), rel=1e-10)


@pytest.mark.parametrize("T", TEMPERATURES)
def test_dist_is_its_formula(T: float) -> None:
    inputs = make_inputs()
    found = dist.compute(inputs, dist.Settings(temperature=T, inter=0.7, intra=2)).item()
    assert found == pytest.approx(references.dist(*arrays(inputs), T, 0.7, 2), rel=1e-7)


@pytest.mark.parametrize("gamma", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("epsilon", [0.05, 0.5])
def test_taylor_sel_is_its_formula(inputs: LossInputs, gamma: float, epsilon: float) -> None:
    found = taylor_sel.compute(inputs, taylor_sel.Settings(gamma=gamma, smoothing=epsilon)).item()
    assert found == pytest.approx(references.taylor_sel(*arrays(inputs), gamma, epsilon), rel=1e-11)


def test_in_taylor_sel_the_teacher_matters_at_gamma_1() -> None:
    """Unlike taylor at T = 1: another teacher gives another gradient."""
    gradients = []
    for seed in (0, 1):
        inputs = make_inputs()
        teacher = make_inputs(seed=seed + 7).teacher_logits
        student = inputs.student_logits.clone().requires_grad_()
        taylor_sel.compute(LossInputs(student, teacher, inputs.target), taylor_sel.Settings()).backward()
        gradients.append(student.grad)
    assert (gradients[0] - gradients[1]).abs().max() > 0.01


def test_standardised_logits_are_z_scores_in_every_loss() -> None:
    """With the option a loss sees z-scores: scaling or shifting all logits of a row changes nothing."""
    from engine import catalog
    from engine.losses.objective import Objective, formula

    inputs = make_inputs()
    for loss in catalog.losses().values():
        if loss.compute is None:
            continue
        plain, scored = (loss.settings(kind=loss.name, standardise=choice) for choice in (False, True))
        terms = [
            Objective(loss, settings).terms(scale * inputs.student_logits + shift, inputs.teacher_logits, inputs.target)
            for settings in (plain, scored)
            for scale, shift in ((1, 0), (3, 5))
        ]
        found = [term["teacher"].weighted.item() for term in terms]
        assert found[0] != pytest.approx(found[1], rel=1e-3), loss.name
        assert found[2] == pytest.approx(found[3], rel=1e-5), loss.name
        assert "z-scored" in formula(loss, scored) and "z-scored" not in formula(loss, plain)
    z = inputs.student_logits.numpy()
    expected = (z - z.mean(1, keepdims=True)) / z.std(1, ddof=1, keepdims=True)
    from engine.losses.distributions import standardised

    np.testing.assert_allclose(standardised(inputs.student_logits).numpy(), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "js", "skew_kl", "dkd", "dist"])
def test_t_squared_keeps_gradients_of_every_tempered_loss_at_their_size(name: str) -> None:
    from engine import catalog

    loss = catalog.losses()[name]
    inputs = make_inputs(rows=256, scale=0.5)
    sizes = []
    for T in (1.0, 2.0, 4.0, 8.0):
        student = inputs.student_logits.clone().requires_grad_()
        settings = loss.settings(kind=name, temperature=T)
        loss.compute(LossInputs(student, inputs.teacher_logits, inputs.target), settings).backward()
        sizes.append(student.grad.norm().item())
    if name == "dist":  # a correlation does not shrink with T: its T² is the authors', and makes it grow
        assert sizes == sorted(sizes)
    else:
        assert max(sizes) / min(sizes) < 1.5, sizes
