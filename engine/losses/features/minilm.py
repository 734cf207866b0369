"""MiniLM: one student layer attends, and relates its values, as one layer of the teacher does (Wang et al. 2020, 2021)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from engine.losses.features.attention_maps import (
    attention_divergence,
    attention_scores,
    log_attention,
    must_show_attention,
)
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, FeatureSettings

if TYPE_CHECKING:
    from torch import Tensor

PROJECTIONS = ("query", "key", "value")


class Settings(FeatureSettings):
    kind: Literal["minilm"] = "minilm"
    version: Literal["1", "2"] = Field(
        "1",
        title="Version",
        description="1: attention maps and value relations, head by head, which needs as many heads in both models; "
        "2: relations of queries, of keys and of values, whatever the heads.",
        json_schema_extra={"titles": {"1": "1 (2020)", "2": "2 (2021)"}},
    )
    relation_heads: int = Field(
        48,
        ge=1,
        le=1024,
        title="Relation heads",
        description="Only in version 2: queries, keys and values are regrouped into this many heads; it must divide both hidden "
        "sizes. The paper takes 48 for teachers of base size and 64 for large ones.",
        json_schema_extra={"only_if": {"version": "2"}},
    )
    teacher_layer: int | None = Field(
        None,
        ge=1,
        title="Teacher's layer",
        description="The layer the student's last one learns from; empty: the last. Version 2 found an upper middle one better "
        "for large teachers (21 of 24).",
        json_schema_extra={"advanced": True, "placeholder": "the last"},
    )

    @field_validator("version", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) else value  # version = 2 in TOML is a number


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """The projections of the student's last layer and of the teacher's chosen one. ValueError where the heads do not fit."""
    theirs = settings.teacher_layer or teacher.layers
    if theirs > teacher.layers:
        raise ValueError(f"the teacher has no layer {theirs}: it has {teacher.layers}")
    must_show_attention(student, teacher)
    if settings.version == "1":
        if student.heads != teacher.heads:
            raise ValueError(
                f"version 1 needs equal head counts, and the student has {student.heads}, the teacher {teacher.heads}; "
                "choose version 2, which regroups the heads, or give the student as many"
            )
    else:
        for body, whose in ((student, "student"), (teacher, "teacher")):
            if body.hidden % settings.relation_heads:
                raise ValueError(
                    f"{settings.relation_heads} relation heads do not divide the {whose}'s hidden size {body.hidden}; "
                    f"choose {_that_divide(student.hidden, teacher.hidden)}"
                )
    return FeaturePlan(tuple((f"{kind}/{student.layers}", f"{kind}/{theirs}") for kind in PROJECTIONS))


def _that_divide(ours: int, theirs: int) -> str:
    """The largest numbers of relation heads, up to the paper's largest, that divide both hidden sizes."""
    fit = [heads for heads in range(1, 65) if ours % heads == 0 and theirs % heads == 0]
    return " or ".join(str(heads) for heads in fit[-2:])


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """Version 1: KL between attention maps (2020, §3.1) + KL between softmaxes of V·Vᵀ/√d (§3.2).

    Version 2: Σ over queries, keys and values A of the KL between softmaxes of A·Aᵀ/√d over the relation heads (2021, §3.1).
    Each is a mean over heads and valid tokens, the teacher's distribution first.
    """
    mask = inputs.student_mask
    theirs = [values.detach() for values in inputs.teacher]
    if settings.version == "2":
        parts = [
            _divergence((ours, ours), (other, other), settings.relation_heads, mask)
            for ours, other in zip(inputs.student, theirs, strict=True)
        ]
        return sum(parts[1:], parts[0])
    (query, key, value), (their_query, their_key, their_value) = inputs.student, theirs
    heads = inputs.student_body.heads
    attention = _divergence((query, key), (their_query, their_key), heads, mask)
    return attention + _divergence((value, value), (their_value, their_value), heads, mask)


def _divergence(student: tuple[Tensor, Tensor], teacher: tuple[Tensor, Tensor], heads: int, mask: Tensor) -> Tensor:
    """KL between the maps two pairs of projections make, over as many heads; their sizes may differ."""
    log_p, log_f = (log_attention(attention_scores(*pair, heads), mask) for pair in (teacher, student))
    return attention_divergence(log_p, log_f, mask)


def formula(settings: Settings) -> str:
    place = "last layers" if settings.teacher_layer is None else f"last ↔ {settings.teacher_layer}"
    if settings.version == "1":
        return f"[KL(attention) + KL(VVᵀ)] ({place})"
    return f"[KL(QQᵀ) + KL(KKᵀ) + KL(VVᵀ)] ({settings.relation_heads} relation heads; {place})"


FEATURE = FeatureLoss(
    name="minilm",
    title="MiniLM",
    summary="One layer attends and relates its values as the teacher's does; widths and depths are free.",
    source="Wang et al. 2020, “MiniLM: Deep Self-Attention Distillation”, §3; version 2: Wang et al. 2021, “MiniLMv2: Multi-Head "
    "Self-Attention Relation Distillation”, §3",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=formula,
    needs=lambda settings: "queries, keys and values of the last layer",
    order=50,
)
