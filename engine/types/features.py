"""What a feature loss declares about itself: its settings, which tensors it compares, how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from torch import Tensor

Place = int | str  # a layer from 1, 0 for the embeddings' output; or the path of a module
LayerMap = Literal["uniform", "skip", "last", "final"] | tuple[tuple[Place, Place], ...]


class FeatureSettings(BaseModel):
    """Settings every feature loss has; a feature loss adds its own by subclassing."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, strict=False, allow_inf_nan=False, defer_build=True
    )

    kind: str
    weight: float = Field(
        1.0,
        ge=0.0,
        le=1e6,
        title="Weight",
        description="What the term is multiplied by before it is added to the total.",
        json_schema_extra={"step": 0.1, "decimals": 3},
    )
    schedule: Literal["constant", "rise", "fall"] = Field(
        "constant",
        title="Weight over time",
        description="constant; rise: from 0 to the weight; fall: from the weight to 0, both in a straight line.",
        json_schema_extra={"advanced": True, "titles": {"constant": "Constant", "rise": "Rises from 0", "fall": "Falls to 0"}},
    )  # fmt: skip
    schedule_share: float = Field(
        1.0,
        gt=0.0,
        le=1.0,
        title="Over",
        description="Share of the steps in which the weight rises or falls.",
        json_schema_extra={"advanced": True, "step": 0.1, "decimals": 2, "only_if": {"schedule": ["rise", "fall"]}},
    )
    dynamic: bool = Field(
        False,
        title="Dynamic α",
        description="Rescale the term so that its running magnitude matches the teacher's logit term (the labels' where "
        "there is none); the weight then says how many times as large it is.",
        json_schema_extra={"advanced": True},
    )


class MappedFeatureSettings(FeatureSettings):
    """A feature loss that compares layers of the student with layers of the teacher."""

    layers: LayerMap = Field(
        "uniform",
        title="Layer map",
        description="uniform: student layer j ↔ teacher layer j·N/M; skip: the same without the last; last: the teacher's "
        "last layers below its last; final: the two last layers; or pairs such as [[1, 2], [3, 6]] of layers (0: embeddings) "
        "or module paths.",
        json_schema_extra={"choices": ["uniform", "skip", "last", "final"], "layer_map": True},
    )

    @field_validator("layers", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        if isinstance(value, str) and value in ("uniform", "skip", "last", "final"):
            return value
        whole = isinstance(value, (list, tuple)) and len(value) > 0
        if whole and all(
            isinstance(pair, (list, tuple)) and len(pair) == 2 and all(map(_is_place, pair)) for pair in value
        ):
            return tuple((student, teacher) for student, teacher in value)
        said = "must be “uniform”, “skip”, “last”, “final” or pairs of layers such as [[1, 2], [2, 4]], the student's first"
        raise PydanticCustomError("layer_map", "{said}", {"said": said})


def _is_place(value: object) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool) and value >= 0) or (
        isinstance(value, str) and bool(value)
    )


@dataclass(frozen=True)
class Body:
    """What a feature loss may know of a model before it runs: layers, hidden size, attention heads.

    ``scores``: query · key / √(size of a head) are this model's attention scores, so that they can be read off its
    projections.
    """

    layers: int
    hidden: int
    heads: int
    scores: bool = True


@dataclass(frozen=True)
class FeaturePlan:
    """What a feature term compares: for each pair the tensors' names in the student and in the teacher.

    Names are ``hidden/3`` (the output of layer 3; ``hidden/0`` that of the embeddings), ``query/3``, ``key/3``, ``value/3``
    (a layer's projections), each of shape (rows, tokens, width), and ``module/<path>`` (whatever that module returns first).
    ``projected``: a learned linear map brings the pair's student tensor to the teacher's width where they differ; never
    query, key or value, whose heads would be lost.
    """

    pairs: tuple[tuple[str, str], ...]
    projected: bool = False

    def projects(self, number: int) -> bool:
        """Whether pair ``number`` is brought to the teacher's width."""
        return self.projected and self.pairs[number][0].split("/")[0] in ("hidden", "module")

    @property
    def student(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(student for student, _ in self.pairs))

    @property
    def teacher(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(teacher for _, teacher in self.pairs))


@dataclass(frozen=True)
class FeatureInputs:
    """What a feature loss may look at: for each pair of its plan the two tensors, the student's already projected.

    ``student`` and ``teacher`` are lists as long as ``plan.pairs``, in that order. The masks are bool (rows, tokens), True at
    valid tokens; they are equal where the loss is ``aligned``. ``progress`` runs from 0 at the first step to 1 at the last.
    """

    plan: FeaturePlan
    student: list[Tensor]
    teacher: list[Tensor]
    student_mask: Tensor
    teacher_mask: Tensor
    student_body: Body
    teacher_body: Body
    progress: float = 0.0


@dataclass(frozen=True)
class FeatureLoss:
    """One file of ``engine/losses/features``: how the student's inside is drawn to the teacher's.

    ``plan(settings, student, teacher)`` says which tensors are compared; it raises ValueError with a
    sentence where the two bodies do not fit. ``compute(inputs, settings)`` returns a scalar, the mean over examples or valid
    tokens. ``needs(settings)`` names the tensors for a reader. ``aligned``: token i of the student must be token i of the
    teacher. ``weighed_by``: its value is the mean over the parts of a batch, each weighed by its rows or its valid tokens;
    "" where it relates the rows of a batch to each other.
    """

    name: str
    title: str
    summary: str
    source: str
    settings: type[FeatureSettings]
    plan: Callable[[Any, Body, Body], FeaturePlan]
    compute: Callable[[FeatureInputs, Any], Tensor]
    formula: Callable[[Any], str]
    needs: Callable[[Any], str]
    aligned: bool = True
    zero_at_equality: bool = True
    weighed_by: Literal["rows", "tokens", ""] = "tokens"
    order: int = 100
