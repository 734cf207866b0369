"""Attention scores and maps from a layer's projections, and the divergence between two maps; knows no particular loss.

All in float32 or wider, autocast or not. Maps are kept as logs. A relation of any projection with itself is made the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from engine.losses.distributions import widen
from engine.losses.features.layers import layer_pairs
from engine.losses.features.tokens import in_heads, mean_over_tokens, without_autocast

if TYPE_CHECKING:
    from torch import Tensor

    from engine.types import Body, LayerMap, Place

Heads = Literal["equal", "average"]


def heads_field() -> Any:
    """How the heads of two models are compared, the same setting in every loss that compares attention of mapped layers."""
    return Field(
        "equal",
        title="Heads",
        description="equal: head against head, which needs as many in both models; average: the mean over each model's heads.",
        json_schema_extra={"titles": {"equal": "Head against head", "average": "Averaged"}},
    )


def attention_scores(query: Tensor, key: Tensor, heads: int) -> Tensor:
    """query · keyᵀ / √(size of a head), before softmax (Vaswani et al. 2017, §3.2.1).

    ``query`` and ``key`` are projections (rows, tokens, heads · size); the scores are (rows, heads, tokens, tokens), queries
    before keys.
    """
    left, right = in_heads(widen(query), heads), in_heads(widen(key), heads)
    with without_autocast(query):
        return (left / left.shape[-1] ** 0.5) @ right.transpose(-1, -2)


def log_attention(scores: Tensor, mask: Tensor) -> Tensor:
    """log softmax over the valid keys, shape of ``scores`` (rows, heads, tokens, tokens); ``mask`` is bool (rows, tokens).

    Masked keys get the most negative number there is: probability 0, and a row without any valid key stays finite.
    """
    import torch

    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~mask[:, None, None, :], lowest).log_softmax(-1)


def mean_of_heads(values: Tensor) -> Tensor:
    """Scores or maps (rows, heads, tokens, tokens) averaged over heads: (rows, 1, tokens, tokens)."""
    return values.mean(1, keepdim=True)


def attention_divergence(log_teacher: Tensor, log_student: Tensor, mask: Tensor) -> Tensor:
    """KL(teacher's map ‖ student's map) summed over keys, mean over heads and valid query tokens: a scalar.

    Both are logs of maps (rows, heads, tokens, tokens); ``mask`` is bool (rows, tokens).
    """
    over_keys = (log_teacher.exp() * (log_teacher - log_student)).sum(-1)
    return mean_over_tokens(over_keys.mean(1), mask)


def attention_pairs(layers: LayerMap, heads: Heads, student: Body, teacher: Body) -> list[tuple[Place, Place]]:
    """The pairs of a layer map whose attention can be compared. Raises ValueError with a sentence where it cannot be read, a
    place has none, or the heads do not match."""
    must_show_attention(student, teacher)
    pairs = layer_pairs(layers, student, teacher)
    for place in (place for pair in pairs for place in pair):
        if isinstance(place, str) or place < 1:
            raise ValueError(f"there is no attention at “{place}”: attention is compared between layers, from 1 on")
    if heads == "equal" and student.heads != teacher.heads:
        raise ValueError(
            f"the student has {student.heads} attention heads and the teacher {teacher.heads}; average them "
            '(heads = "average"), or give the student as many'
        )
    return pairs


def must_show_attention(student: Body, teacher: Body) -> None:
    """Raises ValueError with a sentence where a model's attention is more than query · key, so that it cannot be read."""
    for body, whose in ((student, "student"), (teacher, "teacher")):
        if not body.scores:
            raise ValueError(
                f"the {whose}'s attention is more than query · key (relative positions, for example) and cannot be read "
                "off its projections; take a model such as BERT or DistilBERT, or compare hidden states"
            )
