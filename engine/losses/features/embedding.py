"""Embeddings: what the student's first layer is fed comes near what the teacher's is (TinyBERT, Jiao et al. 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.losses.features.distances import mse
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, FeatureSettings

if TYPE_CHECKING:
    from torch import Tensor


class Settings(FeatureSettings):
    kind: Literal["embedding"] = "embedding"


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """The embeddings' outputs (words, positions and segments together); projected where the widths differ (Eq. 9's W_e)."""
    return FeaturePlan((("hidden/0", "hidden/0"),), projected=True)


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """Squared difference, mean over the width and over valid tokens."""
    return mse(inputs.student[0], inputs.teacher[0].detach(), inputs.student_mask)


FEATURE = FeatureLoss(
    name="embedding",
    title="Embeddings",
    summary="The output of the embeddings comes near the teacher's.",
    source="Jiao et al. 2020, “TinyBERT: Distilling BERT for Natural Language Understanding”, §3.1, Eq. 9",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=lambda s: "embedding mse",
    needs=lambda s: "outputs of the embeddings",
    order=40,
)
