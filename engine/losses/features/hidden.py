"""Hidden states: the student's mapped layers come near the teacher's, token by token (FitNets, Romero et al. 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.features.distances import BY_NAME
from engine.losses.features.layers import described, layer_pairs, tensor
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, MappedFeatureSettings

if TYPE_CHECKING:
    from torch import Tensor

WRITTEN = {"mse": "mse", "l1": "l1", "cosine": "(1−cos)", "ce": "KL of softmaxes", "mmd": "MMD²"}


class Settings(MappedFeatureSettings):
    kind: Literal["hidden"] = "hidden"
    distance: Literal["mse", "l1", "cosine", "ce", "mmd"] = Field(
        "mse",
        title="Distance",
        description="mse, l1: mean over the width; cosine: 1 − cos (DistilBERT's); ce: soft cross-entropy of softmaxes over "
        "the width less the teacher's entropy, so 0 at equality; mmd: selectivity of the units, for any two widths.",
        json_schema_extra={
            "titles": {"mse": "Squared", "l1": "Absolute", "cosine": "Cosine", "ce": "Soft cross-entropy", "mmd": "MMD"}
        },
    )


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """Each pair of the layer map; projected where widths differ, but for mmd, which compares units of any number."""
    pairs = layer_pairs(settings.layers, student, teacher)
    return FeaturePlan(
        tuple((tensor("hidden", ours), tensor("hidden", theirs)) for ours, theirs in pairs),
        projected=settings.distance != "mmd",
    )


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """The distance, mean over valid tokens and over the pairs: its size does not grow with the number of layers."""
    distance = BY_NAME[settings.distance]
    found = [
        distance(student, teacher.detach(), inputs.student_mask)
        for student, teacher in zip(inputs.student, inputs.teacher, strict=True)
    ]
    return sum(found[1:], found[0]) / len(found)


FEATURE = FeatureLoss(
    name="hidden",
    title="Hidden states",
    summary="The states of each mapped layer come near the teacher's, token by token.",
    source="Romero et al. 2015, “FitNets: Hints for Thin Deep Nets”, Eq. 3; cosine: Sanh et al. 2019, “DistilBERT”, §2; "
    "mmd: Huang, Wang 2017, “Like What You Like: Knowledge Distill via Neuron Selectivity Transfer”, §4",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=lambda s: f"hidden {WRITTEN[s.distance]} ({described(s.layers)})",
    needs=lambda s: "hidden states of the mapped layers",
    order=10,
)
