"""Patient KD against Eq. 7 of its paper, written out in float64 loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.losses.features import pkd
from engine.types import Body

from .conftest import STUDENT, TEACHER, make_inputs


@pytest.mark.parametrize("layers", ["skip", "last", "uniform", ((1, 1), (2, 3))])
def test_is_its_formula(layers: object) -> None:
    settings = pkd.Settings(layers=layers)
    inputs = make_inputs(pkd.FEATURE, settings)
    total = 0.0
    for ours, theirs in zip(inputs.student, inputs.teacher, strict=True):
        for row in range(len(ours)):
            s, t = ours[row, 0].numpy(), theirs[row, 0].numpy()
            total += float(np.sum((s / np.sqrt(np.sum(s**2)) - t / np.sqrt(np.sum(t**2))) ** 2))
    assert pkd.compute(inputs, settings).item() == pytest.approx(total / len(inputs.student_mask), rel=1e-12)


def test_the_authors_mean_over_width_and_layers_is_the_declared_multiple() -> None:
    settings = pkd.Settings(layers="uniform")
    inputs = make_inputs(pkd.FEATURE, settings)
    units = [
        [values[:, 0] / values[:, 0].norm(dim=-1, keepdim=True) for values in side]
        for side in (inputs.student, inputs.teacher)
    ]
    theirs = np.mean([((s - t) ** 2).numpy() for s, t in zip(*units, strict=True)])
    assert pkd.compute(inputs, settings).item() == pytest.approx(theirs * TEACHER.hidden * 2, rel=1e-12)


def test_only_directions_of_the_first_token_count() -> None:
    settings = pkd.Settings()
    inputs = make_inputs(pkd.FEATURE, settings)
    before = pkd.compute(inputs, settings).item()
    others = [values.clone() for values in inputs.student]
    for values in others:
        values[:, 1:] = 9.0
        values[:, 0] *= 7.0
    assert pkd.compute(replace(inputs, student=others), settings).item() == pytest.approx(before, rel=1e-12)
    opposite = replace(inputs, student=[-values for values in inputs.teacher])
    assert pkd.compute(opposite, settings).item() == pytest.approx(4.0 * len(inputs.student), rel=1e-12)


def test_a_pooled_tensor_is_taken_as_it_is() -> None:
    settings = pkd.Settings(layers=(("pooler", "pooler"),))
    inputs = make_inputs(pkd.FEATURE, settings)
    pooled = replace(
        inputs, student=[values[:, 0] for values in inputs.student], teacher=[values[:, 0] for values in inputs.teacher]
    )
    assert pkd.compute(pooled, settings).item() == pytest.approx(pkd.compute(inputs, settings).item(), rel=1e-12)


def test_the_last_layer_is_left_out_unless_it_is_asked_for() -> None:
    twelve, six = Body(12, 768, 12), Body(6, 768, 12)
    assert pkd.plan(pkd.Settings(), six, twelve).pairs[-1] == ("hidden/5", "hidden/10")
    assert pkd.plan(pkd.Settings(layers="last"), six, twelve).pairs[0] == ("hidden/1", "hidden/7")
    with pytest.raises(ValueError, match="only one"):
        pkd.plan(pkd.Settings(), replace(STUDENT, layers=1), TEACHER)
