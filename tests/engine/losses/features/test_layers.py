"""Layer maps against the pairs their sources write down."""

from __future__ import annotations

import pytest

from engine.losses.features.layers import described, layer_pairs, tensor
from engine.types import Body


def body(layers: int) -> Body:
    return Body(layers, 32, 4)


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "pairs"),
    [
        ("uniform", 3, 6, [(1, 2), (2, 4), (3, 6)]),
        ("uniform", 4, 12, [(1, 3), (2, 6), (3, 9), (4, 12)]),
        ("uniform", 4, 6, [(1, 2), (2, 3), (3, 5), (4, 6)]),
        ("uniform", 6, 3, [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3)]),
        ("skip", 6, 12, [(1, 2), (2, 4), (3, 6), (4, 8), (5, 10)]),  # Sun et al. 2019, §3.2
        ("last", 6, 12, [(1, 7), (2, 8), (3, 9), (4, 10), (5, 11)]),  # the same place
        ("final", 3, 12, [(3, 12)]),
        ("final", 1, 1, [(1, 1)]),
        ((("a.b", 2), (0, 0)), 3, 6, [("a.b", 2), (0, 0)]),
    ],
)
def test_pairs(name: object, ours: int, theirs: int, pairs: list[tuple[int, int]]) -> None:
    assert layer_pairs(name, body(ours), body(theirs)) == pairs  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "said"),
    [
        ("skip", 1, 6, "only one"),
        ("last", 6, 3, "at least as many layers"),
        (((4, 6),), 3, 6, "the student has no layer 4: it has 3"),
        (((3, 7),), 3, 6, "the teacher has no layer 7: it has 6"),
    ],
)
def test_what_is_not_there_is_said(name: object, ours: int, theirs: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        layer_pairs(name, body(ours), body(theirs))  # type: ignore[arg-type]


def test_names() -> None:
    assert (tensor("hidden", 3), tensor("hidden", "bert.pooler")) == ("hidden/3", "module/bert.pooler")
    assert (described("skip"), described(((1, 2), (2, "x")))) == ("skip", "1↔2, 2↔x")
