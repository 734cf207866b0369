"""MiniLM, version 1 and 2, against their formulas in loops; which bodies they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from engine.losses.features import minilm
from engine.types import Body, FeatureInputs

from .conftest import STUDENT, TEACHER, make_inputs

THIN = Body(layers=3, hidden=24, heads=4)
FEWER = Body(layers=3, hidden=24, heads=3)


def softmax(values: np.ndarray) -> np.ndarray:
    e = np.exp(values - values.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def relation(left: np.ndarray, right: np.ndarray, heads: int) -> list[np.ndarray]:
    """softmax(A Bᵀ / √d) of each head of one row, (tokens, tokens)."""
    parts = zip(np.split(left, heads, axis=1), np.split(right, heads, axis=1), strict=True)
    return [softmax(a @ b.T / np.sqrt(a.shape[1])) for a, b in parts]


def divergence(inputs: FeatureInputs, left: int, right: int, heads: int) -> float:
    """1 / (heads · tokens) Σ Σ KL(teacher's ‖ student's) between projections number ``left`` and ``right``."""
    total, tokens = 0.0, 0
    for row, length in enumerate(inputs.student_mask.sum(1).tolist()):
        tokens += length
        ours, theirs = (
            relation(tensors[left][row, :length].numpy(), tensors[right][row, :length].numpy(), heads)
            for tensors in (inputs.student, inputs.teacher)
        )
        for f, p in zip(ours, theirs, strict=True):
            for i in range(length):
                total += sum(p[i, j] * np.log(p[i, j] / f[i, j]) for j in range(length))
    return total / heads / tokens


@pytest.mark.parametrize("student", [STUDENT, THIN])
def test_version_1_is_its_formula_attention_and_value_relations(student: Body) -> None:
    settings = minilm.Settings()
    inputs = make_inputs(minilm.FEATURE, settings, student=student)
    expected = divergence(inputs, 0, 1, heads=4) + divergence(inputs, 2, 2, heads=4)
    assert minilm.compute(inputs, settings).item() == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("student", [STUDENT, THIN, FEWER])
@pytest.mark.parametrize("heads", [1, 6, 24])
def test_version_2_is_its_formula_relations_of_queries_keys_and_values(student: Body, heads: int) -> None:
    settings = minilm.Settings(version=2, relation_heads=heads)
    inputs = make_inputs(minilm.FEATURE, settings, student=student)
    expected = sum(divergence(inputs, number, number, heads) for number in range(3))
    assert minilm.compute(inputs, settings).item() == pytest.approx(expected, rel=1e-11)


def test_it_reads_the_last_layer_or_the_teachers_chosen_one() -> None:
    plan = minilm.plan(minilm.Settings(), STUDENT, TEACHER)
    assert plan.pairs == (("query/2", "query/4"), ("key/2", "key/4"), ("value/2", "value/4"))
    plan = minilm.plan(minilm.Settings(teacher_layer=3), STUDENT, TEACHER)
    assert plan.teacher == ("query/3", "key/3", "value/3")


@pytest.mark.parametrize(
    ("settings", "student", "said"),
    [
        (minilm.Settings(), FEWER, "the student has 3, the teacher 4; choose version 2"),
        (minilm.Settings(version=2), THIN, "48 relation heads do not divide the student's hidden size 24; choose 12 or 24"),
        (minilm.Settings(version=2, relation_heads=5), STUDENT, "hidden size 48; choose 24 or 48"),
        (minilm.Settings(teacher_layer=5), STUDENT, "the teacher has no layer 5: it has 4"),
        (minilm.Settings(), Body(2, 48, 4, scores=False), "the student's attention .* cannot be read"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(settings: minilm.Settings, student: Body, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        minilm.plan(settings, student, TEACHER)


def test_the_version_may_be_written_as_a_number() -> None:
    read = minilm.Settings.model_validate
    assert read({"version": 2}, strict=True) == read({"version": "2"}, strict=True)
    with pytest.raises(ValidationError, match="'1' or '2'"):
        read({"version": 3}, strict=True)


def test_the_formula_names_what_is_compared() -> None:
    assert minilm.formula(minilm.Settings()) == "[KL(attention) + KL(VVᵀ)] (last layers)"
    found = minilm.formula(minilm.Settings(version=2, relation_heads=12, teacher_layer=10))
    assert found == "[KL(QQᵀ) + KL(KKᵀ) + KL(VVᵀ)] (12 relation heads; last ↔ 10)"
