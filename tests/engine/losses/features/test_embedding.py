"""The embeddings' squared difference against Eq. 9 of TinyBERT, written out in float64 loops."""

from __future__ import annotations

import pytest

from engine.losses.features import embedding
from engine.types import Body

from .conftest import make_inputs


def test_is_its_formula() -> None:
    inputs = make_inputs(embedding.FEATURE, embedding.Settings())
    total, count = 0.0, 0
    for row, tokens in enumerate(inputs.student_mask.sum(1).tolist()):
        for token in range(tokens):
            s, t = inputs.student[0][row, token].tolist(), inputs.teacher[0][row, token].tolist()
            total += sum((a - b) ** 2 for a, b in zip(s, t, strict=True)) / len(t)
            count += 1
    assert embedding.compute(inputs, embedding.Settings()).item() == pytest.approx(total / count, rel=1e-12)


def test_compares_the_embeddings_of_any_two_bodies_projected_to_the_teachers_width() -> None:
    plan = embedding.plan(embedding.Settings(), Body(1, 32, 2), Body(24, 1024, 16, scores=False))
    assert (plan.student, plan.teacher, plan.projects(0)) == (("hidden/0",), ("hidden/0",), True)
