"""Random tensors of the right shapes for any feature loss's plan, and every loss in every of its settings' choices."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args, get_origin

import torch
from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from engine import catalog
from engine.types import Body, FeatureInputs, FeatureLoss, FeaturePlan, FeatureSettings

STUDENT = Body(layers=2, hidden=48, heads=4)
TEACHER = Body(layers=4, hidden=48, heads=4)
LENGTHS = (5, 3, 1, 4, 2, 5)  # valid tokens of each row


def choices(annotation: Any) -> list[Any]:
    """What a setting's type lets one choose from: its literals, or both sides of a switch."""
    if annotation is bool:
        return [False, True]
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [choice for part in get_args(annotation) for choice in choices(part)]


def few_numbers(info: FieldInfo) -> list[int]:
    """All of a whole number's values where its bounds leave a few, such as versions."""
    bounds = {type(bound): bound for bound in info.metadata}
    if info.annotation is not int or not {Ge, Le} <= set(bounds):
        return []
    low, high = bounds[Ge].ge, bounds[Le].le
    return list(range(low, high + 1)) if high - low < 5 else []


def variants() -> list[tuple[str, FeatureLoss, FeatureSettings]]:
    """(name, loss, settings) of each loss as it comes, and with each other choice of each setting of its own."""
    found = []
    for loss in catalog.features().values():
        plain = loss.settings(kind=loss.name)
        found.append((loss.name, loss, plain))
        for name, info in loss.settings.model_fields.items():
            if name != "kind" and name not in FeatureSettings.model_fields:
                for choice in choices(info.annotation) + few_numbers(info):
                    if choice != getattr(plain, name):
                        settings = loss.settings.model_validate({"kind": loss.name, name: choice})
                        found.append((f"{loss.name} {name}={choice}", loss, settings))
    return found


def mask_of(lengths: tuple[int, ...], tokens: int | None = None) -> torch.Tensor:
    """Bool (rows, tokens), True at the first ``lengths[i]`` tokens of row i."""
    return torch.arange(max(*lengths, 1) if tokens is None else tokens)[None, :] < torch.tensor(lengths)[:, None]


def width_of(plan: FeaturePlan, number: int, student: Body, teacher: Body) -> int:
    """The width a student's tensor has when it is compared: projected ones have the teacher's."""
    return teacher.hidden if plan.projects(number) else student.hidden


def make_inputs(
    loss: FeatureLoss,
    settings: FeatureSettings,
    student: Body = STUDENT,
    teacher: Body = TEACHER,
    lengths: tuple[int, ...] = LENGTHS,
    seed: int = 0,
    scale: float = 1.0,
    dtype: torch.dtype = torch.float64,
) -> FeatureInputs:
    """Normal random tensors for the loss's plan; a tensor that stands in several pairs is the same one. May raise ValueError."""
    plan = loss.plan(settings, student, teacher)
    random = torch.Generator().manual_seed(seed)
    mask = mask_of(lengths)

    def made(width: int) -> torch.Tensor:
        return (scale * torch.randn(*mask.shape, width, generator=random, dtype=torch.float64)).to(dtype)

    ours: dict[tuple[str, int], torch.Tensor] = {}
    theirs: dict[str, torch.Tensor] = {}
    keys = []
    for number, (mine, its) in enumerate(plan.pairs):
        keys.append((mine, width_of(plan, number, student, teacher)))
        if keys[-1] not in ours:
            ours[keys[-1]] = made(keys[-1][1])
        if its not in theirs:
            theirs[its] = made(teacher.hidden)
    return FeatureInputs(
        plan, [ours[key] for key in keys], [theirs[its] for _, its in plan.pairs], mask, mask, student, teacher
    )


def alike(inputs: FeatureInputs) -> FeatureInputs:
    """The same with a student that has the teacher's tensors."""
    return replace(inputs, student=[values.clone() for values in inputs.teacher], student_body=inputs.teacher_body)


def rows_of(inputs: FeatureInputs, rows: slice) -> FeatureInputs:
    """A part of the batch."""
    return replace(
        inputs,
        student=[values[rows] for values in inputs.student],
        teacher=[values[rows] for values in inputs.teacher],
        student_mask=inputs.student_mask[rows],
        teacher_mask=inputs.teacher_mask[rows],
    )


def with_gradients(inputs: FeatureInputs) -> FeatureInputs:
    """The same with tensors of student and teacher that gather gradients; one that stands in several pairs stays one."""
    known: dict[int, torch.Tensor] = {}

    def leaf(values: torch.Tensor) -> torch.Tensor:
        return known.setdefault(id(values), values.detach().clone().requires_grad_())

    return replace(inputs, student=[leaf(v) for v in inputs.student], teacher=[leaf(v) for v in inputs.teacher])
