"""DIST: the student keeps the teacher's relations, within a row and down a class, rather than its values (Huang et al. 2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import log_probabilities
from engine.losses.temperature import scaled, temperature_field
from engine.types import Loss, LossInputs, WeightedLossSettings

if TYPE_CHECKING:
    from torch import Tensor

EPSILON = 1e-8  # a constant row or column has no correlation: it counts as 0, not as NaN


class Settings(WeightedLossSettings):
    kind: Literal["dist"] = "dist"
    temperature: float = temperature_field(1.0)
    inter: float = Field(
        1.0, ge=0.0, le=100.0, title="β between classes", description="Weight of the relations within each row. "
        "With two classes their correlation is a sign, which has no gradient.",
        json_schema_extra={"step": 0.5, "decimals": 2},
    )  # fmt: skip
    intra: float = Field(
        1.0, ge=0.0, le=100.0, title="γ within a class", description="Weight of the relations down each class of a batch.",
        json_schema_extra={"step": 0.5, "decimals": 2},
    )  # fmt: skip


def compute(inputs: LossInputs, settings: Settings) -> Tensor:
    """T² · (β · mean over rows of 1 − ρ(p_i, f_i) + γ · mean over classes of 1 − ρ(p_·c, f_·c)), ρ Pearson's correlation.

    The second part relates the rows of a batch to each other: its value depends on which rows are together.
    """
    p = log_probabilities(inputs.teacher_logits, settings.temperature).exp()
    f = log_probabilities(inputs.student_logits, settings.temperature).exp()
    found = settings.inter * _distance(p, f)
    if settings.intra > 0 and len(p) > 1:  # one row has no relation down a class
        found = found + settings.intra * _distance(p.T, f.T)
    return settings.temperature**2 * found


def _distance(left: Tensor, right: Tensor) -> Tensor:
    """Mean over rows of 1 − Pearson's correlation."""
    left, right = (values - values.mean(-1, keepdim=True) for values in (left, right))
    sizes = left.square().sum(-1) * right.square().sum(-1)
    return 1 - ((left * right).sum(-1) / (sizes + EPSILON**2).sqrt()).mean()


LOSS = Loss(
    name="dist",
    title="DIST",
    summary="Matches relations (Pearson correlation) instead of values: robust where the teacher is much stronger.",
    source="Huang, You, Wang, Qian, Xu 2022, “Knowledge Distillation from A Stronger Teacher”, §3",
    settings=Settings,
    formula=lambda s: scaled(f"[{s.inter:g}·(1−ρ_rows) + {s.intra:g}·(1−ρ_classes){{at}}]", s.temperature),
    compute=compute,
    splits_alike=False,
    kinds=("classification",),
    order=90,
)
