"""What the store told of results: final scores and the means of curves. Kept for models that are made later. No QtWidgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store import ScoreRow


class Results:
    """By run, so that what belongs to a run that is gone goes with it."""

    def __init__(self) -> None:
        self._scores: dict[int, dict[tuple[str, str, str], ScoreRow]] = {}
        self.means: dict[int, Mapping[str, float]] = {}  # finished run → curve → mean

    def take_scores(self, scores: Iterable[ScoreRow]) -> None:
        """Take new and changed scores; a newer one of the same kind replaces the older."""
        for score in scores:
            self._scores.setdefault(score.run, {})[score.model, score.split, score.metric] = score

    def forget_scores(self, runs: Iterable[int]) -> None:
        """Drop the scores of runs whose student another one replaces."""
        for run in runs:
            self._scores.pop(run, None)

    def take_means(self, means: Mapping[int, Mapping[str, float]]) -> None:
        self.means.update(means)

    def scores(self) -> list[ScoreRow]:
        """Those of all runs."""
        return [score for of_run in self._scores.values() for score in of_run.values()]

    def forget(self, runs: Iterable[int]) -> None:
        """Drop what belongs to runs that were deleted for good."""
        for run in runs:
            self._scores.pop(run, None)
            self.means.pop(run, None)
