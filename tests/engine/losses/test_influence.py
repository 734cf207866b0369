"""Shares of the gradient: they add up, follow λ, and show the Taylor identity as it is."""

from __future__ import annotations

import pytest
import torch

from engine import catalog
from engine.losses.influence import gradient_shares, parameter_shares
from engine.losses.objective import Objective
from engine.losses.term import Term

from .conftest import make_inputs


def shares(kind: str, outputs: int = 5, **settings: float) -> dict[str, float]:
    loss = catalog.losses()[kind]
    chosen = loss.settings.model_validate({"kind": kind, **settings})
    inputs = make_inputs(rows=32, outputs=outputs)
    return gradient_shares(Objective(loss, chosen), inputs.student_logits, inputs.teacher_logits, inputs.target)


@pytest.mark.parametrize("outputs", [5, 2, 1])
@pytest.mark.parametrize("weight", [0.0, 0.3, 0.9])
def test_taylor_at_t_1_and_gamma_1_is_deaf_to_the_teacher(outputs: int, weight: float) -> None:
    found = shares("taylor", outputs, **{"lambda": weight})
    assert found["influence"] < 1e-5
    assert shares("taylor", outputs, gamma=0.5, **{"lambda": weight})["influence"] > 0.005
    assert shares("taylor_sel", outputs, **{"lambda": weight})["influence"] > 0.005


def test_taylor_away_from_t_1_is_deaf_as_well_but_no_longer_indifferent_to_lambda() -> None:
    """At γ = 1 the corrected term's gradient is T (f_T − y) for every T: label-tempered cross-entropy."""
    assert shares("taylor", temperature=4)["influence"] < 1e-5


@pytest.mark.parametrize(
    "kind", ["kl", "reverse_kl", "js", "skew_kl", "tvd", "dkd", "dist", "mse_logits", "taylor_sel"]
)
def test_every_other_loss_hears_the_teacher(kind: str) -> None:
    assert 0.01 < shares(kind)["influence"] <= 1


def test_shares_add_up_and_follow_lambda() -> None:
    heard = [shares("kl", **{"lambda": weight}) for weight in (0.0, 0.2, 0.5, 1.0)]
    assert all(found["labels"] + found["teacher"] == pytest.approx(1) for found in heard)
    assert [found["teacher"] for found in heard] == sorted((found["teacher"] for found in heard), reverse=True)
    assert heard[0]["labels"] == 0 and heard[-1]["teacher"] == 0 and heard[-1]["influence"] == 0


def test_against_finite_differences() -> None:
    """The share from numerical gradients of the terms, without autograd."""
    loss = catalog.losses()["kl"]
    objective = Objective(loss, loss.settings(kind="kl"))
    inputs = make_inputs(rows=3, outputs=3)
    norms = {}
    for name in ("labels", "teacher"):
        gradient = torch.zeros_like(inputs.student_logits)
        for place in torch.cartesian_prod(torch.arange(3), torch.arange(3)):
            nudge = torch.zeros_like(gradient)
            nudge[tuple(place)] = 1e-6
            up, down = (
                objective.terms(inputs.student_logits + sign * nudge, inputs.teacher_logits, inputs.target)[
                    name
                ].weighted
                for sign in (1, -1)
            )
            gradient[tuple(place)] = (up - down) / 2e-6
        norms[name] = gradient.norm().item()
    found = gradient_shares(objective, inputs.student_logits, inputs.teacher_logits, inputs.target)
    assert found["teacher"] == pytest.approx(norms["teacher"] / sum(norms.values()), rel=1e-4)


def test_nothing_of_the_step_is_touched() -> None:
    inputs = make_inputs()
    student = inputs.student_logits.clone().requires_grad_()
    loss = catalog.losses()["kl"]
    gradient_shares(Objective(loss, loss.settings(kind="kl")), student, inputs.teacher_logits, inputs.target)
    assert student.grad is None


def test_parameter_shares_are_of_the_terms_as_they_enter_the_total() -> None:
    """Over all parameters together, weights counted; a term without a gradient has none, one of a part of them its own."""
    first, second = torch.nn.Parameter(torch.tensor([3.0, 4.0])), torch.nn.Parameter(torch.tensor(2.0))
    raw = (first.square().sum() + second.square()) / 2  # gradient (3, 4, 2)
    terms = {
        "a": Term(raw, 1.0),
        "b": Term(raw, torch.tensor(3.0)),
        "c": Term(5 * second, 2.0),
        "over": Term(torch.tensor(1.0), 1.0),
    }
    size = 29**0.5
    whole = size + 3 * size + 10
    expected = {"a": size / whole, "b": 3 * size / whole, "c": 10 / whole, "over": 0.0}
    assert parameter_shares(terms, [first, second]) == pytest.approx(expected, rel=1e-6)
