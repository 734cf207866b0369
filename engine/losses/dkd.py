"""Decoupled knowledge distillation: the target class and the others weighed apart (Zhao et al. 2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import divergence, log_probabilities
from engine.losses.temperature import scaled, temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(WeightedLossSettings):
    kind: Literal["dkd"] = "dkd"
    temperature: float = temperature_field(2.0)
    target_weight: float = Field(
        1.0, ge=0.0, le=100.0, title="α target class", description="Weight of the target-class part (the paper: 1).",
        json_schema_extra={"step": 0.5, "decimals": 2},
    )  # fmt: skip
    others_weight: float = Field(
        8.0, ge=0.0, le=100.0, title="β other classes", description="Weight of the part among the other classes "
        "(the paper: 8). With two classes there is nothing among the others and it is 0.",
        json_schema_extra={"step": 0.5, "decimals": 2},
    )  # fmt: skip


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """T² · (α · TCKD + β · NCKD) with hard labels, shape (examples, classes ≥ 2); mean over examples.

    TCKD = KL between (p_y, 1 − p_y) of teacher and student; NCKD = KL between their softmaxes over the other classes.
    """
    import torch

    target = inputs.target.argmax(-1, keepdim=True)
    # The other classes by their numbers, not through a mask: its size would have to be asked of a GPU.
    classes = inputs.target.shape[-1]
    rest = (target + torch.arange(1, classes, device=target.device)) % classes
    parts = []
    for logits in (inputs.teacher_logits, inputs.student_logits):
        log_all = log_probabilities(logits, settings.temperature)
        log_target = log_all.gather(-1, target)
        others = log_all.gather(-1, rest)
        log_rest = others.logsumexp(-1, keepdim=True)
        parts.append((torch.cat([log_target, log_rest], dim=-1), others - log_rest))
    (pair_p, others_p), (pair_f, others_f) = parts
    found = settings.target_weight * divergence(pair_p, pair_f)
    found = found + settings.others_weight * divergence(others_p, others_f)
    return settings.temperature**2 * found


LOSS = Loss(
    name="dkd",
    title="Decoupled KD",
    summary="Target class and other classes weighed apart, so that dark knowledge is not drowned by confidence.",
    source="Zhao, Cui, Song, Qiu, Liang 2022, “Decoupled Knowledge Distillation”, §3",
    settings=Settings,
    formula=lambda s: scaled(f"[{s.target_weight:g}·TCKD + {s.others_weight:g}·NCKD{{at}}]", s.temperature),
    compute=compute,
    kinds=("classification",),
    needs="logits of student and teacher, labels",
    order=80,
)
