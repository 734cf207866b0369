"""The rows of one's own runs: grouped by method, averaged over seeds, ranked among comparable ones.

Reads runs and scores by their shape; knows neither the database nor published results.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum, sqrt
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Protocol

from engine.analysis import methods
from engine.analysis.cells import NOT_COUNTED, Block, Cell, Column, Other, Row, metric_title, split_title
from engine.analysis.gradient_share import CurveMeans, gradient_of
from engine.analysis.methods import Method, Values
from engine.analysis.row_names import Title, architecture_title, teacher_title, titles_of, unusual_loss_settings
from engine.analysis.subset import subset_notes

if TYPE_CHECKING:
    from engine.types import Loss

# (run, "student" | "teacher") → (split, metric) → percent
Figures = Mapping[tuple[int, str], Mapping[tuple[str, str], float]]


class RunLike(Protocol):
    """What the table reads of a run (``engine.store.RunRecord`` has it)."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def config(self) -> dict[str, Any]: ...
    @property
    def task(self) -> str: ...
    @property
    def architecture(self) -> str: ...
    @property
    def parameters(self) -> int | None: ...
    @property
    def teacher_parameters(self) -> int | None: ...
    @property
    def step(self) -> int: ...
    @property
    def total_steps(self) -> int: ...
    @property
    def steps_per_epoch(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def train_rows(self) -> int | None: ...
    @property
    def evaluation_rows(self) -> int | None: ...


class ScoreLike(Protocol):
    """What the table reads of a final score (``engine.store.ScoreRow`` has it)."""

    @property
    def run(self) -> int: ...
    @property
    def model(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def metric(self) -> str: ...
    @property
    def value(self) -> float: ...


_NUMBER = re.compile(r"((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)")


@dataclass
class _Group:
    """Runs of one row, by task."""

    method: Method
    comparable: Values
    labels: set[str]
    runs: dict[str, list[RunLike]]

    def all_runs(self) -> list[RunLike]:
        return [run for runs in self.runs.values() for run in runs]


def own_blocks(
    runs: Sequence[RunLike],
    figures: Figures,
    columns: Sequence[Column],
    losses: Mapping[str, Loss],
    means: CurveMeans,
) -> list[Block]:
    by_student: dict[str, list[RunLike]] = defaultdict(list)
    for run in runs:
        by_student[run.architecture].append(run)
    grouped = {student: _groups(its) for student, its in by_student.items()}
    everywhere = [group.method for groups in grouped.values() for group in groups]
    blocks = []
    for student, groups in grouped.items():
        titles = _titles(groups, everywhere, losses)
        rows = [
            _own_row(student, group, title, figures, columns, means)
            for group, title in zip(groups, titles, strict=True)
        ]
        if rows:
            blocks.append(Block(student, architecture_title(student), _compared(rows, columns)))
    return blocks


def _groups(runs: Sequence[RunLike]) -> list[_Group]:
    """The rows of one student. Settings split a row only where they differ inside one task."""
    read = [(run, method_of_run(run)) for run in runs]
    recipe_keys: set[str] = set()
    teacher_keys: set[str] = set()
    by_task: dict[str, dict[int, Method]] = defaultdict(dict)
    for run, method in read:
        by_task[run.task][id(method)] = method  # repeats share one Method: thousands of runs are few of them
    for here in by_task.values():
        recipe_keys |= methods.differing(method.recipe for method in here.values())
        teacher_keys |= methods.differing(method.teacher for method in here.values() if method.has_teacher)
    groups: dict[tuple[Any, ...], _Group] = {}
    of_method: dict[int, _Group] = {}
    for run, method in read:
        group = of_method.get(id(method))
        if group is None:
            comparable = methods.values_of(method.recipe, recipe_keys)
            teacher = methods.values_of(method.teacher, teacher_keys) if method.has_teacher else ()
            key = (method.objective, teacher, comparable)
            if key not in groups:
                groups[key] = _Group(method, comparable, recipe_keys | teacher_keys, defaultdict(list))
            group = of_method[id(method)] = groups[key]
        group.runs[run.task].append(run)
    # A row is worth its place once it has, or will have, a figure; a failed run alone does not make one.
    alive = {"finished", "running", "queued"}
    return [group for group in groups.values() if any(run.state in alive for run in group.all_runs())]


_known: dict[int, tuple[dict[str, Any], Method]] = {}  # by run: the configuration last seen, and what it was read as


def forget_all_but(runs: Iterable[int]) -> None:
    """Keep nothing of other runs than these."""
    for gone in _known.keys() - set(runs):
        del _known[gone]


def method_of_run(run: RunLike) -> Method:
    """Read once a run: a run's configuration does not change while it trains, and the table is made anew every time."""
    known = _known.get(run.id)
    if known is None or (known[0] is not run.config and known[0] != run.config):
        known = _known[run.id] = (run.config, methods.method_of(run.config))
    return known[1]


def _titles(groups: Sequence[_Group], everywhere: Sequence[Method], losses: Mapping[str, Loss]) -> list[Title]:
    differing = {
        kind: methods.differing(other.loss for other in everywhere if other.kind == kind)
        for kind in {group.method.kind for group in groups}
    }
    shown = [
        unusual_loss_settings(group.method, losses) | group.labels | differing[group.method.kind] for group in groups
    ]
    return titles_of([group.method for group in groups], shown, losses, everywhere)


def _own_row(
    student: str,
    group: _Group,
    title: Title,
    figures: Figures,
    columns: Sequence[Column],
    means: CurveMeans,
) -> Row:
    method = group.method
    newest = max(group.all_runs(), key=lambda run: run.id)
    sizes = [run.parameters for run in group.all_runs() if run.parameters]
    identity = (student, method.objective, group.comparable, methods.values_of(method.teacher, group.labels))
    cells = {column.key: _own_cell(column, group.runs.get(column.key, []), figures) for column in columns}
    counted = [run for cell in cells.values() if cell.state == "result" for run in cell.runs]
    return Row(
        key=repr(identity),
        title=title.text,
        kind="own",
        cells=cells,
        parameters_m=median(sizes) / 1e6 if sizes else None,
        is_baseline=not method.has_teacher,
        settings=methods.reproducing_settings(newest.config),
        comparable=group.comparable,
        more=title.left_out,
        gradient=gradient_of(counted, means),
    )


def _own_cell(column: Column, runs: Sequence[RunLike], figures: Figures) -> Cell:
    """The figure of one method on one task: finished runs, one a seed (the newest); else what its runs are doing."""
    newest_first = sorted(runs, key=lambda run: run.id, reverse=True)
    finished: dict[Any, RunLike] = {}
    for run in newest_first:
        if run.state == "finished" and _parts(column, figures.get((run.id, "student"), {})):
            finished.setdefault(methods.seeds_of(run.config), run)
    running = [run for run in newest_first if run.state == "running"]
    queued = [run for run in newest_first if run.state == "queued"]
    ids = tuple(run.id for run in newest_first)
    progress, of = (progress_of(running[0]), running[0].id) if running else (None, None)
    active = len(running) + len(queued)
    left_out = tuple(run.state for run in newest_first if run.state in NOT_COUNTED)
    if finished:
        chosen = list(finished.values())
        return replace(
            _figure(column, [figures[run.id, "student"] for run in chosen]),
            runs=tuple(run.id for run in chosen), active=active, progress=progress,
            progress_of=of, left_out=left_out, notes=subset_notes(chosen, column.train_rows),
        )  # fmt: skip
    if running:
        return Cell("running", runs=ids, active=active, progress=progress, progress_of=of, left_out=left_out)
    if queued:
        return Cell("queued", runs=ids, active=active, left_out=left_out)
    if not newest_first:
        return Cell("empty")
    return Cell("stopped" if newest_first[0].state == "stopped" else "failed", runs=ids, left_out=left_out)


def progress_of(run: RunLike) -> float | None:
    """The share of the student's steps; None while they are not counted yet (the teacher is trained first)."""
    return min(1.0, run.step / run.total_steps) if run.total_steps else None


def _parts(column: Column, figures: Mapping[tuple[str, str], float]) -> bool:
    return any((split, column.metric) in figures for split in column.splits)


def _figure(column: Column, per_run: Sequence[Mapping[tuple[str, str], float]]) -> Cell:
    """Mean and sample standard deviation over runs, of the key metric by split and of the other metrics."""
    summaries = [_summary(per_run, (split, column.metric)) for split in column.splits]
    shown = {(split, column.metric) for split in column.splits}
    keys = sorted({key for figures in per_run for key in figures if key not in shown and key[1] != "loss"})
    others = []
    for split, metric in keys:
        mean, spread = _summary(per_run, (split, metric))
        if mean is not None:
            part = "" if column.splits == (split,) else f" ({split_title(split)})"
            others.append(Other(metric_title(metric) + part, mean, spread))
    return Cell(
        "result",
        values=tuple(mean for mean, _ in summaries),
        spreads=tuple(spread for _, spread in summaries),
        seeds=len(per_run),
        others=tuple(others),
    )


def _summary(
    per_run: Sequence[Mapping[tuple[str, str], float]], key: tuple[str, str]
) -> tuple[float | None, float | None]:
    values = [figures[key] for figures in per_run if key in figures]
    return (fmean(values), sample_deviation(values)) if values else (None, None)


def sample_deviation(values: Sequence[float]) -> float | None:
    """None for fewer than two."""
    if len(values) < 2:
        return None
    mean = fmean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _compared(rows: list[Row], columns: Sequence[Column]) -> tuple[Row, ...]:
    """Sort a block's rows and give each figure its rank and its difference to the comparable baseline."""
    order = {methods.NO_TEACHER: 0, "kl": 1, "taylor": 2}

    def place(row: Row) -> tuple[Any, ...]:
        """Without a teacher first, then loss by loss, each bare before it has feature terms."""
        settings = row.settings
        return (not row.is_baseline, order.get(settings.get("loss.kind", ""), 3), settings.get("loss.kind", ""),
                len(settings.get("features", ())), _by_number(row.title), row.key)  # fmt: skip

    rows = sorted(rows, key=place)
    for column in columns:
        by_recipe: dict[Any, list[int]] = defaultdict(list)
        for index, row in enumerate(rows):
            cell = row.cells[column.key]
            if cell.state == "result":
                measured = tuple(value is not None for value in cell.values)
                by_recipe[row.comparable, measured].append(index)
        for indices in by_recipe.values():
            _rank(rows, indices, column.key)
    return tuple(rows)


def _by_number(title: str) -> list[Any]:
    """A title to sort by: its numbers as numbers, so that λ 0 stands before λ .1 and 2 epochs before 10."""
    return [float(part) if place % 2 else part for place, part in enumerate(_NUMBER.split(title))]


def _rank(rows: list[Row], indices: Sequence[int], column: str) -> None:
    """Write rank and delta into the cells of comparable rows (MNLI is compared by the mean of its two parts)."""
    means = {index: _mean(rows[index].cells[column]) for index in indices}
    base = next((means[index] for index in indices if rows[index].is_baseline), None)
    ordered = sorted(set(means.values()), reverse=True)
    for index, mean in means.items():
        place = ordered.index(mean) + 1
        # A lone figure is not the best of anything.
        rank = place if len(indices) > 1 and place <= 2 else 0
        delta = mean - base if base is not None and not rows[index].is_baseline else None
        row = rows[index]
        rows[index] = replace(row, cells=row.cells | {column: replace(row.cells[column], rank=rank, delta=delta)})


def _mean(cell: Cell) -> float:
    return fmean(value for value in cell.values if value is not None)


def own_teachers(runs: Sequence[RunLike], figures: Figures, columns: Sequence[Column]) -> list[Row]:
    """One row for each teacher that was measured: the newest figure of each of its seeds."""
    grouped: dict[Any, dict[str, dict[Any, RunLike]]] = defaultdict(lambda: defaultdict(dict))
    settings: dict[Any, dict[str, Any]] = {}
    for run in sorted(runs, key=lambda run: run.id, reverse=True):
        if (run.id, "teacher") not in figures or run.state != "finished":
            continue
        mine = methods.teacher_settings(run.config)
        key = methods.values_of(mine, mine)
        settings.setdefault(key, mine)
        grouped[key][run.task].setdefault((run.config.get("teacher") or {}).get("seed"), run)
    labels = {model: methods.differing(its for its in settings.values() if its.get("teacher.model") == model)
              for model in {its.get("teacher.model") for its in settings.values()}}  # fmt: skip
    rows = []
    for key, by_task in grouped.items():
        mine = settings[key]
        cells = {}
        for column in columns:
            its = list(by_task.get(column.key, {}).values())
            measured = [figures[run.id, "teacher"] for run in its if _parts(column, figures[run.id, "teacher"])]
            cell = _figure(column, measured) if measured else Cell("blank")
            if measured:
                notes = subset_notes(its, column.train_rows, trained=mine.get("teacher.training") == "fine_tune")
                cell = replace(cell, runs=tuple(run.id for run in its), notes=notes)
            cells[column.key] = cell
        sizes = [run.teacher_parameters for its in by_task.values() for run in its.values() if run.teacher_parameters]
        rows.append(
            Row(
                key=f"teacher {key!r}",
                title=teacher_title(mine, labels[mine.get("teacher.model")]),
                kind="own teacher",
                cells=cells,
                parameters_m=median(sizes) / 1e6 if sizes else None,
            )
        )
    return sorted(rows, key=lambda row: (-(row.parameters_m or 0), row.title))
