"""Layer maps: which layer of the student is compared with which of the teacher. Knows numbers only, no model."""

from __future__ import annotations

from engine.types import Body, LayerMap, Place


def layer_pairs(layers: LayerMap, student: Body, teacher: Body) -> list[tuple[Place, Place]]:
    """(student, teacher) pairs; layers count from 1, 0 is the embeddings' output, N and M are the teacher's and student's.

    ``uniform``: j ↔ j·N/M rounded half up, j = 1…M. ``skip``: the same without the last layer. ``last``: j ↔ N − M + j, j =
    1…M − 1 (the two PKD maps, Sun et al. 2019, §3.2). ``final``: M ↔ N alone. Raises
    ValueError with a sentence where a layer is not there.
    """
    if not isinstance(layers, str):
        for place in layers:
            _must_have(place[0], student, "student")
            _must_have(place[1], teacher, "teacher")
        return list(layers)
    ours, theirs = student.layers, teacher.layers
    if layers == "uniform":
        return [(layer, max(1, (2 * layer * theirs + ours) // (2 * ours))) for layer in range(1, ours + 1)]
    if layers == "final":
        return [(ours, theirs)]
    if ours < 2:
        raise ValueError(f"“{layers}” leaves the last layer out, and the student has only one; choose “uniform”")
    if layers == "skip":
        return layer_pairs("uniform", student, teacher)[:-1]
    if theirs < ours:
        raise ValueError(
            f"“last” needs a teacher with at least as many layers as the student; it has {theirs}, the student {ours}"
        )
    return [(layer, theirs - ours + layer) for layer in range(1, ours)]


def tensor(kind: str, place: Place) -> str:
    """The name of a tensor at a place: ``hidden/3``; a module path is taken as it is: ``module/bert.pooler``."""
    return f"module/{place}" if isinstance(place, str) else f"{kind}/{place}"


def described(layers: LayerMap) -> str:
    """A layer map as formulas and notes write it: its name, or its pairs as ``1↔2, 2↔4``."""
    return layers if isinstance(layers, str) else ", ".join(f"{student}↔{teacher}" for student, teacher in layers)


def _must_have(place: Place, body: Body, whose: str) -> None:
    if isinstance(place, int) and place > body.layers:
        raise ValueError(f"the {whose} has no layer {place}: it has {body.layers} (0 is the embeddings' output)")
