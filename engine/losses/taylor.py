"""The paper's Taylor-corrected distillation loss, with the identity that comes with it said out loud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import as_distribution, cross_entropy, divergence, log_probabilities
from engine.losses.temperature import temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["taylor"] = "taylor"
    temperature: float = temperature_field(1.0)
    gamma: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="γ correction",
        description="Size of the first-order correction: 1 is the paper's Eq. 8, 0 is vanilla KD.",
        json_schema_extra={"step": 0.05, "decimals": 2, "slider": True},
    )


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """T² · (KL(p ‖ f) + γ · ⟨y − p, −log f⟩), p and f at temperature T; mean over examples."""
    log_p = log_probabilities(inputs.teacher_logits, settings.temperature)
    log_f = log_probabilities(inputs.student_logits, settings.temperature)
    correction = cross_entropy(as_distribution(inputs.target) - log_p.exp(), log_f)
    return settings.temperature**2 * (divergence(log_p, log_f) + settings.gamma * correction)


def formula(settings: Settings) -> str:
    scale = "" if settings.temperature == 1 else f"{settings.temperature**2:.2f}·"
    at = "" if settings.temperature == 1 else f"; T={settings.temperature:g}"
    return f"{scale}[KL(p‖f{at}) + {settings.gamma:.2f}·⟨y−p, −log f⟩]"


def notice(settings: Settings, features: Sequence[str] = ()) -> str:
    """At γ = 1 the gradient does not depend on the teacher: at T = 1 nor does it on λ, else the term is label-tempered.

    Beside feature terms that is so for the gradient of the logits only: the teacher reaches the student through them.
    """
    if settings.gamma != 1:
        return ""
    whose = "gradient of the logits" if features else "gradient"
    alone = (
        f"The teacher reaches the student through the feature terms alone ({', '.join(features)}). " if features else ""
    )
    remedy = "Lower γ, or choose “Taylor, squared logits”."
    if settings.temperature == 1 and not settings.standardise:
        return (
            f"At T = 1 and γ = 1 the teacher does not change the {whose}. "
            f"It equals cross-entropy on the labels for every λ. {alone}{remedy}"
        )
    return (
        f"At γ = 1 the teacher does not change the {whose}. "
        f"The corrected term equals cross-entropy on the labels, with the logits scaled as chosen. {alone}{remedy}"
    )


LOSS = Loss(
    name="taylor",
    title="Taylor KD",
    summary="KL plus the first-order correction towards the labels.",
    source="the cost-effective distillation paper (Taylor-series KD), §2.1, Eq. 8",
    settings=Settings,
    formula=formula,
    compute=compute,
    notice=notice,
    zero_at_equality=False,
    needs="logits of student and teacher, labels",
    order=20,
)
