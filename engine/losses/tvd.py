"""Total variation distance between teacher and student (Wen et al. 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.losses.distributions import log_probabilities
from engine.losses.temperature import temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["tvd"] = "tvd"
    temperature: float = temperature_field(
        1.0, "Softens both distributions; this loss has no T² (its source has none)."
    )


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """½ Σ_c |p_c − f_c|, p and f at T; mean over examples; between 0 and 1."""
    p = log_probabilities(inputs.teacher_logits, settings.temperature).exp()
    f = log_probabilities(inputs.student_logits, settings.temperature).exp()
    return 0.5 * (p - f).abs().sum(-1).mean()


LOSS = Loss(
    name="tvd",
    title="Total variation",
    summary="Half the summed absolute difference of probabilities: symmetric, bounded by 1.",
    source="Wen, Li, Du, Mou 2023, “f-Divergence Minimization for Sequence-Level Knowledge Distillation”, §2.3",
    settings=Settings,
    formula=lambda s: "½Σ|p−f|" if s.temperature == 1 else f"½Σ|p−f|(T={s.temperature:g})",
    compute=compute,
    order=70,
)
