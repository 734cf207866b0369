"""CKA: the student's states relate examples as the teacher's do, up to rotation and scale (Kornblith et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from engine.losses.distributions import widen
from engine.losses.features.layers import described, layer_pairs, tensor
from engine.losses.features.tokens import first_token, without_autocast
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, MappedFeatureSettings

if TYPE_CHECKING:
    from torch import Tensor

ROUNDING = 16  # states that differ by less than this many roundings of their size are all the same


class Settings(MappedFeatureSettings):
    kind: Literal["cka"] = "cka"
    tokens: Literal["all", "cls"] = Field(
        "all",
        title="Over",
        description="all: every valid token of the batch is an example; cls: every row is, by its [CLS] state. "
        "Of far fewer examples than the width CKA is near 1 whatever they are: cls needs large batches.",
        json_schema_extra={"titles": {"all": "All tokens", "cls": "[CLS] alone"}},
    )


def plan(settings: Settings, student: Body, teacher: Body) -> FeaturePlan:
    """Each pair of the layer map as it is: CKA compares any two widths."""
    pairs = layer_pairs(settings.layers, student, teacher)
    return FeaturePlan(tuple((tensor("hidden", ours), tensor("hidden", theirs)) for ours, theirs in pairs))


def compute(inputs: FeatureInputs, settings: Settings) -> Tensor:
    """1 − ‖YᵀX‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F) of the centred states X and Y (§3, linear CKA); mean over the layer map's pairs.

    Where all of the teacher's states are the same, as a single one is, there is nothing to follow: 0.
    """
    found = []
    with without_autocast(inputs.student[0]):
        for student, teacher in zip(inputs.student, inputs.teacher, strict=True):
            by_row = settings.tokens == "cls" or 2 in (student.dim(), teacher.dim())
            ours, _ = _centred(student, inputs.student_mask, by_row)
            theirs, varies = _centred(teacher.detach(), inputs.teacher_mask, by_row)
            found.append((1 - _alignment(ours, theirs)).clamp_min(0.0) * varies)
    return sum(found[1:], found[0]) / len(found)


def _alignment(x: Tensor, y: Tensor) -> Tensor:
    """Linear CKA of centred states (examples, width), between 0 and 1; no matrix is larger than width × width."""
    together, own, other = ((left.T @ right).square().sum() for left, right in ((y, x), (x, x), (y, y)))
    sizes = own * other
    return together / sizes.where(sizes > 0, 1.0).sqrt()


def _centred(values: Tensor, mask: Tensor, by_row: bool) -> tuple[Tensor, Tensor]:
    """States (examples, width) about their mean with 0 at padding, at a size of about 1; and whether they differ at all.

    CKA does not see the size: it is taken out as a constant, so that squares of squares stay in range.
    """
    import torch

    states, valid = (first_token(values), mask.any(1)) if by_row else (values.flatten(0, 1), mask.flatten())
    states = widen(states).masked_fill(~valid[:, None], 0.0)
    centred = (states - states.sum(0) / valid.sum().clamp_min(1)).masked_fill(~valid[:, None], 0.0)
    size, whole = centred.detach().norm(), states.detach().norm()
    varies = size > ROUNDING * torch.finfo(states.dtype).eps * whole
    return centred / size.where(varies, 1.0) * varies, varies


FEATURE = FeatureLoss(
    name="cka",
    title="CKA",
    summary="The states relate the tokens of a batch as the teacher's do, up to rotation and scale; any widths.",
    source="Kornblith, Norouzi, Lee, Hinton 2019, “Similarity of Neural Network Representations Revisited”, §3",
    settings=Settings,
    plan=plan,
    compute=compute,
    formula=lambda s: f"(1−CKA) ({'all tokens' if s.tokens == 'all' else '[CLS]'}; {described(s.layers)})",
    needs=lambda s: f"{'hidden' if s.tokens == 'all' else '[CLS]'} states of the mapped layers",
    weighed_by="",
    order=90,
)
