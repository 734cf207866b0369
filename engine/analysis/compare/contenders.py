"""Those who are compared: one method on one student and task, with its score for every seed.

Groups and names are the table's own, so that both places call the same things by the same names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Protocol

from engine import catalog
from engine.analysis.methods import Method
from engine.analysis.own_rows import RunLike, ScoreLike, method_of_run, own_blocks, sample_deviation
from engine.analysis.table import column_of, order

if TYPE_CHECKING:
    from engine.analysis.cells import Block, Column
    from engine.types import Loss, Task

Figures = dict[tuple[int, str], dict[tuple[str, str], float]]  # as the table has them

PENDING = ("queued", "running", "paused")


class ComparedRun(RunLike, Protocol):
    """What a comparison reads of a run beside what the table does. Times are unix seconds."""

    @property
    def started_at(self) -> float | None: ...
    @property
    def ended_at(self) -> float | None: ...
    @property
    def device(self) -> str: ...
    @property
    def attempt(self) -> int | None: ...


@dataclass(frozen=True)
class Contender:
    """``by_seed`` are the scores in percent by the student's seed: the key metric, mean over the task's parts, and over runs
    where a seed had several teachers. ``runs`` are those behind them, newest first.

    ``teacher_by_seed`` are its teacher's own scores, by the student's seed too. ``seconds`` is the median time of the runs
    that ran in one go, on ``devices``; ``bytes`` the size of the newest student's files; None where unknown.
    ``pending`` are seeds that are queued or under way, ``elsewhere`` finished runs that are not compared, of other seeds.
    """

    key: str
    title: str
    student: str
    runs: tuple[int, ...]
    by_seed: Mapping[int, float]
    method: Method
    is_control: bool
    parameters_m: float | None = None
    teacher_by_seed: Mapping[int, float] = field(default_factory=dict)
    teacher_parameters_m: float | None = None
    seconds: float | None = None
    bytes: int | None = None
    devices: tuple[str, ...] = ()
    pending: frozenset[int] = frozenset()
    elsewhere: tuple[int, ...] = ()

    @property
    def mean(self) -> float:
        return fmean(self.by_seed.values())

    @property
    def spread(self) -> float | None:
        """The sample standard deviation over seeds, None for one."""
        return sample_deviation(list(self.by_seed.values()))

    @property
    def teacher(self) -> float | None:
        """Its teacher's mean score in percent, None where unknown."""
        return fmean(self.teacher_by_seed.values()) if self.teacher_by_seed else None

    @property
    def settings(self) -> dict[str, Any]:
        """All that makes it what it is, as dotted keys; feature terms are in ``method``."""
        return {"student.architecture": self.student, "loss.kind": self.method.kind, **self.method.settings}


def measured(scores: Iterable[ScoreLike]) -> list[ScoreLike]:
    """Those that are numbers: a student that diverged has none, and nothing can be said of it."""
    return [score for score in scores if isfinite(score.value)]


def tasks_to_compare(runs: Iterable[RunLike], scores: Iterable[ScoreLike], tasks: Mapping[str, Task]) -> list[str]:
    """The tasks with scored runs among ``runs``, the one with most first, of equals the one with the newest run."""
    scored = {(score.run, score.metric) for score in scores if score.model == "student"}
    counts: Counter[str] = Counter()
    newest: dict[str, int] = defaultdict(int)
    for run in runs:
        if run.task in tasks and run.state == "finished" and (run.id, tasks[run.task].key_metric) in scored:
            counts[run.task] += 1
            newest[run.task] = max(newest[run.task], run.id)
    return sorted(counts, key=lambda task: (-counts[task], -newest[task]))


def contenders_of(
    runs: Sequence[ComparedRun],
    scores: Iterable[ScoreLike],
    task: Task,
    losses: Mapping[str, Loss] | None = None,
    bytes_of: Callable[[int], int | None] = lambda run: None,
    elsewhere: Sequence[ComparedRun] = (),
) -> tuple[list[Contender], Column]:
    """Those of ``task`` with a score, in the table's order, and the table's column; ``bytes_of`` is asked for one run each."""
    column = column_of(task.name, task)
    here = [run for run in runs if run.task == task.name]
    by_id = {run.id: run for run in here}
    figures = _figures(scores, by_id, column)
    blocks = own_blocks(here, figures, [column], catalog.losses() if losses is None else losses, {})
    found = [
        _contender(block.architecture, row.key, row.title, row.cells[column.key].runs, by_id, figures, bytes_of)
        for block in sorted(blocks, key=order)
        for row in block.rows
        if row.cells[column.key].state == "result"
    ]
    titles = _told_apart(blocks, found)
    pending = _by_method(run for run in here if run.state in PENDING)
    scored = {score.run for score in scores if score.model == "student" and score.metric == column.metric}
    left_out = _by_method(
        run for run in elsewhere if run.task == task.name and run.state == "finished" and run.id in scored
    )
    named = [
        replace(
            one,
            title=title,
            pending=frozenset(map(seed_of, _of(one, pending))),
            elsewhere=tuple(run.id for run in _of(one, left_out) if seed_of(run) not in one.by_seed),
        )
        for one, title in zip(found, titles, strict=True)
    ]
    return named, column


def _figures(scores: Iterable[ScoreLike], known: Collection[int], column: Column) -> Figures:
    """(run, model) → (split, key metric) → percent, of those of which every part was measured."""
    figures: Figures = defaultdict(dict)
    for score in scores:
        if score.metric == column.metric and score.run in known and score.split in column.splits:
            figures[score.run, score.model][score.split, score.metric] = 100.0 * score.value
    return {key: parts for key, parts in figures.items() if len(parts) == len(column.splits)}


def _contender(
    student: str,
    key: str,
    title: str,
    ids: Sequence[int],
    by_id: Mapping[int, ComparedRun],
    figures: Figures,
    bytes_of: Callable[[int], int | None],
) -> Contender:
    runs = [by_id[run] for run in ids]
    method = method_of_run(runs[0])
    sizes = [run.parameters for run in runs if run.parameters]
    teacher_sizes = [run.teacher_parameters for run in runs if run.teacher_parameters]
    timed = [run for run in runs if (run.attempt or 0) <= 1]  # of one that was resumed only the last part is known
    times = [run.ended_at - run.started_at for run in timed if run.started_at is not None and run.ended_at is not None]
    return Contender(
        key=key,
        title=title,
        student=student,
        runs=tuple(ids),
        by_seed=_means_by_seed(runs, "student", figures),
        method=method,
        is_control=not method.has_teacher,
        parameters_m=median(sizes) / 1e6 if sizes else None,
        teacher_by_seed=_means_by_seed(runs, "teacher", figures) if method.has_teacher else {},
        teacher_parameters_m=median(teacher_sizes) / 1e6 if teacher_sizes and method.has_teacher else None,
        seconds=median(times) if times and min(times) > 0 else None,  # a clock may have been set back meanwhile
        bytes=bytes_of(ids[0]),
        devices=tuple(sorted({run.device for run in timed if run.device})),
    )


def _means_by_seed(runs: Iterable[RunLike], model: str, figures: Figures) -> dict[int, float]:
    """Mean over a task's parts, and over the runs of a seed."""
    seeds: dict[int, list[float]] = defaultdict(list)
    for run in runs:
        if (run.id, model) in figures:
            seeds[seed_of(run)].append(fmean(figures[run.id, model].values()))
    return {seed: fmean(values) for seed, values in sorted(seeds.items())}


def seed_of(run: RunLike) -> int:
    """The student's seed: what two runs must have in common to be a pair."""
    return int(run.config.get("training", {}).get("seed") or 0)


def _told_apart(blocks: Iterable[Block], found: Sequence[Contender]) -> list[str]:
    """Their names; with the student's where there are several students."""
    students = {block.architecture: block.title for block in blocks}
    several = len({one.student for one in found}) > 1
    return [f"{students[one.student]} · {one.title}" if several else one.title for one in found]


def _by_method(runs: Iterable[RunLike]) -> dict[tuple[str, int], tuple[Method, list[RunLike]]]:
    """By student and method's identity: thousands of runs share few methods, and comparing two of them takes a while."""
    found: dict[tuple[str, int], tuple[Method, list[RunLike]]] = {}
    for run in runs:
        method = method_of_run(run)
        found.setdefault((run.architecture, id(method)), (method, []))[1].append(run)
    return found


def _of(one: Contender, by_method: Mapping[tuple[str, int], tuple[Method, list[RunLike]]]) -> list[RunLike]:
    return [
        run
        for (student, _), (method, runs) in by_method.items()
        if student == one.student and method == one.method
        for run in runs
    ]
