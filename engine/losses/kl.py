"""Vanilla knowledge distillation: KL divergence between tempered distributions (Hinton et al. 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.losses.distributions import divergence, log_probabilities
from engine.losses.temperature import temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["kl"] = "kl"
    temperature: float = temperature_field(2.0)


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """T² · KL(p ‖ f), p and f the teacher's and the student's softmax at T; mean over examples."""
    log_p = log_probabilities(inputs.teacher_logits, settings.temperature)
    log_f = log_probabilities(inputs.student_logits, settings.temperature)
    return settings.temperature**2 * divergence(log_p, log_f)


def formula(settings: Settings) -> str:
    return (
        "KL(p‖f)" if settings.temperature == 1 else f"{settings.temperature**2:.2f}·KL(p‖f; T={settings.temperature:g})"
    )


LOSS = Loss(
    name="kl",
    title="Vanilla KD",
    summary="The student matches the teacher's softened probabilities.",
    source="Hinton, Vinyals, Dean 2015, “Distilling the Knowledge in a Neural Network”, §2",
    settings=Settings,
    formula=formula,
    compute=compute,
    order=10,
)
