"""What a results table is made of: columns, cells, rows, blocks, and the words around them. Numbers and words only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

CellState = Literal["result", "published", "running", "queued", "stopped", "failed", "empty", "blank"]
RowKind = Literal["own", "own teacher", "published"]


@dataclass(frozen=True)
class Column:
    """One task. ``metric`` is the key metric's name, ``splits`` the parts of a figure (two for MNLI m/mm).

    ``train_rows`` is the official number of training rows, 0 where there is none.
    """

    key: str
    title: str
    metric: str
    train_examples_k: float | None
    splits: tuple[str, ...]
    train_rows: int = 0


@dataclass(frozen=True)
class Other:
    """Another metric of the same runs, in percent; ``spread`` is None for one seed."""

    name: str
    mean: float
    spread: float | None


@dataclass(frozen=True)
class Cell:
    """One figure, or the reason why there is none.

    ``values`` are means in percent, one a split (None: that split was not measured); ``spreads`` their sample
    standard deviations over ``seeds`` runs, None for one. ``rank`` is 1 for the best and 2 for the second among the
    comparable own cells of the block, else 0. ``delta`` is the difference to the block's no-teacher baseline in
    points. ``runs`` are the runs behind the cell, newest first; ``active`` counts those running or queued besides, and
    ``progress`` is the share of steps, 0..1, of the running one, whose number is ``progress_of``. ``left_out`` are the states
    of runs that ended before their last step: none of them counts.
    """

    state: CellState
    values: tuple[float | None, ...] = ()
    spreads: tuple[float | None, ...] = ()
    seeds: int = 0
    rank: int = 0
    delta: float | None = None
    runs: tuple[int, ...] = ()
    active: int = 0
    progress: float | None = None
    progress_of: int | None = None
    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    others: tuple[Other, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gradient:
    """What a row's students were trained by, mean over the logged steps of each run and then over ``runs`` runs.

    ``share``, in percent, is the part that all terms but the labels have in the gradient of the student's parameters (norms
    of the terms' gradients); ``influence``, 0..1, is how much the logits' gradient changes where the teacher's signal is
    replaced by uniform. None where no run has logged it.
    """

    share: float | None = None
    influence: float | None = None
    runs: int = 0


@dataclass(frozen=True)
class Row:
    """One method. ``settings`` are dotted settings that put a new run into this row; empty where nobody can add one.

    Rows with equal ``comparable`` had the same data, start and budget. ``more`` are settings that the title has no room for.
    """

    key: str
    title: str
    kind: RowKind
    cells: dict[str, Cell]
    parameters_m: float | None = None
    is_baseline: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    comparable: tuple[tuple[str, Hashable], ...] = ()
    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    gradient: Gradient = Gradient()

    @property
    def seeds(self) -> int | None:
        """The number of seeds if it is the same in every figure of an own row, else None."""
        counts = {cell.seeds for cell in self.cells.values() if cell.state == "result"}
        return counts.pop() if len(counts) == 1 else None


@dataclass(frozen=True)
class Block:
    """Rows of one student architecture; the teachers' block has no title."""

    architecture: str
    title: str
    rows: tuple[Row, ...]

    @property
    def has_baseline(self) -> bool:
        return any(row.is_baseline for row in self.rows)


@dataclass(frozen=True)
class Footnote:
    mark: str
    text: str


@dataclass(frozen=True)
class Table:
    """The whole table; ``source`` and ``published_split`` are empty without published rows.

    ``has_gradient``: each row tells its gradient too. ``left_out`` are the states of all runs that do not count.
    """

    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    footnotes: tuple[Footnote, ...]
    source: str = ""
    published_split: str = ""
    has_gradient: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def own_rows(self) -> int:
        return sum(row.kind == "own" for block in self.blocks for row in block.rows)


_METRICS = {"f1": "F1", "accuracy": "accuracy", "matthews": "Matthews", "pearson": "Pearson", "spearman": "Spearman",
            "macro_f1": "macro F1"}  # fmt: skip


def metric_title(name: str) -> str:
    """A metric as it is written in prose."""
    return _METRICS.get(name, name.replace("_", " "))


def split_title(name: str) -> str:
    """ "m" and "mm" for MNLI's two splits, else the split's own name."""
    return {"validation_matched": "m", "validation_mismatched": "mm"}.get(name, name)


def legend(table: Table) -> str:
    """Which column shows which metric: "Metrics: F1 (QQP, MRPC), Pearson (STS-B), accuracy (the rest)."."""
    by_metric: dict[str, list[str]] = defaultdict(list)
    for column in table.columns:
        by_metric[column.metric].append(column.title.split(" (")[0])
    if not by_metric:
        return ""
    most = max(by_metric, key=lambda metric: len(by_metric[metric]))
    parts = [f"{metric_title(metric)} ({', '.join(titles)})" for metric, titles in by_metric.items() if metric != most]
    parts.append(metric_title(most) + (" (the rest)" if parts else ""))
    return f"Metrics: {', '.join(parts)}."


NOT_COUNTED = ("stopped", "failed", "interrupted")  # the states of runs that ended before their last step


def left_out_words(states: Iterable[str]) -> str:
    """ "2 stopped, 1 failed"; "" for none."""
    counts = Counter(states)
    return ", ".join(f"{counts[state]} {state}" for state in NOT_COUNTED if counts[state])


def remarks(table: Table) -> list[str]:
    """What a reader must know besides the footnotes: metrics, the gradient's columns, which runs do not count."""
    said = [legend(table)]
    if table.has_gradient:
        said.append(
            "Gradient share: the part of the student's gradient that is not the labels'; teacher influence: how much the "
            "logits' gradient changes without the teacher's signal (0–1)."
        )
    left_out = left_out_words(table.left_out)
    if left_out:
        said.append(f"Not counted, as they ended before their last step: {left_out}.")
    return [text for text in said if text]


def closing(table: Table) -> list[str]:
    """The remarks, and what the names of rows had no room for: for places that have no tooltips."""
    cut = [f"“{row.title}”: {', '.join(row.more)}" for block in table.blocks for row in block.rows if row.more]
    return remarks(table) + ([f"Names cut short also differ in: {'; '.join(cut)}."] if cut else [])
