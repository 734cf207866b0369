"""Generalised Jensen–Shannon divergence, divided so that its slider goes smoothly from KL to reverse KL (GKD)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import divergence, log_probabilities
from engine.losses.temperature import scaled, temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


NEAR = 1e-8  # so close to an end the limit is nearer to the truth than the quotient, whose rounding grows as 1/β


class Settings(WeightedLossSettings):
    kind: Literal["js"] = "js"
    temperature: float = temperature_field(2.0)
    beta: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="β KL ↔ reverse KL",
        description="0 is vanilla KD, 1 is reverse KL, ½ weighs both alike; smooth in between.",
        json_schema_extra={"step": 0.05, "decimals": 2, "slider": True},
    )


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """T² · (β KL(p‖m) + (1 − β) KL(f‖m)) / (β (1 − β)), m = β p + (1 − β) f; its limits at β = 0 and 1; mean over examples.

    In float64: near the ends the divisor is small and a float32 divergence would be noise.
    """
    beta, scale = settings.beta, settings.temperature**2
    log_p = log_probabilities(inputs.teacher_logits.double(), settings.temperature)
    log_f = log_probabilities(inputs.student_logits.double(), settings.temperature)
    if beta < NEAR:
        found = divergence(log_p, log_f)
    elif beta > 1 - NEAR:
        found = divergence(log_f, log_p)
    else:
        log_m = (log_p + math.log(beta)).logaddexp(log_f + math.log(1 - beta))
        found = (beta * divergence(log_p, log_m) + (1 - beta) * divergence(log_f, log_m)) / (beta * (1 - beta))
    wide = inputs.student_logits.dtype if inputs.student_logits.element_size() >= 4 else None
    return (scale * found).to(wide) if wide is not None else (scale * found).float()


LOSS = Loss(
    name="js",
    title="Jensen–Shannon",
    summary="Between KL and reverse KL: β chooses where.",
    source="Agarwal et al. 2023, “On-Policy Distillation of Language Models” (GKD), §2; divided by β(1 − β)",
    settings=Settings,
    formula=lambda settings: scaled(f"JSD(p, f; β={settings.beta:g}{{at}})/β(1−β)", settings.temperature),
    compute=compute,
    order=50,
)
