"""Attention transfer: the student attends where the teacher attends (TinyBERT, Jiao et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.features.attention_maps import (
    Heads,
    attention_pairs,
    attention_scores,
    heads_field,
    log_attention,
    mean_of_heads,
)
from engine.losses.features.layers import described
from engine.losses.features.tokens import mean_over_tokens
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, MappedFeatureSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(MappedFeatureSettings):
    kind: Literal["attention"] = "attention"
    mode: Literal["paper", "maps"] = Field(
        "paper",
        title="Compared",
        description="paper: the scores before softmax, which converged faster there; maps: the probabilities after it.",
        json_schema_extra={"titles": {"paper": "Scores (the paper's)", "maps": "Maps"}},
    )
    heads: Heads = heads_field()


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """Query and key of both layers of each pair. ValueError where they cannot be read or the heads do not match."""
    pairs = attention_pairs(settings.layers, settings.heads, student, teacher)
    return FeaturePlan(
        tuple((f"{kind}/{ours}", f"{kind}/{theirs}") for ours, theirs in pairs for kind in ("query", "key"))
    )


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """Σ over mapped layers of the mse between scores (Eq. 7) or maps, mean over heads and a row's valid query × key pairs.

    A row counts as often as it has valid tokens. Summed over layers as their Eq. 6 is.
    """
    mask, found = inputs.student_mask, []
    for at in range(0, len(inputs.student), 2):
        ours = _seen(inputs.student[at], inputs.student[at + 1], inputs.student_body.heads, mask, settings)
        theirs = _seen(inputs.teacher[at], inputs.teacher[at + 1], inputs.teacher_body.heads, mask, settings).detach()
        keys = mask.to(ours.dtype)[:, None, None, :]
        over_keys = ((ours - theirs).square() * keys).sum(-1) / keys.sum(-1).clamp_min(1.0)
        found.append(mean_over_tokens(over_keys.mean(1), mask))
    return sum(found[1:], found[0])


def _seen(query: Tensor, key: Tensor, heads: int, mask: Tensor, settings: Settings) -> Tensor:
    """Scores or maps (rows, heads, tokens, tokens); one head where they are averaged."""
    scores = attention_scores(query, key, heads)
    found = log_attention(scores, mask).exp() if settings.mode == "maps" else scores
    return mean_of_heads(found) if settings.heads == "average" else found


def formula(settings: Settings) -> str:
    averaged = "; heads averaged" if settings.heads == "average" else ""
    return f"attention mse ({settings.mode}; {described(settings.layers)}{averaged})"


FEATURE = FeatureLoss(
    name="attention",
    title="Attention",
    summary="The student's attention scores or maps come near the teacher's in each mapped layer.",
    source="Jiao et al. 2020, “TinyBERT: Distilling BERT for Natural Language Understanding”, §3.1, Eq. 7",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=formula,
    needs=lambda settings: "queries and keys of the mapped layers",
    order=30,
)
