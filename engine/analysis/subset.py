"""Whether figures rest on a part of a task's rows only, in a footnote's words. Knows counts of rows, no figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class Counted(Protocol):
    """What a run says of its rows; None or 0 where it said nothing."""

    @property
    def train_rows(self) -> int | None: ...
    @property
    def evaluation_rows(self) -> int | None: ...
    @property
    def steps_per_epoch(self) -> int: ...
    @property
    def batch_size(self) -> int: ...


def subset_notes(runs: Sequence[Counted], whole: int, trained: bool = True) -> tuple[str, ...]:
    """ "trained on 96 of 3,668 rows, scored on 64", where a run had fewer training rows than the task's ``whole``; else nothing.

    ``trained`` is False for a model that was used as it is: only where it was scored is told then.
    """
    if not whole or not any(_has_fewer(run, whole) for run in runs):
        return ()
    parts = []
    if trained:
        known = [run.train_rows for run in runs if run.train_rows]
        least = _range(known) if len(known) == len(runs) else f"at most {max(map(_most_rows, runs)):,}"
        parts.append(f"trained on {least} of {whole:,} rows")
    scored = [run.evaluation_rows for run in runs if run.evaluation_rows]
    if scored:
        parts.append(f"scored on {_range(scored)}" + ("" if trained else " rows"))
    return (", ".join(parts),) if parts else ()


def _has_fewer(run: Counted, whole: int) -> bool:
    return 0 < _most_rows(run) < whole


def _most_rows(run: Counted) -> int:
    """Its training rows; of a run that did not count them as many as its steps have room for, 0 if it did not get so far."""
    return run.train_rows or run.steps_per_epoch * run.batch_size


def _range(counts: Iterable[int]) -> str:
    least, *_, most = sorted([*counts] * 2)
    return f"{least:,}" if least == most else f"{least:,}–{most:,}"
