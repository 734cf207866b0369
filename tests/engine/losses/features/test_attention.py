"""The attention loss against its formula in loops; which bodies it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from engine.losses.features import attention
from engine.types import Body, FeatureInputs

from .conftest import STUDENT, make_inputs

THIN = Body(layers=2, hidden=24, heads=4)  # as many heads as the teacher, of another size
FEWER = Body(layers=2, hidden=48, heads=2)


def scores(query: np.ndarray, key: np.ndarray, heads: int) -> np.ndarray:
    """(heads, tokens, tokens) of one row, number by number."""
    tokens, size = len(query), query.shape[1] // heads
    found = np.zeros((heads, tokens, tokens))
    for head in range(heads):
        part = slice(head * size, (head + 1) * size)
        for i in range(tokens):
            for j in range(tokens):
                found[head, i, j] = np.dot(query[i, part], key[j, part]) / np.sqrt(size)
    return found


def softmax(values: np.ndarray) -> np.ndarray:
    e = np.exp(values - values.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def reference(inputs: FeatureInputs, mode: str, averaged: bool) -> float:
    """Σ over layers; each valid token's mean over heads and keys, mean over tokens. Padding is cut off beforehand."""
    total = 0.0
    for at in range(0, len(inputs.student), 2):
        parts: list[float] = []
        for row, length in enumerate(inputs.student_mask.sum(1).tolist()):
            maps = []
            for tensors, body in ((inputs.student, inputs.student_body), (inputs.teacher, inputs.teacher_body)):
                query, key = (tensors[at + k][row, :length].numpy() for k in (0, 1))
                found = scores(query, key, body.heads)
                found = softmax(found) if mode == "maps" else found
                maps.append(found.mean(0, keepdims=True) if averaged else found)
            for i in range(length):
                parts.append(float(np.mean([(s[i] - t[i]) ** 2 for s, t in zip(*maps, strict=True)])))
        total += float(np.mean(parts))
    return total


@pytest.mark.parametrize("mode", ["paper", "maps"])
@pytest.mark.parametrize(
    ("heads", "student"), [("equal", STUDENT), ("equal", THIN), ("average", STUDENT), ("average", FEWER)]
)
def test_it_is_its_formula(mode: str, heads: str, student: Body) -> None:
    settings = attention.Settings(mode=mode, heads=heads)
    inputs = make_inputs(attention.FEATURE, settings, student=student)
    found = attention.compute(inputs, settings).item()
    assert found == pytest.approx(reference(inputs, mode, heads == "average"), rel=1e-11)


def test_a_row_counts_as_often_as_it_has_tokens() -> None:
    """With a single row it is the plain mse of TinyBERT's Eq. 7 over that row's scores."""
    settings = attention.Settings(layers=((2, 4),))
    inputs = make_inputs(attention.FEATURE, settings, lengths=(5,))
    s, t = (scores(*(values[0].numpy() for values in tensors), heads=4) for tensors in (inputs.student, inputs.teacher))
    expected = np.mean([np.mean((a - b) ** 2) for a, b in zip(s, t, strict=True)])  # 1/h Σ MSE(A_i^S, A_i^T)
    assert attention.compute(inputs, settings).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "student", "said"),
    [
        (attention.Settings(), FEWER, '2 attention heads and the teacher 4; average them .heads = "average".'),
        (attention.Settings(layers=((0, 4),)), STUDENT, "no attention at “0”"),
        (attention.Settings(layers=((1, "bert.pooler"),)), STUDENT, "no attention at “bert.pooler”"),
        (attention.Settings(), Body(2, 48, 4, scores=False), "the student's attention .* cannot be read"),
    ],
)
def test_what_does_not_fit_is_said(settings: attention.Settings, student: Body, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        attention.plan(settings, student, Body(4, 48, 4))


def test_only_queries_and_keys_of_the_mapped_layers_are_read() -> None:
    plan = attention.plan(attention.Settings(), STUDENT, Body(4, 48, 4))
    assert plan.student == ("query/1", "key/1", "query/2", "key/2")
    assert plan.teacher == ("query/2", "key/2", "query/4", "key/4")


def test_the_formula_names_what_is_compared() -> None:
    assert attention.formula(attention.Settings()) == "attention mse (paper; uniform)"
    other = attention.Settings(mode="maps", heads="average", layers=((1, 3),))
    assert attention.formula(other) == "attention mse (maps; 1↔3; heads averaged)"
