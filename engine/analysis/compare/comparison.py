"""The whole comparison of some runs on one task: contenders, verdicts, differences, sweeps. Knows no database, no drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine import catalog
from engine.analysis.compare.config_diff import DiffRow, config_diff
from engine.analysis.compare.contenders import ComparedRun, Contender, contenders_of, measured, tasks_to_compare
from engine.analysis.compare.swept import Sweep, sweeps_of
from engine.analysis.compare.verdict import Verdict, verdicts
from engine.analysis.own_rows import ScoreLike, method_of_run

if TYPE_CHECKING:
    from engine.types import Loss, Task


@dataclass(frozen=True)
class Comparison:
    """``task`` is "" where no run has a score; ``tasks`` are all there are to choose from, as (name, title)."""

    task: str = ""
    task_title: str = ""
    metric: str = ""
    splits: tuple[str, ...] = ()
    tasks: tuple[tuple[str, str], ...] = ()
    contenders: tuple[Contender, ...] = ()
    baseline: Contender | None = None
    verdicts: tuple[Verdict, ...] = ()
    diff: tuple[DiffRow, ...] = ()
    sweeps: tuple[Sweep, ...] = ()

    @property
    def runs(self) -> int:
        """How many runs stand behind it."""
        return sum(len(one.runs) for one in self.contenders)


def compare(
    runs: Sequence[ComparedRun],
    scores: Sequence[ScoreLike],
    task: str = "",
    baseline: int | None = None,
    *,
    tasks: Mapping[str, Task] | None = None,
    losses: Mapping[str, Loss] | None = None,
    bytes_of: Callable[[int], int | None] = lambda run: None,
    elsewhere: Sequence[ComparedRun] = (),
) -> Comparison:
    """Compare the finished runs among ``runs`` on ``task``, or on the one with most of them.

    ``baseline`` is a run of the contender that the others are compared with; without one, or where that is none of them,
    it is the student that no teacher taught, with most seeds, else the first. ``elsewhere`` are runs that are not compared:
    what they know already is not to be run again.
    """
    tasks = catalog.tasks() if tasks is None else tasks
    known = measured(scores)
    there = tasks_to_compare(runs, known, tasks)
    if not there:
        return Comparison()
    chosen = task if task in there else there[0]
    contenders, column = contenders_of(runs, known, tasks[chosen], losses, bytes_of, elsewhere)
    base = _baseline(contenders, baseline, runs)
    return Comparison(
        chosen,
        tasks[chosen].title,
        column.metric,
        column.splits,
        tuple((name, tasks[name].title) for name in there),
        tuple(contenders),
        base,
        tuple(verdicts(contenders, base)) if base is not None else (),
        tuple(config_diff(contenders, base)),
        tuple(sweeps_of(contenders)),
    )


def _baseline(contenders: Sequence[Contender], wanted: int | None, runs: Sequence[ComparedRun]) -> Contender | None:
    its = next((run for run in runs if run.id == wanted), None)
    for one in contenders:
        if its is not None and one.student == its.architecture and one.method == method_of_run(its):
            return one
    controls = [one for one in contenders if one.is_control]
    if controls:
        return max(controls, key=lambda one: len(one.by_seed))
    return contenders[0] if contenders else None
