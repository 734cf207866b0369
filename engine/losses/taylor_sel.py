"""Squared-error-logit loss with orthogonal correction: the alternative in the authors' notebook, where the teacher matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import as_distribution, as_logits, log_probabilities
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["taylor_sel"] = "taylor_sel"
    gamma: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        title="γ correction",
        description="Size of the correction towards the labels; 0 is a probability-weighted squared error of logits.",
        json_schema_extra={"step": 0.05, "decimals": 2, "slider": True},
    )
    smoothing: float = Field(
        0.1,
        gt=0.0,
        le=1.0,
        title="ε smoothing",
        description="p̃ = (1 − ε) p + ε / K bounds y / p̃ where the teacher is sure of another class.",
        json_schema_extra={"step": 0.05, "decimals": 2, "advanced": True},
    )


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """mean over examples and classes of p̃_c (z_s,c − z_t,c − γ (y_c / p̃_c − 1))², p the teacher's softmax at T = 1.

    One output is the two-class case with logits (z, 0).
    """
    target = as_distribution(inputs.target)
    p = log_probabilities(inputs.teacher_logits).exp()
    smooth = (1 - settings.smoothing) * p + settings.smoothing / p.shape[-1]
    difference = as_logits(inputs.student_logits) - as_logits(inputs.teacher_logits)
    return (smooth * (difference - settings.gamma * (target / smooth - 1)).square()).mean()


LOSS = Loss(
    name="taylor_sel",
    title="Taylor, squared logits",
    summary="The correction on squared logit errors: here the teacher does matter at γ = 1.",
    source="the cost-effective distillation paper's notebook; Dao et al. 2021, “Knowledge Distillation as Semiparametric "
    "Inference”, §4",
    settings=Settings,
    formula=lambda settings: f"mean_c p̃·(z_s−z_t−{settings.gamma:.2f}·(y/p̃−1))²",
    compute=compute,
    zero_at_equality=False,
    needs="logits of student and teacher, labels",
    order=25,
)
