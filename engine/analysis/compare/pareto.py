"""Which of some points no other beats in both directions: less cost, more score. Knows numbers only."""

from __future__ import annotations

from collections.abc import Sequence


def frontier(costs: Sequence[float], scores: Sequence[float]) -> list[int]:
    """The indices of the points that are not dominated, cheapest first; of equal points the first stands for all."""
    best = float("-inf")
    found = []
    for index in sorted(range(len(costs)), key=lambda index: (costs[index], -scores[index], index)):
        if scores[index] > best:
            best = scores[index]
            found.append(index)
    return found
