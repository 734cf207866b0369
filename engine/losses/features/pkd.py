"""Patient KD: the student's [CLS] states point where the teacher's do, layer by layer (Sun et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import widen
from engine.losses.features.layers import described, layer_pairs, tensor
from engine.losses.features.tokens import first_token, unit
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, LayerMap, MappedFeatureSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(MappedFeatureSettings):
    kind: Literal["pkd"] = "pkd"
    layers: LayerMap = Field(
        "skip",
        title=MappedFeatureSettings.model_fields["layers"].title,
        description="skip: student layer j ↔ teacher layer j·N/M, without the last (PKD-skip); last: the teacher's last layers "
        "below its last (PKD-last); uniform: skip with the last; final: the two last layers; or pairs such as [[1, 2], [3, 6]] "
        "of layers or module paths.",
        json_schema_extra={"choices": ["skip", "last", "uniform", "final"], "layer_map": True},
    )


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """Each pair of the layer map. The paper's widths are equal; where they differ, a projector comes first."""
    pairs = layer_pairs(settings.layers, student, teacher)
    return FeaturePlan(
        tuple((tensor("hidden", ours), tensor("hidden", theirs)) for ours, theirs in pairs), projected=True
    )


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """Σ over pairs of ‖u_s − u_t‖², u the [CLS] states at length 1; mean over rows. A row of padding alone counts as 0.

    Summed over width and layers as Eq. 7 is. The authors' program takes the mean over both instead: a weight of theirs
    (β = 10 … 1000) is, divided by width · pairs, the weight here.
    """
    valid = (inputs.student_mask.any(1) & inputs.teacher_mask.any(1))[:, None]
    found = [
        (_direction(student, valid) - _direction(teacher.detach(), valid)).square().sum(-1).mean()
        for student, teacher in zip(inputs.student, inputs.teacher, strict=True)
    ]
    return sum(found[1:], found[0])


def _direction(values: Tensor, valid: Tensor) -> Tensor:
    """[CLS] states at length 1, (rows, width); 0 where the row is padding alone (``valid`` is bool (rows, 1))."""
    return unit(widen(first_token(values)).masked_fill(~valid, 0.0))


FEATURE = FeatureLoss(
    name="pkd",
    title="Patient KD",
    summary="The direction of each mapped layer's [CLS] state follows the teacher's.",
    source="Sun, Cheng, Gan, Liu 2019, “Patient Knowledge Distillation for BERT Model Compression”, §3.2, Eq. 7",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=lambda s: f"Σ‖CLS_s/‖CLS_s‖ − CLS_t/‖CLS_t‖‖² ({described(s.layers)})",
    needs=lambda s: "[CLS] states of the mapped layers",
    aligned=False,
    weighed_by="rows",
    order=20,
)
