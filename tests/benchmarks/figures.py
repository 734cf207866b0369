"""Medians, spreads, ratios and the table they are shown in. Knows nothing of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

ONE_POINT = 0.01


@dataclass(frozen=True)
class Spread:
    """Median, smallest and largest of some measurements."""

    median: float
    least: float
    most: float
    count: int

    def text(self, digits: int = 1) -> str:
        """``12.3 (11.9–13.0)``; a single measurement stands alone."""
        if self.count == 1:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}–{self.most:.{digits}f})"


def spread_of(values: Sequence[float]) -> Spread:
    """Raises ValueError where there are none."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(median(values), min(values), max(values), len(values))


def paired_ratios(slow: Sequence[float], fast: Sequence[float]) -> Spread:
    """How many times as long the first took, round by round: what slows both in a round cancels out."""
    return spread_of([one / other for one, other in zip(slow, fast, strict=True)])


def counts(scores: Sequence[float], reference: Sequence[float], within: float = ONE_POINT) -> bool:
    """Whether a speed counts: the mean score is within one point (0.01) of the reference's mean."""
    return abs(fmean(scores) - fmean(reference)) <= within + 1e-12


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell: the first to the left, the others to the right."""
    lines = [list(head), *(list(row) for row in rows)]
    if any(len(line) != len(head) for line in lines):
        raise ValueError("every row needs as many cells as the head")
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]

    def text(line: Sequence[str]) -> str:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([text(lines[0]), "  ".join("─" * width for width in widths), *map(text, lines[1:])])
