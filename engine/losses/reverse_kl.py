"""Reverse KL: the student is drawn to what the teacher finds likely, and away from what it does not (Gu et al. 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.losses.distributions import divergence, log_probabilities
from engine.losses.temperature import scaled, temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["reverse_kl"] = "reverse_kl"
    temperature: float = temperature_field(2.0)


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """T² · KL(f ‖ p), p and f the teacher's and the student's softmax at T; mean over examples."""
    log_p = log_probabilities(inputs.teacher_logits, settings.temperature)
    log_f = log_probabilities(inputs.student_logits, settings.temperature)
    return settings.temperature**2 * divergence(log_f, log_p)


LOSS = Loss(
    name="reverse_kl",
    title="Reverse KL",
    summary="KL the other way round: the student seeks the teacher's likeliest classes.",
    source="Gu, Dong, Wei, Huang 2023, “MiniLLM”, §2",
    settings=Settings,
    formula=lambda settings: scaled("KL(f‖p{at})", settings.temperature),
    compute=compute,
    order=40,
)
