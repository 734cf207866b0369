"""Those who are compared: one method on one student and task, with its score for every seed.

Groups and names are the table's own, so that both places call the same things by the same names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Protocol

from engine.analysis import methods
from engine.analysis.methods import Method
from engine.analysis.own_rows import RunLike, ScoreLike
from engine.analysis.table import build_table

if TYPE_CHECKING:
    from engine.analysis.cells import Column, Table
    from engine.types import Loss, Task

PENDING = ("queued", "running", "paused")


class ComparedRun(RunLike, Protocol):
    """What a comparison reads of a run beside what the table does. Times are unix seconds."""

    @property
    def started_at(self) -> float | None: ...
    @property
    def ended_at(self) -> float | None: ...
    @property
    def device(self) -> str: ...


@dataclass(frozen=True)
class Contender:
    """``by_seed`` are the scores in percent by the student's seed: the key metric, mean over the task's parts, and over runs
    where a seed had several teachers. ``runs`` are those behind them, newest first.

    ``teacher`` is its teacher's own score in percent, ``seconds`` the median time of a run, ``bytes`` the size of the newest
    student's files; None where unknown. ``pending`` are seeds that are queued or under way.
    """

    key: str
    title: str
    student: str
    runs: tuple[int, ...]
    by_seed: Mapping[int, float]
    method: Method
    is_control: bool
    parameters_m: float | None = None
    teacher: float | None = None
    teacher_parameters_m: float | None = None
    seconds: float | None = None
    bytes: int | None = None
    devices: tuple[str, ...] = ()
    pending: frozenset[int] = frozenset()

    @property
    def mean(self) -> float:
        return fmean(self.by_seed.values())

    @property
    def spread(self) -> float | None:
        """The sample standard deviation over seeds, None for one."""
        return sample_deviation(list(self.by_seed.values()))

    @property
    def settings(self) -> dict[str, Any]:
        """All that makes it what it is, as dotted keys; feature terms are in ``method``."""
        return {"student.architecture": self.student, "loss.kind": self.method.kind, **self.method.settings}


def sample_deviation(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = fmean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def tasks_to_compare(runs: Iterable[RunLike], scores: Iterable[ScoreLike], tasks: Mapping[str, Task]) -> list[str]:
    """The tasks with scored runs among ``runs``, the one with most first, of equals the one with the newest run."""
    scored = {score.run for score in scores if score.model == "student"}
    counts: Counter[str] = Counter()
    newest: dict[str, int] = defaultdict(int)
    for run in runs:
        if run.task in tasks and run.state == "finished" and run.id in scored:
            counts[run.task] += 1
            newest[run.task] = max(newest[run.task], run.id)
    return sorted(counts, key=lambda task: (-counts[task], -newest[task]))


def contenders_of(
    runs: Sequence[ComparedRun],
    scores: Sequence[ScoreLike],
    task: Task,
    losses: Mapping[str, Loss] | None = None,
    bytes_of: Callable[[int], int | None] = lambda run: None,
) -> tuple[list[Contender], Column | None]:
    """Those of ``task`` with a score, in the table's order, and the table's column; ``bytes_of`` is asked for one run each."""
    here = [run for run in runs if run.task == task.name]
    known = {run.id for run in here}
    table = build_table(here, [score for score in scores if score.run in known], tasks={task.name: task}, losses=losses)
    if not table.columns:
        return [], None
    (column,) = table.columns
    by_id = {run.id: run for run in here}
    figures = _figures(scores, known, column)
    found = [
        _contender(block.architecture, row.key, row.title, row.cells[column.key].runs, by_id, figures, bytes_of)
        for block in table.blocks
        for row in block.rows
        if row.kind == "own" and row.cells[column.key].state == "result"
    ]
    titles = _told_apart(table, found)
    under_way = [run for run in here if run.state in PENDING]
    named = [
        replace(one, title=title, pending=_pending(one, under_way)) for one, title in zip(found, titles, strict=True)
    ]
    return named, column


def _figures(scores: Iterable[ScoreLike], known: set[int], column: Column) -> dict[tuple[int, str], float]:
    """(run, model) → key metric in percent, mean over the parts that were measured."""
    parts: dict[tuple[int, str], list[float]] = defaultdict(list)
    for score in scores:
        if score.run in known and score.metric == column.metric and score.split in column.splits:
            parts[score.run, score.model].append(100.0 * score.value)
    return {key: fmean(values) for key, values in parts.items()}


def _contender(
    student: str,
    key: str,
    title: str,
    ids: Sequence[int],
    by_id: Mapping[int, ComparedRun],
    figures: Mapping[tuple[int, str], float],
    bytes_of: Callable[[int], int | None],
) -> Contender:
    runs = [by_id[run] for run in ids]
    seeds: dict[int, list[float]] = defaultdict(list)
    for run in runs:
        seeds[seed_of(run)].append(figures[run.id, "student"])
    method = methods.method_of(runs[0].config)
    sizes = [run.parameters for run in runs if run.parameters]
    teachers = [figures[run.id, "teacher"] for run in runs if (run.id, "teacher") in figures]
    teacher_sizes = [run.teacher_parameters for run in runs if run.teacher_parameters]
    times = [run.ended_at - run.started_at for run in runs if run.started_at is not None and run.ended_at is not None]
    return Contender(
        key=key,
        title=title,
        student=student,
        runs=tuple(ids),
        by_seed={seed: fmean(values) for seed, values in sorted(seeds.items())},
        method=method,
        is_control=not method.has_teacher,
        parameters_m=median(sizes) / 1e6 if sizes else None,
        teacher=fmean(teachers) if teachers and method.has_teacher else None,
        teacher_parameters_m=median(teacher_sizes) / 1e6 if teacher_sizes and method.has_teacher else None,
        seconds=median(times) if times and min(times) > 0 else None,  # a clock may have been set back meanwhile
        bytes=bytes_of(ids[0]),
        devices=tuple(sorted({run.device for run in runs if run.device})),
    )


def seed_of(run: RunLike) -> int:
    """The student's seed: what two runs must have in common to be a pair."""
    return int(run.config.get("training", {}).get("seed") or 0)


def _told_apart(table: Table, found: Sequence[Contender]) -> list[str]:
    """Their names; with the student's where there are several students."""
    students = {block.architecture: block.title for block in table.blocks}
    several = len({one.student for one in found}) > 1
    return [f"{students[one.student]} · {one.title}" if several else one.title for one in found]


def _pending(one: Contender, under_way: Iterable[RunLike]) -> frozenset[int]:
    return frozenset(
        seed_of(run)
        for run in under_way
        if run.architecture == one.student and methods.method_of(run.config) == one.method
    )
