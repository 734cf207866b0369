"""Skew KL: KL towards a mixture of teacher and student, which never explodes (Ko et al. 2024)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import divergence, log_probabilities
from engine.losses.temperature import scaled, temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["skew_kl"] = "skew_kl"
    temperature: float = temperature_field(2.0)
    skew: float = Field(
        0.1,
        ge=0.0,
        le=0.99,
        title="α skew",
        description="Share of the teacher in the mixture: 0 is vanilla KD; 0.1 is the paper's choice.",
        json_schema_extra={"step": 0.05, "decimals": 2, "slider": True},
    )


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """T² · KL(p ‖ α p + (1 − α) f), p and f at T; mean over examples."""
    log_p = log_probabilities(inputs.teacher_logits, settings.temperature)
    log_f = log_probabilities(inputs.student_logits, settings.temperature)
    mixed = log_f
    if settings.skew > 0:
        mixed = (log_p + math.log(settings.skew)).logaddexp(log_f + math.log(1 - settings.skew))
    return settings.temperature**2 * divergence(log_p, mixed)


LOSS = Loss(
    name="skew_kl",
    title="Skew KL",
    summary="KL towards a mixture of teacher and student: gentle where they disagree most.",
    source="Ko, Kim, Chen, Yun 2024, “DistiLLM”, §3.1",
    settings=Settings,
    formula=lambda settings: scaled(f"KL(p‖{settings.skew:.2f}p+{1 - settings.skew:.2f}f{{at}})", settings.temperature),
    compute=compute,
    order=60,
)
