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
    """Numbers of runs, of those in the trash too, which may come back; and when each of these runs was made, so that in a home
    that is made anew, and numbers from 1 again, no mark is taken for one of another run."""

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        """Take what ``kept`` gave; nonsense in it is left out."""
        kept = kept or {}
        pinned, baseline, made = kept.get("pinned"), kept.get("baseline"), kept.get("made")
        self.pinned: set[int] = {run for run in pinned if _is_number(run)} if isinstance(pinned, list) else set()
        self.baseline: int | None = baseline if _is_number(baseline) else None
        known = made if isinstance(made, dict) else {}
        self._made = {run: at for run in self.on_top() if isinstance(at := known.get(str(run)), (int, float))}

    def kept(self) -> dict[str, Any]:
        """To be remembered."""
        made = {str(run): self._made[run] for run in sorted(self.on_top() & self._made.keys())}
        return {"pinned": sorted(self.pinned), "baseline": self.baseline, "made": made}

    def on_top(self) -> set[int]:
        """Those that stand above the others."""
        return self.pinned if self.baseline is None else self.pinned | {self.baseline}

    def pin(self, runs: Iterable[int], pinned: bool) -> None:
        """Keep these at the top, or no longer."""
        self.pinned = self.pinned | set(runs) if pinned else self.pinned - set(runs)

    def forget(self, runs: Iterable[int]) -> bool:
        """Drop the marks of runs that are no more; returns whether there were any."""
        gone = self.on_top() & set(runs)
        self.pinned = self.pinned - gone
        if self.baseline in gone:
            self.baseline = None
        for run in gone:
            self._made.pop(run, None)
        return bool(gone)

    def settle(self, records: Iterable[RunRecord], are_all: bool) -> bool:
        """Hold the marks against runs of the store, those in the trash too: one of another run of that number goes, and where
        these ``are_all`` so does one of none. Returns whether any went."""
        marked, found = self.on_top(), {}
        for record in records:
            if record.id in marked:
                found[record.id] = record.created_at
        others = {run for run, made in found.items() if self._made.setdefault(run, made) != made}
        return self.forget(others | (marked - found.keys() if are_all else set()))


def difference(record: RunRecord, baseline: RunRecord | None) -> float | None:
    """How many points of its score a run is above the baseline; None where the two cannot be compared."""
    if baseline is None or record.id == baseline.id or record.best_score is None or baseline.best_score is None:
        return None
    if (record.task, record.key_metric) != (baseline.task, baseline.key_metric):
        return None
    return 100 * (record.best_score - baseline.best_score)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
