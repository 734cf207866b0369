"""Sizes of terms and gradients at step 0 against gradients computed by hand; planted imbalances are told."""

from __future__ import annotations

import math

import pytest
import torch

from engine import catalog
from engine.config import parse_config
from engine.diagnosis.loss_terms import StepZero, TermSize, measure, terms_findings
from engine.losses.objective import Objective
from engine.training.lesson import named_terms
from tests.engine.diagnosis.conftest import Toml


class Linear(torch.nn.Module):
    """Logits that are its only weights' product with the inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(3, 2, generator=torch.Generator().manual_seed(0)))

    def forward(self, x: torch.Tensor) -> object:
        class Output:
            logits = x @ self.weight

        return Output


def step_zero(kind: str, **settings: float) -> tuple[StepZero, dict[str, torch.Tensor]]:
    loss = catalog.losses()[kind]
    objective = Objective(loss, loss.settings(kind=kind, **settings), "classification")
    generator = torch.Generator().manual_seed(1)
    x, teacher = torch.randn(16, 3, generator=generator), 3 * torch.randn(16, 2, generator=generator)
    target = torch.nn.functional.one_hot(torch.arange(16) % 2, 2).float()
    model = Linear()
    found = measure(model, {"x": x}, {"x": x}, target, teacher, objective, None, None)
    terms = objective.terms(model(x).logits, teacher, target)  # type: ignore[attr-defined]
    by_hand = {
        name: torch.autograd.grad(term.weighted, model.weight, retain_graph=True)[0].norm()
        for name, term in terms.items()
    }
    return found, by_hand


def test_gradients_are_those_by_hand() -> None:
    found, by_hand = step_zero("kl", label_weight=0.3)
    for name, norm in by_hand.items():
        assert found.terms[name].gradient == pytest.approx(norm.item(), rel=1e-5)
    assert found.terms["labels"].weight == 0.3 and found.influence is not None and found.influence > 0.1
    (told, influence) = terms_findings(found, True, [])
    assert told.level == influence.level == "fine"
    assert sum(entry["share"] for entry in told.numbers.values()) == pytest.approx(1)


def test_the_taylor_loss_without_a_teacher_is_told() -> None:
    found, _ = step_zero("taylor", temperature=1.0, gamma=1.0)
    influence = terms_findings(found, True, [])[-1]
    assert influence.check == "teacher_influence" and influence.level == "look" and "teach nothing" in influence.text
    half, _ = step_zero("taylor", temperature=1.0, gamma=0.5)
    assert terms_findings(half, True, [])[-1].level == "fine"


def test_a_teacher_without_weight_is_told() -> None:
    found, _ = step_zero("kl", label_weight=1.0)
    findings = terms_findings(found, True, [])
    assert [one.level for one in findings] == ["fine", "look"] and findings[1].key == "loss.lambda"


def sizes(**gradients: float) -> StepZero:
    return StepZero({name: TermSize(1.0, 0.5, gradient) for name, gradient in gradients.items()}, None)


def features(text: str) -> list:
    return [(name, settings) for name, _, settings in named_terms(parse_config(text).features)]


TWO = '\n[[features]]\nkind = "hidden"\n[[features]]\nkind = "hidden"\nweight = 0.5\n'


def test_a_term_that_drowns_the_others_is_named_with_the_weight_that_would_not(healthy: Toml) -> None:
    chosen = features(healthy() + TWO)
    (found,) = terms_findings(sizes(labels=1.0, teacher=2.0, hidden=1.0, **{"hidden-2": 500.0}), True, chosen)
    assert found.level == "look" and found.key == "features.2.weight"
    assert "250 times" in found.text and "features.2.weight = 0.002" in found.remedy
    (found,) = terms_findings(sizes(labels=1.0, teacher=2.0, hidden=0.001, **{"hidden-2": 1.0}), True, chosen)
    assert found.key == "features.1.weight" and "1/2,000" in found.text
    (found,) = terms_findings(sizes(labels=1.0, teacher=2.0, hidden=0.0, **{"hidden-2": 1.0}), True, chosen)
    assert found.level == "look" and "no gradient" in found.text


def test_two_terms_alone_are_compared_too() -> None:
    (found,) = terms_findings(sizes(labels=1.0, teacher=0.004), True, [])
    assert found.level == "look" and "“labels” is 250 times" in found.text and "loss.lambda" in found.remedy


@pytest.mark.parametrize("ratio", [0.02, 0.5, 1.0, 50.0])
def test_what_is_of_a_size_is_left_alone(ratio: float) -> None:
    (found,) = terms_findings(sizes(labels=1.0, teacher=ratio), True, [])
    assert found.level == "fine"


def test_before_its_fine_tuning_a_teachers_size_means_little() -> None:
    assert terms_findings(sizes(labels=1.0, teacher=1e-4), True, [])[0].level == "look"
    (found,) = terms_findings(sizes(labels=1.0, teacher=1e-4), False, [])
    assert found.level == "fine" and "before its fine-tuning" in found.text


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_stops(wrong: float) -> None:
    (found,) = terms_findings(sizes(labels=1.0, teacher=wrong), True, [])
    assert found.level == "stop" and "“teacher”" in found.text


def test_the_remedy_of_a_dynamic_term_is_in_the_weight_a_person_writes(healthy: Toml) -> None:
    """What multiplies the term is weight × α; α is not in the file, and dynamic = true is there already."""
    chosen = features(healthy() + TWO + "dynamic = true\n")
    found = StepZero(
        {"labels": TermSize(1.0, 1.0, 1.0), "hidden-2": TermSize(1.0, 0.004, 1e-3), "hidden": TermSize(1.0, 1.0, 1.0)},
        None,
    )
    (told,) = terms_findings(found, True, chosen)
    assert "features.2.weight = 500 " in told.remedy and "or set its dynamic" not in told.remedy
    (plain,) = terms_findings(found, True, features(healthy() + TWO))
    assert plain.remedy.endswith("or set its dynamic = true.")
