"""Knowledge transfer of MobileBERT: each layer's hidden states and attention maps, together or one layer after the other."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import widen
from engine.losses.features.attention_maps import (
    Heads,
    attention_divergence,
    attention_pairs,
    attention_scores,
    heads_field,
    log_attention,
)
from engine.losses.features.distances import mse
from engine.losses.features.layers import described
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, MappedFeatureSettings

if TYPE_CHECKING:
    from torch import Tensor

KINDS = ("hidden", "query", "key")  # three tensors a layer, in the order of the plan


class Settings(MappedFeatureSettings):
    kind: Literal["feature_map"] = "feature_map"
    training: Literal["together", "layer_by_layer"] = Field(
        "together",
        title="Layers",
        description="together: all mapped layers at once; one by one: from the first pair to the last, each for an equal part "
        "of the transfer. The layers below are not frozen meanwhile.",
        json_schema_extra={"titles": {"together": "Together", "layer_by_layer": "One by one"}},
    )
    transfer_share: float = Field(
        1.0,
        gt=0.0,
        le=1.0,
        title="Transfer until",
        description="Share of the training that the transfer takes; after it this term is 0 and costs nothing.",
        json_schema_extra={"step": 0.1, "decimals": 2},
    )
    attention_weight: float = Field(
        1.0,
        gt=0.0,
        le=1e4,
        title="β attention",
        description="Weight of the attention maps' KL beside the hidden states' squared difference; 1 is the paper's.",
        json_schema_extra={"step": 0.5, "decimals": 2},
    )
    heads: Heads = heads_field()


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """Hidden state, query and key of each pair. Raises ValueError where maps cannot be read off or heads do not match."""
    pairs = attention_pairs(settings.layers, settings.heads, student, teacher)
    return FeaturePlan(
        tuple((f"{kind}/{ours}", f"{kind}/{theirs}") for ours, theirs in pairs for kind in KINDS), projected=True
    )


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """Σ over the active pairs of mse(hidden) + β · KL(teacher's map ‖ student's map).

    The first is a mean over the width and valid tokens, the second over heads and valid tokens.
    Together until the end is the paper's auxiliary transfer, together for a share its joint one, layer by layer its
    progressive one. Its freezing of the layers below is left out: a loss edits no model.
    """
    active = active_pairs(settings, inputs.progress, len(inputs.plan.pairs) // len(KINDS))
    found = [_transfer(inputs, settings, number) for number in active]
    if not found:
        return widen(inputs.student[0].reshape(-1)[:0]).sum()  # 0, with a gradient of 0
    return sum(found[1:], found[0])


def active_pairs(settings: Settings, progress: float, pairs: int) -> range:
    """The numbers of the layer pairs that are trained at ``progress`` (0 to 1) out of ``pairs``."""
    done = progress / settings.transfer_share
    if done >= 1 and settings.transfer_share < 1:
        return range(0)
    if settings.training == "together":
        return range(pairs)
    stage = min(int(done * pairs), pairs - 1)  # the very last step still belongs to the last layer
    return range(stage, stage + 1)


def _transfer(inputs: FeatureInputs, settings: Settings, number: int) -> Tensor:
    """Both parts of one layer pair."""
    here = slice(number * len(KINDS), (number + 1) * len(KINDS))
    hidden, query, key = inputs.student[here]
    hidden_t, query_t, key_t = (values.detach() for values in inputs.teacher[here])
    found = mse(hidden, hidden_t, inputs.student_mask)
    map_t = _log_map(query_t, key_t, inputs.teacher_body.heads, inputs.teacher_mask, settings)
    map_s = _log_map(query, key, inputs.student_body.heads, inputs.student_mask, settings)
    return found + settings.attention_weight * attention_divergence(map_t, map_s, inputs.student_mask)


def _log_map(query: Tensor, key: Tensor, heads: int, mask: Tensor, settings: Settings) -> Tensor:
    """Log attention probabilities (rows, heads or 1, tokens, tokens)."""
    found = log_attention(attention_scores(query, key, heads), mask)
    return found.logsumexp(1, keepdim=True) - log(heads) if settings.heads == "average" else found


def formula(settings: Settings) -> str:
    weight = "" if settings.attention_weight == 1 else f"{settings.attention_weight:g}·"
    parts = f"[hidden mse + {weight}KL(a_t‖a_s)]"
    summed = f"Σ{parts}" if settings.training == "together" else f"{parts}, layer by layer"
    until = "" if settings.transfer_share == 1 else f", until {settings.transfer_share:.0%}"
    return f"{summed} ({described(settings.layers)}{until})"


FEATURE = FeatureLoss(
    name="feature_map",
    title="Feature maps",
    summary="Each layer's hidden states and attention maps follow the teacher's, at once or one layer after the other.",
    source="Sun, Yu, Song, Liu, Yang, Zhou 2020, “MobileBERT: a Compact Task-Agnostic BERT for Resource-Limited Devices”, "
    "§3: feature map transfer, attention transfer, and the strategies of training",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=formula,
    needs=lambda s: "hidden states, queries and keys of the mapped layers",
    order=70,
)
