"""Which runs a person keeps at the top of the list, and which one the others are compared with. Knows no Qt.

They say how one looks at runs, so they are the window's and not the store's: a run's row stays as its training left it, and
numbers of runs are never given twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.store import RunRecord


class RunMarks:
    """Numbers of runs only: of those in the trash too, which may come back."""

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        """Take what ``kept`` gave; nonsense in it is left out."""
        pinned, baseline = (kept or {}).get("pinned"), (kept or {}).get("baseline")
        self.pinned: set[int] = {run for run in pinned if _is_number(run)} if isinstance(pinned, list) else set()
        self.baseline: int | None = baseline if _is_number(baseline) else None

    def kept(self) -> dict[str, Any]:
        """To be remembered."""
        return {"pinned": sorted(self.pinned), "baseline": self.baseline}

    def on_top(self) -> set[int]:
        """Those that stand above the others."""
        return self.pinned if self.baseline is None else self.pinned | {self.baseline}

    def pin(self, runs: Iterable[int], pinned: bool) -> None:
        """Keep these at the top, or no longer."""
        self.pinned = self.pinned | set(runs) if pinned else self.pinned - set(runs)


def difference(record: RunRecord, baseline: RunRecord | None) -> float | None:
    """How many points of its score a run is above the baseline; None where the two cannot be compared."""
    if baseline is None or record.id == baseline.id or record.best_score is None or baseline.best_score is None:
        return None
    if (record.task, record.key_metric) != (baseline.task, baseline.key_metric):
        return None
    return 100 * (record.best_score - baseline.best_score)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
