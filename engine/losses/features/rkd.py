"""Relational KD: the rows of a batch lie to each other as they do for the teacher, whatever the widths (Park et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import widen
from engine.losses.features.layers import described, layer_pairs, tensor
from engine.losses.features.tokens import first_token, without_autocast
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, LayerMap, MappedFeatureSettings

if TYPE_CHECKING:
    from torch import Tensor

SMALLEST = 1e-12  # two rows whose squared distance is less are the same row: distance 0, no direction, no gradient


class Settings(MappedFeatureSettings):
    kind: Literal["rkd"] = "rkd"
    layers: LayerMap = Field(
        "final",
        title=MappedFeatureSettings.model_fields["layers"].title,
        description="final: the two last layers; uniform: student layer j ↔ teacher layer j·N/M; skip: the same without the "
        "last; last: the teacher's last layers below its last; or pairs such as [[1, 2], [3, 6]] of layers or module paths.",
        json_schema_extra={"choices": ["final", "uniform", "skip", "last"], "layer_map": True},
    )
    distance_weight: float = Field(
        1.0, ge=0.0, le=1000.0, title="Weight of distances", description="Of the relations of two rows: how far apart.",
        json_schema_extra={"step": 0.5, "decimals": 2},
    )  # fmt: skip
    angle_weight: float = Field(
        2.0, ge=0.0, le=1000.0, title="Weight of angles", description="Of the relations of three rows: the angle they form.",
        json_schema_extra={"step": 0.5, "decimals": 2},
    )  # fmt: skip


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """Each pair of the layer map as it is: relations need no projector. ValueError where both weights are 0."""
    if settings.distance_weight == settings.angle_weight == 0:
        raise ValueError("both weights are 0: nothing would be compared; give distances or angles a weight")
    pairs = layer_pairs(settings.layers, student, teacher)
    return FeaturePlan(tuple((tensor("hidden", ours), tensor("hidden", theirs)) for ours, theirs in pairs))


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """Huber distance (δ = 1) between relations of [CLS] states: of all pairs of rows (§3.2.1) and of triples (§3.2.2).

    The mean over pairs and over triples of different rows, where the paper writes sums, and over the layer map's pairs. One
    row has no distance, two rows no angle: these parts are 0 then.
    """
    valid = inputs.student_mask.any(1) & inputs.teacher_mask.any(1)
    found = []
    with without_autocast(inputs.student[0]):
        for student, teacher in zip(inputs.student, inputs.teacher, strict=True):
            ours, theirs = _lines(student, valid), _lines(teacher.detach(), valid)
            found.append(_relations(ours, theirs, valid, settings))
    return sum(found[1:], found[0]) / len(found)


def _relations(
    student: tuple[Tensor, Tensor], teacher: tuple[Tensor, Tensor], valid: Tensor, settings: Settings
) -> Tensor:
    import torch

    others = ~torch.eye(len(valid), dtype=torch.bool, device=valid.device)
    pairs = valid[:, None] & valid[None, :] & others
    total = settings.distance_weight * _apart(_scaled(student[0], pairs), _scaled(teacher[0], pairs), pairs)
    if settings.angle_weight > 0 and len(valid) > 2:
        triples = pairs[:, :, None] & pairs[:, None, :] & others[None]
        total = total + settings.angle_weight * _apart(_angles(student[1]), _angles(teacher[1]), triples)
    return total


def _lines(values: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """From every row j to every row i: lengths (j, i) and directions of length 1 (j, i, width)."""
    states = widen(first_token(values)).masked_fill(~valid[:, None], 0.0)
    steps = states[None] - states[:, None]
    squared = steps.square().sum(-1)
    apart = squared > SMALLEST
    lengths = squared.where(apart, 1.0).sqrt()  # a root has no gradient at 0
    return lengths * apart, steps / lengths[..., None] * apart[..., None]


def _scaled(lengths: Tensor, pairs: Tensor) -> Tensor:
    """ψ_D: distances divided by their mean over ``pairs`` (§3.2.1)."""
    mean = (lengths * pairs).sum() / pairs.sum().clamp_min(1)
    return lengths / mean.where(mean > 0, 1.0)


def _angles(directions: Tensor) -> Tensor:
    """ψ_A: cosines (j, i, k) of the angle at row j between the lines to i and to k (§3.2.2)."""
    return directions @ directions.transpose(1, 2)


def _apart(ours: Tensor, theirs: Tensor, wanted: Tensor) -> Tensor:
    """l_δ with δ = 1, mean where ``wanted`` is True; 0 where nothing is."""
    from torch.nn.functional import huber_loss

    return (huber_loss(ours, theirs, reduction="none") * wanted).sum() / wanted.sum().clamp_min(1)


FEATURE = FeatureLoss(
    name="rkd",
    title="Relational KD",
    summary="Distances and angles between the rows of a batch follow the teacher's; no projector, any widths.",
    source="Park, Kim, Lu, Cho 2019, “Relational Knowledge Distillation”, §3.2, Eqs. 3 to 8",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=lambda s: f"[{s.distance_weight:g}·distances + {s.angle_weight:g}·angles] of [CLS] ({described(s.layers)})",
    needs=lambda s: "[CLS] states of the mapped layers",
    aligned=False,
    weighed_by="",
    order=80,
)
