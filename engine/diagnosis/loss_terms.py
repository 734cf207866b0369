"""How large each term of the loss is at step 0, and its gradient over the student's parameters, on one real batch.

Knows models, losses and tensors; no file and no task.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.diagnosis.finding import Finding
from engine.losses.influence import gradient_shares
from engine.losses.objective import Objective
from engine.training.lesson import FeatureLesson, reference_of
from engine.types import FeatureSettings

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

TOO_DIFFERENT = 100.0  # a gradient this many times the others' drowns them
NO_INFLUENCE = 1e-5  # what rounding leaves of an influence that is 0


@dataclass(frozen=True)
class TermSize:
    """``value`` is the term as defined, ``weight`` what it is multiplied by at its largest, ``gradient`` the norm of the
    weighted term's gradient over all of the student's parameters."""

    value: float
    weight: float
    gradient: float


@dataclass(frozen=True)
class StepZero:
    """All terms by name; ``influence`` is what the teacher changes in the gradient of the logits (engine/losses/influence.py),
    None for a loss without a teacher's term."""

    terms: dict[str, TermSize]
    influence: float | None


def measure(
    model: nn.Module,
    inputs: Mapping[str, Tensor],
    teacher_inputs: Mapping[str, Tensor],
    targets: Tensor,
    teacher_logits: Tensor | None,
    objective: Objective,
    lesson: FeatureLesson | None,
    precision: torch.dtype | None,
) -> StepZero:
    """The sizes for one batch, dropout on as in training; all tensors on the model's device. No weight is changed."""
    import torch

    device = targets.device
    half = torch.autocast(device.type, dtype=precision or torch.bfloat16, enabled=precision is not None)
    model.train()
    with half, lesson.student_tap.listening() if lesson else nullcontext():
        logits = model(**inputs).logits
    terms = objective.terms(logits, teacher_logits, targets)
    reference = reference_of(terms)
    if lesson:
        terms |= lesson.terms(inputs, teacher_inputs, 0.0, terms)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = {}
    for name, term in terms.items():
        settings = lesson.terms_by_name[name].settings if lesson and name in lesson.terms_by_name else None
        weight = _largest_weight(term.weight, term.raw, settings, reference)
        found[name] = TermSize(float(term.raw.detach()), weight, weight * _gradient_norm(term.raw, parameters))
    influence = None
    if teacher_logits is not None and "teacher" in terms:
        influence = gradient_shares(objective, logits, teacher_logits, targets)["influence"]
    return StepZero(found, influence)


def terms_findings(found: StepZero, trained: bool, features: Sequence[tuple[str, FeatureSettings]]) -> list[Finding]:
    """``trained``: the teacher is the one that will teach; before its fine-tuning its logits mean little and no alarm is
    raised over their size. ``features`` are the feature terms' names with their settings, in the configuration's order."""
    terms = found.terms
    whole = sum(term.gradient for term in terms.values() if math.isfinite(term.gradient))
    numbers: dict[str, Any] = {
        name: {
            "value": term.value, "weight": term.weight, "weighted": term.weight * term.value, "gradient": term.gradient,
            "share": term.gradient / whole if whole else 0.0,
        }
        for name, term in terms.items()
    }  # fmt: skip
    before = "" if trained else " (with the teacher before its fine-tuning)"
    odd = [name for name, term in terms.items() if not (math.isfinite(term.value) and math.isfinite(term.gradient))]
    if odd:
        text = f"At step 0 the term “{odd[0]}” or its gradient is not a finite number{before}."
        remedy = "Look at the teacher's outputs and at the temperature, or take the term out."
        return [Finding("stop", "loss_terms", "Loss terms", text, remedy, _key(odd[0], features), numbers)]
    findings = [
        Finding("look", "loss_terms", "Loss terms", f"{text}{before}.", remedy, _key(name, features), numbers)
        for name, text, remedy in _oddities(terms, trained, features)
    ]
    if not findings:
        told = ", ".join(
            f"{name} {terms[name].weight * terms[name].value:.3g} ({_share(entry['share'])} of the gradient)"
            for name, entry in numbers.items()
        )
        findings = [
            Finding("fine", "loss_terms", "Loss terms", f"At step 0{before}: {told}.", "", "loss.kind", numbers)
        ]
    if found.influence is not None:
        findings.append(_influence_finding(found, before))
    return findings


def _influence_finding(found: StepZero, before: str) -> Finding:
    influence, weight = found.influence or 0.0, found.terms["teacher"].weight
    numbers = {"influence": influence, "weight": weight}
    if weight == 0:
        text, remedy = (
            "loss.lambda = 1 leaves the teacher's term without weight: its logits teach nothing",
            "Lower loss.lambda.",
        )
        return Finding("look", "teacher_influence", "Influence", f"{text}.", remedy, "loss.lambda", numbers)
    if influence < NO_INFLUENCE:
        text = "The student's gradient is the same with this teacher as with one that knows nothing: its logits teach nothing"
        remedy = "Lower loss.gamma where the loss has one, or choose another loss.kind."
        return Finding("look", "teacher_influence", "Influence", f"{text}{before}.", remedy, "loss.kind", numbers)
    text = f"The teacher changes {_share(influence)} of the gradient of the student's logits{before}."
    return Finding("fine", "teacher_influence", "Influence", text, "", "loss.kind", numbers)


def _oddities(
    terms: Mapping[str, TermSize], trained: bool, features: Sequence[tuple[str, FeatureSettings]]
) -> list[tuple[str, str, str]]:
    """(name, what is odd about a term's gradient, what to do); terms that a person gave no weight are left alone."""
    counted = {name: term for name, term in terms.items() if term.weight != 0}
    silent = [name for name, term in counted.items() if term.gradient == 0]
    found = [
        (
            name,
            f"The term “{name}” gives the student no gradient at step 0",
            "Take it out, or choose other layers for it.",
        )
        for name in silent
    ]
    sizes = {
        name: term.gradient
        for name, term in counted.items()
        if name not in silent and (trained or name != "teacher")  # before its fine-tuning its logits mean little
    }
    if len(sizes) < 2:
        return found
    largest, next_one = sorted(sizes, key=lambda name: -sizes[name])[:2]
    ratio = sizes[largest] / sizes[next_one]
    if ratio > TOO_DIFFERENT:
        text = f"The gradient of “{largest}” is {ratio:,.0f} times that of any other term at step 0: they hardly count"
        return [*found, (largest, text, _weight_remedy(largest, 1 / ratio, features))]
    for name, size in sizes.items():
        ratio = sizes[largest] / size
        if ratio > TOO_DIFFERENT:
            text = f"The gradient of “{name}” is 1/{ratio:,.0f} of the largest at step 0: it hardly counts"
            found.append((name, text, _weight_remedy(name, ratio, features)))
    return found


def _weight_remedy(name: str, factor: float, features: Sequence[tuple[str, FeatureSettings]]) -> str:
    """``factor`` is what the term's gradient lacks, or is too large by; it is put on the weight as a person wrote it."""
    settings = dict(features).get(name)
    if settings is None:  # the labels, the teacher
        return "Change loss.lambda or the temperature, or the weight of the other terms."
    remedy = f"{_key(name, features)} = {float(f'{settings.weight * factor:.1g}'):g} would bring it beside the others"
    if settings.dynamic:
        return f"{remedy}: its dynamic = true makes the values alike, not the gradients."
    return f"{remedy}; or set its dynamic = true."


def _largest_weight(weight: float | Tensor, raw: Tensor, settings: FeatureSettings | None, reference: Tensor) -> float:
    """The weight now; where it rises from 0, that at the end of the rise."""
    now = float(weight)
    if now or settings is None or settings.schedule != "rise":
        return now
    if settings.dynamic:  # α at step 0
        return settings.weight * float(reference.detach().abs() / raw.detach().abs().clamp_min(1e-12))
    return settings.weight


def _gradient_norm(value: Tensor, parameters: Sequence[nn.Parameter]) -> float:
    import torch

    if not value.requires_grad:
        return 0.0
    found = torch.autograd.grad(value, parameters, retain_graph=True, allow_unused=True)
    norms = [gradient.float().norm() for gradient in found if gradient is not None]
    return float(torch.stack(norms).norm()) if norms else 0.0


def _key(name: str, features: Sequence[tuple[str, FeatureSettings]]) -> str:
    for number, (term, _) in enumerate(features, 1):
        if term == name:
            return f"features.{number}.weight"
    return "loss.lambda"


def _share(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else "under 1 %"
