"""What a response loss declares about itself: its settings, what it may look at, how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from engine.types.task import TaskKind

if TYPE_CHECKING:
    from torch import Tensor


class LossSettings(BaseModel):
    """Settings every loss has; a loss adds its own by subclassing. One ``Field`` is default, bounds, tooltip and form."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, strict=False, allow_inf_nan=False, defer_build=True
    )

    kind: str


class WeightedLossSettings(LossSettings):
    """A loss mixed with the label loss: L = λ·L_class + (1 − λ)·L_KD (the paper's Eq. 9)."""

    label_weight: float = Field(
        0.5,
        alias="lambda",
        ge=0.0,
        le=1.0,
        title="λ labels ↔ teacher",
        description="Weight of the label loss; 1 − λ weights the teacher's loss. Some toolkits call 1 − λ “alpha”.",
        json_schema_extra={"step": 0.05, "decimals": 2, "slider": True},
    )
    standardise: bool = Field(
        False,
        title="Standardise logits",
        description="Give each row of logits mean 0 and standard deviation 1 before T, teacher's and student's, in the "
        "teacher's loss (Sun et al. 2024). Needs three or more classes: of two, nothing but a sign would be left.",
        json_schema_extra={"advanced": True},
    )


@dataclass(frozen=True)
class LossInputs:
    """What a response loss may look at, all of shape (examples, outputs).

    ``target`` is the one-hot label, or for a Platt-scaled regression the probability σ(t − centre), shape (examples, 1).
    One output means the binary form: the distribution is (σ(z), 1 − σ(z)).
    """

    student_logits: Tensor
    teacher_logits: Tensor
    target: Tensor


@dataclass(frozen=True)
class Loss:
    """One file of ``engine/losses``: how the student is drawn to the teacher.

    ``compute(inputs, settings)`` returns a scalar, the mean over examples. ``formula(settings)`` writes L_KD in plain
    numbers. ``notice(settings, features)`` is a warning that holds for exactly these settings beside feature terms of these
    names, or "". ``splits_alike``: its value is the mean over the parts of a batch however it is split. ``kinds`` are the
    tasks it is defined for. ``needs`` names the tensors for a reader.
    """

    name: str
    title: str
    summary: str
    source: str
    settings: type[LossSettings]
    formula: Callable[[Any], str]
    compute: Callable[[LossInputs, Any], Tensor] | None
    notice: Callable[..., str] = field(default=lambda settings, features=(): "")
    zero_at_equality: bool = True
    splits_alike: bool = True
    kinds: tuple[TaskKind, ...] = ("classification", "regression")
    needs: str = "logits of student and teacher"
    order: int = 100

    @property
    def needs_teacher(self) -> bool:
        return self.compute is not None
