"""What a loss, a task and an exporter declare about themselves; importable without torch.

Knows only pydantic: the declarations are read by the window, by the command line and by the contract tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import Tensor

TaskKind = Literal["classification", "regression"]


@dataclass(frozen=True)
class Task:
    """Where a task's rows come from and how it is scored (one file of ``engine/tasks`` each).

    ``labels`` are the class names in the order of their numbers; empty for regression. ``metrics[0]`` is the key
    metric. ``hub`` is (repository, configuration) on the model hub; ``folder`` is a folder of rows inside ``assets``.
    ``train_rows`` is the official size of the training split, 0 where there is none. ``reference`` says where the task is defined.
    """

    name: str
    title: str
    about: str
    text_columns: tuple[str, ...]
    kind: TaskKind
    metrics: tuple[str, ...]
    labels: tuple[str, ...] = ()
    label_column: str = "label"
    train_split: str = "train"
    evaluation_splits: tuple[str, ...] = ("validation",)
    test_splits: tuple[str, ...] = ("test",)
    hub: tuple[str, str] | None = None
    folder: str | None = None
    train_rows: int = 0
    score_range: tuple[float, float] | None = None
    reference: str = ""

    @property
    def key_metric(self) -> str:
        return self.metrics[0]

    @property
    def outputs(self) -> int:
        """Logits a model has for this task: one per class, one for regression."""
        return len(self.labels) if self.kind == "classification" else 1


class LossSettings(BaseModel):
    """Settings every loss has; a loss adds its own by subclassing. One ``Field`` is default, bounds, tooltip and form."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, strict=False, allow_inf_nan=False)

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
    numbers. ``notice(settings)`` is a warning that holds for exactly these settings, or "". ``splits_alike``: its value
    is the mean over the parts of a batch however it is split. ``kinds`` are the tasks it is defined for.
    """

    name: str
    title: str
    summary: str
    source: str
    settings: type[LossSettings]
    formula: Callable[[Any], str]
    compute: Callable[[LossInputs, Any], Tensor] | None
    notice: Callable[[Any], str] = field(default=lambda settings: "")
    zero_at_equality: bool = True
    splits_alike: bool = True
    kinds: tuple[TaskKind, ...] = ("classification", "regression")
    order: int = 100

    @property
    def needs_teacher(self) -> bool:
        return self.compute is not None


@dataclass(frozen=True)
class Exporter:
    """One file of ``engine/exporters``: takes a run's kept student somewhere.

    ``export(run, scores, folder)`` writes into ``folder`` and returns the files written.
    """

    name: str
    title: str
    about: str
    export: Callable[..., list[Path]]
    order: int = 100
