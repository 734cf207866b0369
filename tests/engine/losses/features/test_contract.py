"""One contract over every feature loss the catalogue finds, as it comes and in every choice of its settings."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from engine import catalog
from engine.types import Body, FeatureInputs, FeatureLoss, FeatureSettings

from .conftest import LENGTHS, STUDENT, TEACHER, alike, make_inputs, mask_of, rows_of, variants, with_gradients

VARIANTS = variants()
every_choice = pytest.mark.parametrize(
    ("loss", "settings"), [(loss, settings) for _, loss, settings in VARIANTS], ids=[name for name, *_ in VARIANTS]
)
each_loss = pytest.mark.parametrize("loss", catalog.features().values(), ids=lambda loss: loss.name)


def plain(loss: FeatureLoss) -> FeatureSettings:
    return loss.settings(kind=loss.name)


def student_gradients(loss: FeatureLoss, settings: FeatureSettings, inputs: FeatureInputs) -> list[torch.Tensor]:
    """Gradients of the value by the student's tensors; zeros where none arrived."""
    watched = with_gradients(inputs)
    loss.compute(watched, settings).backward()
    return [values.grad if values.grad is not None else torch.zeros_like(values) for values in watched.student]


def all_finite(tensors: list[torch.Tensor]) -> bool:
    return all(bool(torch.isfinite(values).all()) for values in tensors)


@every_choice
def test_zero_at_equality_where_the_definition_says_so(loss: FeatureLoss, settings: FeatureSettings) -> None:
    same = alike(make_inputs(loss, settings))
    found = loss.compute(same, settings).item()
    assert (abs(found) < 1e-12) == loss.zero_at_equality
    assert loss.compute(make_inputs(loss, settings), settings).item() > 1e-6


@every_choice
def test_gradient_reaches_the_student_and_never_the_teacher(loss: FeatureLoss, settings: FeatureSettings) -> None:
    inputs = with_gradients(make_inputs(loss, settings))
    found = loss.compute(inputs, settings)
    assert found.dim() == 0
    found.backward()
    assert sum(values.grad.abs().sum() for values in inputs.student if values.grad is not None) > 0
    assert all(values.grad is None for values in inputs.teacher)


@each_loss
def test_no_tensor_is_asked_for_in_vain(loss: FeatureLoss) -> None:
    """As it comes, every tensor of the plan counts: the student's by its gradient, the teacher's by its value."""
    settings = plain(loss)
    inputs = make_inputs(loss, settings)
    for (name, _), gradient in zip(inputs.plan.pairs, student_gradients(loss, settings, inputs), strict=True):
        assert gradient.abs().sum() > 0, name
    before = loss.compute(inputs, settings)
    for number, (_, name) in enumerate(inputs.plan.pairs):
        teacher = [values.roll(1, -1) if i == number else values for i, values in enumerate(inputs.teacher)]
        teacher[number] = teacher[number] * torch.linspace(0.5, 2, teacher[number].shape[-1])
        assert abs(loss.compute(replace(inputs, teacher=teacher), settings) - before) > 1e-9, name


@every_choice
def test_value_does_not_depend_on_how_a_batch_is_split(loss: FeatureLoss, settings: FeatureSettings) -> None:
    """The mean of the parts, each weighed as the loss declares, is the value of the whole."""
    inputs = make_inputs(loss, settings)
    parts = [rows_of(inputs, rows) for rows in (slice(0, 2), slice(2, 6))]
    values = [loss.compute(part, settings).item() for part in parts]
    for weighed_by, counts in {
        "rows": [len(part.student_mask) for part in parts],
        "tokens": [int(part.student_mask.sum()) for part in parts],
    }.items():
        found = sum(value * count for value, count in zip(values, counts, strict=True)) / sum(counts)
        whole = loss.compute(inputs, settings).item()
        assert (found == pytest.approx(whole, rel=1e-10)) == (loss.weighed_by == weighed_by), weighed_by


@every_choice
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_extreme_values_stay_finite(loss: FeatureLoss, settings: FeatureSettings, dtype: torch.dtype) -> None:
    inputs = make_inputs(loss, settings)
    signs = replace(
        inputs,
        student=[(1e4 * values.sign()).to(dtype) for values in inputs.student],
        teacher=[(1e4 * values.sign()).to(dtype) for values in inputs.teacher],
    )
    assert torch.isfinite(loss.compute(signs, settings))
    assert all_finite(student_gradients(loss, settings, signs))
    silent = replace(signs, student=[torch.zeros_like(values) for values in signs.student])
    assert torch.isfinite(loss.compute(silent, settings))
    assert all_finite(student_gradients(loss, settings, silent))


@every_choice
@pytest.mark.parametrize("lengths", [(5,), (1,), (1, 1), (5, 0, 3), (0, 0), (0,)], ids=str)
def test_one_row_one_token_and_rows_of_padding_stay_finite(
    loss: FeatureLoss, settings: FeatureSettings, lengths: tuple[int, ...]
) -> None:
    for dtype in (torch.float32, torch.float64):
        inputs = make_inputs(loss, settings, lengths=lengths, dtype=dtype)
        assert torch.isfinite(loss.compute(inputs, settings))
        assert all_finite(student_gradients(loss, settings, inputs))
        equal = alike(inputs)
        assert all_finite(student_gradients(loss, settings, equal))
        assert not loss.zero_at_equality or abs(loss.compute(equal, settings).item()) < 1e-6


@every_choice
@pytest.mark.parametrize("lengths", [LENGTHS, (5, 0, 3, 1)], ids=["padded", "with a row of padding"])
def test_what_padding_holds_has_no_influence(
    loss: FeatureLoss, settings: FeatureSettings, lengths: tuple[int, ...]
) -> None:
    inputs = make_inputs(loss, settings, lengths=lengths)
    padding = ~inputs.student_mask
    random = torch.Generator().manual_seed(7)

    def soiled(values: torch.Tensor) -> torch.Tensor:
        garbage = 1e4 * torch.randn(values.shape, generator=random, dtype=values.dtype)
        return torch.where(padding[..., None], garbage, values)

    other = replace(inputs, student=list(map(soiled, inputs.student)), teacher=list(map(soiled, inputs.teacher)))
    assert loss.compute(other, settings).item() == pytest.approx(loss.compute(inputs, settings).item(), rel=1e-12)
    clean = student_gradients(loss, settings, inputs)
    for gradient, expected in zip(student_gradients(loss, settings, other), clean, strict=True):
        assert gradient[padding].abs().max() == 0
        torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-15)


@every_choice
def test_more_padding_changes_nothing(loss: FeatureLoss, settings: FeatureSettings) -> None:
    inputs = make_inputs(loss, settings)
    mask = mask_of(LENGTHS, tokens=9)

    def longer(values: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.pad(values, (0, 0, 0, 4), value=3.0)

    other = replace(
        inputs,
        student=list(map(longer, inputs.student)),
        teacher=list(map(longer, inputs.teacher)),
        student_mask=mask,
        teacher_mask=mask,
    )
    assert loss.compute(other, settings).item() == pytest.approx(loss.compute(inputs, settings).item(), rel=1e-12)


@every_choice
def test_half_precision_is_widened_and_never_negative_where_zero_is_least(
    loss: FeatureLoss, settings: FeatureSettings
) -> None:
    for seed in range(5):
        half = alike(make_inputs(loss, settings, dtype=torch.bfloat16, seed=seed))
        near = replace(half, student=[values * 1.004 for values in half.student])  # the next number bfloat16 has
        for inputs in (half, near):
            found = loss.compute(inputs, settings)
            assert found.dtype == torch.float32
            assert not loss.zero_at_equality or found.item() >= 0


@every_choice
def test_autocast_changes_nothing(loss: FeatureLoss, settings: FeatureSettings) -> None:
    """A matrix product under autocast would be 16 bits wide, its value off by a hundredth."""
    inputs = make_inputs(loss, settings, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = loss.compute(inputs, settings)
    assert found.dtype == torch.float32
    assert torch.equal(found, loss.compute(inputs, settings))


@every_choice
def test_float32_is_near_float64(loss: FeatureLoss, settings: FeatureSettings) -> None:
    wide, narrow = (
        loss.compute(make_inputs(loss, settings, dtype=dtype), settings) for dtype in (torch.float64, torch.float32)
    )
    assert (wide.dtype, narrow.dtype) == (torch.float64, torch.float32)
    assert narrow.item() == pytest.approx(wide.item(), rel=1e-4)


@every_choice
def test_is_the_same_each_time(loss: FeatureLoss, settings: FeatureSettings) -> None:
    """And leaves the random numbers of the training alone."""
    inputs = make_inputs(loss, settings)
    state = torch.get_rng_state()
    assert torch.equal(loss.compute(inputs, settings), loss.compute(inputs, settings))
    assert torch.equal(torch.get_rng_state(), state)


@every_choice
@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0])
def test_holds_from_the_first_step_to_the_last(loss: FeatureLoss, settings: FeatureSettings, progress: float) -> None:
    inputs = with_gradients(replace(make_inputs(loss, settings), progress=progress))
    found = loss.compute(inputs, settings)
    assert torch.isfinite(found) and found.requires_grad


BODIES = {
    "fewer heads": replace(TEACHER, heads=2),
    "one head": replace(TEACHER, heads=1),
    "wider": replace(TEACHER, hidden=96),
    "narrower": replace(TEACHER, hidden=24),
    "wider heads and all": Body(12, 96, 12),
    "shallower": replace(TEACHER, layers=1),
    "as deep": replace(TEACHER, layers=2),
    "no scores": replace(TEACHER, scores=False),
}


@every_choice
@pytest.mark.parametrize("teacher", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("student", [STUDENT, replace(STUDENT, layers=1)], ids=["", "one layer"])
def test_two_bodies_work_or_are_refused_in_a_sentence(
    loss: FeatureLoss, settings: FeatureSettings, student: Body, teacher: Body
) -> None:
    try:
        plan = loss.plan(settings, student, teacher)
    except ValueError as refused:
        said = str(refused)
        assert len(said) > 30 and not said.endswith("."), said  # the caller ends it, and says which term it is
        return
    for mine, its in plan.pairs:
        for name, body in ((mine, student), (its, teacher)):
            kind, place = name.split("/")
            assert kind in ("hidden", "query", "key", "value") and (kind == "hidden" or int(place) > 0)
            assert int(place) <= body.layers
            assert body.scores or kind in ("hidden", "value")
    inputs = make_inputs(loss, settings, student, teacher)
    assert torch.isfinite(loss.compute(inputs, settings))
    assert all_finite(student_gradients(loss, settings, inputs))


@each_loss
def test_only_an_aligned_loss_needs_the_same_tokens(loss: FeatureLoss) -> None:
    settings = plain(loss)
    ours, theirs = make_inputs(loss, settings), make_inputs(loss, settings, lengths=(7, 2, 6, 1, 5, 3), seed=1)
    mixed = replace(ours, teacher=theirs.teacher, teacher_mask=theirs.teacher_mask)
    if not loss.aligned:
        assert torch.isfinite(loss.compute(mixed, settings))
    else:
        with pytest.raises(Exception):  # noqa: B017 – whatever it says: the trainer refuses the pair before
            loss.compute(mixed, settings)


@each_loss
def test_declares_itself(loss: FeatureLoss) -> None:
    assert loss.title and loss.source and loss.summary.endswith(".")
    assert issubclass(loss.settings, FeatureSettings)
    for name, info in loss.settings.model_fields.items():
        assert name == "kind" or (info.title and info.description), name


@every_choice
def test_formula_and_needs_are_lines_for_a_reader(loss: FeatureLoss, settings: FeatureSettings) -> None:
    for line in (loss.formula(settings), loss.needs(settings)):
        assert 5 < len(line) < 100 and "\n" not in line and not re.search(r"\d\.\d{5}|None|Literal|\{|\}", line), line


def test_the_choices_are_found() -> None:
    """The contract would be thin if a setting's choices went unseen."""
    names = {name for name, *_ in VARIANTS}
    assert {"hidden", "hidden distance=mmd", "hidden layers=last", "minilm version=2", "rkd"} <= names


@every_choice
def test_stays_on_its_device_and_never_waits_for_it(loss: FeatureLoss, settings: FeatureSettings) -> None:
    """On the meta device a tensor of another device and any look at a value are errors: a GPU would be waited for there."""
    inputs = make_inputs(loss, settings)
    moved = replace(
        inputs,
        student=[values.to("meta").requires_grad_() for values in inputs.student],
        teacher=[values.to("meta") for values in inputs.teacher],
        student_mask=inputs.student_mask.to("meta"),
        teacher_mask=inputs.teacher_mask.to("meta"),
    )
    loss.compute(moved, settings).backward()
    assert any(values.grad is not None for values in moved.student)
