"""One contract over every loss the catalogue finds."""

from __future__ import annotations

import pytest
import torch

from engine import catalog
from engine.losses.influence import gradient_shares
from engine.losses.objective import Objective, formula
from engine.losses.term import total
from engine.types import Loss, LossInputs, WeightedLossSettings

from .conftest import make_inputs

RESPONSE = [loss for loss in catalog.losses().values() if loss.compute is not None]
each_loss = pytest.mark.parametrize("loss", RESPONSE, ids=lambda loss: loss.name)


@pytest.fixture(autouse=True)
def only_where_it_is_defined(request: pytest.FixtureRequest) -> None:
    """One output is a regression: a loss of classes is not asked about it (the configuration refuses it)."""
    wanted = request.fixturenames
    if {"loss", "inputs"} <= set(wanted):
        loss, inputs = request.getfixturevalue("loss"), request.getfixturevalue("inputs")
        if inputs.target.shape[1] == 1 and "regression" not in loss.kinds:
            pytest.skip(f"{loss.name} is defined for {', '.join(loss.kinds)}")


def value(loss: Loss, inputs: LossInputs) -> torch.Tensor:
    assert loss.compute is not None
    return loss.compute(inputs, loss.settings(kind=loss.name))


@each_loss
def test_zero_at_equality_where_the_definition_says_so(loss: Loss, inputs: LossInputs) -> None:
    same = LossInputs(inputs.student_logits, inputs.student_logits, inputs.target)
    found = abs(value(loss, same).item())
    assert (found < 1e-12) == loss.zero_at_equality


@each_loss
def test_gradient_reaches_the_student_and_never_the_teacher(loss: Loss, inputs: LossInputs) -> None:
    student, teacher = (logits.clone().requires_grad_() for logits in (inputs.student_logits, inputs.teacher_logits))
    terms = Objective(loss, loss.settings(kind=loss.name)).terms(student, teacher, inputs.target)
    terms["teacher"].weighted.backward()
    assert student.grad is not None and student.grad.abs().sum() > 0
    assert teacher.grad is None


@each_loss
def test_value_does_not_depend_on_how_a_batch_is_split(loss: Loss, inputs: LossInputs) -> None:
    parts = [
        value(loss, LossInputs(inputs.student_logits[s], inputs.teacher_logits[s], inputs.target[s])) * count
        for s, count in ((slice(0, 3), 3), (slice(3, 16), 13))
    ]
    same = (sum(parts) / 16).item() == pytest.approx(value(loss, inputs).item(), rel=1e-12)
    assert same == loss.splits_alike


@each_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_extreme_logits_stay_finite(loss: Loss, dtype: torch.dtype) -> None:
    student = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype=dtype, requires_grad=True)
    teacher = torch.tensor([[-1e4, 1e4, 0.0], [0.0, 0.0, 0.0]], dtype=dtype)
    found = value(loss, LossInputs(student, teacher, torch.eye(3)[[0, 2]].to(dtype)))
    found.backward()
    assert torch.isfinite(found) and torch.isfinite(student.grad).all()


@each_loss
def test_one_class_and_one_example_stay_finite(loss: Loss) -> None:
    assert torch.isfinite(value(loss, make_inputs(rows=1, outputs=3)))
    if "regression" in loss.kinds:
        assert torch.isfinite(value(loss, make_inputs(rows=1, outputs=1)))


@each_loss
def test_half_precision_is_widened_and_never_negative_where_zero_is_least(loss: Loss) -> None:
    inputs = make_inputs(scale=0.01)
    half = LossInputs(*(getattr(inputs, name).bfloat16() for name in ("student_logits", "teacher_logits", "target")))
    found = value(loss, half)
    assert found.dtype == torch.float32
    assert not loss.zero_at_equality or found.item() >= 0


@each_loss
def test_stays_on_its_device_and_never_waits_for_it(loss: Loss, inputs: LossInputs) -> None:
    """On the meta device a tensor of another device and any look at a value are errors: a GPU would be waited for there."""
    moved = [getattr(inputs, name).to("meta") for name in ("student_logits", "teacher_logits", "target")]
    moved[0].requires_grad_()
    terms = Objective(loss, loss.settings(kind=loss.name)).terms(*moved)
    total(terms).backward()
    assert moved[0].grad is not None and moved[0].grad.device.type == "meta"


@pytest.mark.parametrize("loss", catalog.losses().values(), ids=lambda loss: loss.name)
def test_terms_add_up_to_the_papers_total(loss: Loss, inputs: LossInputs) -> None:
    settings = loss.settings(kind=loss.name)
    objective = Objective(loss, settings)
    terms = objective.terms(inputs.student_logits, inputs.teacher_logits, inputs.target)
    assert set(terms) == ({"labels", "teacher"} if loss.needs_teacher else {"labels"})
    if loss.compute is not None:
        weight = settings.label_weight
        assert terms["teacher"].weighted.item() == pytest.approx(
            (1 - weight) * loss.compute(inputs, settings).item(), rel=1e-12
        )
    else:
        assert objective.label_weight == 1.0


@each_loss
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_no_term_is_dropped_at_the_ends_of_lambda(loss: Loss, weight: float, inputs: LossInputs) -> None:
    """A zero weight silences one term and leaves the other whole (T² included)."""
    settings = loss.settings.model_validate({"kind": loss.name, "lambda": weight})
    terms = Objective(loss, settings).terms(inputs.student_logits, inputs.teacher_logits, inputs.target)
    silent, loud = ("labels", "teacher") if weight == 0 else ("teacher", "labels")
    assert terms[silent].weighted.item() == 0
    expected = value(loss, inputs).item() if weight == 0 else None
    if expected is not None:
        assert terms[loud].weighted.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("loss", catalog.losses().values(), ids=lambda loss: loss.name)
def test_declares_itself(loss: Loss) -> None:
    assert loss.title and loss.summary.endswith(".")
    assert loss.source or not loss.needs_teacher
    assert formula(loss, loss.settings(kind=loss.name))
    for name, info in loss.settings.model_fields.items():
        assert name == "kind" or (info.title and info.description), name
    assert issubclass(loss.settings, WeightedLossSettings) == loss.needs_teacher


def test_formula_is_in_plain_numbers() -> None:
    losses = catalog.losses()
    kl = losses["kl"].settings.model_validate({"kind": "kl", "lambda": 0.3, "temperature": 2})
    assert formula(losses["kl"], kl) == "0.30·CE(y) + 0.70·4.00·KL(p‖f; T=2)"
    taylor = losses["taylor"].settings(kind="taylor")
    assert formula(losses["taylor"], taylor) == "0.50·CE(y) + 0.50·[KL(p‖f) + 1.00·⟨y−p, −log f⟩]"
    assert formula(losses["none"], losses["none"].settings(kind="none")) == "CE(y)"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "At T = 1 and γ = 1"),
        ({"gamma": 0.99}, ""),
        ({"temperature": 1.01}, "At γ = 1 the teacher"),
        ({"temperature": 2, "gamma": 0.5}, ""),
        ({"standardise": True}, "At γ = 1 the teacher"),
        ({"lambda": 0.9}, "for every λ"),
    ],
)
def test_the_taylor_notice_appears_exactly_when_it_is_true(settings: dict[str, float], said: str) -> None:
    """What is said is checked against the gradient itself: deaf to the teacher, and at T = 1 to λ as well."""
    taylor = catalog.losses()["taylor"]
    chosen = taylor.settings.model_validate({"kind": "taylor", **settings})
    notice = taylor.notice(chosen)
    assert said in notice and bool(said) == bool(notice)
    inputs = make_inputs()
    found = gradient_shares(Objective(taylor, chosen), inputs.student_logits, inputs.teacher_logits, inputs.target)
    assert (found["influence"] < 1e-5) == bool(notice)
