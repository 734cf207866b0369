"""Squared error between logits (Bucilă et al. 2006; the high-temperature limit of Hinton §2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.losses.distributions import widen
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["mse_logits"] = "mse_logits"


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """mean over classes of (z_s − z_t)², mean over examples."""
    return (widen(inputs.student_logits) - widen(inputs.teacher_logits)).square().mean()


LOSS = Loss(
    name="mse_logits",
    title="Squared logits",
    summary="The student matches the teacher's logits, without temperature.",
    source="Bucilă, Caruana, Niculescu-Mizil 2006, “Model Compression”",
    settings=Settings,
    formula=lambda settings: "mean_c(z_s−z_t)²",
    compute=compute,
    kinds=("classification", "regression", "multi_label"),
    order=30,
)
