"""The paper's Table 2 of one's own runs: blocks by student, rows by method, columns by task; published rows between.

Numbers and words only: knows neither how it is drawn nor the database. Scores come in as 0..1 and leave in percent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine import catalog
from engine.analysis.cells import NOT_COUNTED, Block, Cell, Column, Footnote, Row, Table
from engine.analysis.gradient_share import CurveMeans
from engine.analysis.own_rows import RunLike, ScoreLike, forget_all_but, own_blocks, own_teachers
from engine.analysis.published import EXTRA_DATA_NOTE, PublishedRow, PublishedTable
from engine.analysis.row_names import architecture_title

if TYPE_CHECKING:
    from engine.types import Loss, Task


def build_table(
    runs: Iterable[RunLike],
    scores: Iterable[ScoreLike],
    published: PublishedTable | None = None,
    *,
    show_published: bool = True,
    curve_means: CurveMeans | None = None,
    tasks: Mapping[str, Task] | None = None,
    losses: Mapping[str, Loss] | None = None,
) -> Table:
    """Arrange all runs, with the published rows between them.

    Columns are those of ``published``, then every other task that has runs. ``show_published=False`` keeps its columns
    and leaves its rows out. With ``curve_means`` (of ``gradient_share.CURVES``) each own row tells what trained its students.
    ``tasks`` and ``losses`` default to the catalogue.
    """
    tasks = catalog.tasks() if tasks is None else tasks
    runs = list(runs)
    forget_all_but(run.id for run in runs)
    runs = [run for run in runs if run.task in tasks]
    losses = (
        catalog.losses() if losses is None and runs else losses or {}
    )  # nothing is loaded to name rows there are none of
    figures: dict[tuple[int, str], dict[tuple[str, str], float]] = defaultdict(dict)
    for score in scores:
        figures[score.run, score.model][score.split, score.metric] = 100.0 * score.value
    columns = _columns(runs, published, tasks)
    shown = published if show_published else None
    blocks = own_blocks(runs, figures, columns, losses, curve_means or {})
    teachers = own_teachers(runs, figures, columns)
    merged = _with_published(blocks, teachers, shown, columns)
    marked, footnotes = _with_footnotes(merged)
    return Table(
        columns,
        marked,
        footnotes,
        shown.source if shown else "",
        shown.split if shown else "",
        has_gradient=curve_means is not None,
        left_out=tuple(run.state for run in runs if run.state in NOT_COUNTED),
    )


def _columns(
    runs: Sequence[RunLike], published: PublishedTable | None, tasks: Mapping[str, Task]
) -> tuple[Column, ...]:
    columns = []
    for known in published.columns if published else ():
        task = tasks.get(known.key)
        splits = task.evaluation_splits if task else ("validation",)
        whole = task.train_rows if task else 0
        columns.append(Column(known.key, known.title, known.metric, known.train_examples_k, splits, whole))
    run_tasks = {run.task for run in runs}
    have = {column.key for column in columns}
    for key, task in tasks.items():
        if key in run_tasks and key not in have:
            columns.append(column_of(key, task))
    return tuple(columns)


def column_of(key: str, task: Task) -> Column:
    """The column of a task that nothing was published on."""
    size = task.train_rows / 1000 if task.train_rows else None
    return Column(key, task.title, task.key_metric, size, task.evaluation_splits, task.train_rows)


def _with_published(
    own: list[Block], teachers: list[Row], published: PublishedTable | None, columns: Sequence[Column]
) -> list[Block]:
    """Own blocks joined with the published ones of the same student, smallest student first, teachers on top."""
    top: list[Row] = []
    students: dict[str, list[Row]] = {}
    for index, block in enumerate(published.blocks if published else ()):
        rows = [_published_row(f"published {index} {place}", row, columns) for place, row in enumerate(block.rows)]
        if all(row.is_teacher for row in block.rows):
            top += rows
        else:
            students.setdefault(block.architecture or "", []).extend(rows)
    for its in own:
        students.setdefault(its.architecture, []).extend(its.rows)
    blocks = [Block(student, architecture_title(student), tuple(rows)) for student, rows in students.items()]
    blocks.sort(key=order)
    first = Block("", "", tuple(top + teachers))
    return [first, *blocks] if first.rows else blocks


def order(block: Block) -> tuple[float, str]:
    """What blocks are sorted by: the smallest student first."""
    return min((row.parameters_m for row in block.rows if row.parameters_m), default=float("inf")), block.title


def _published_row(key: str, row: PublishedRow, columns: Sequence[Column]) -> Row:
    cells = {}
    for column in columns:
        if column.key in row.scores:
            notes = row.cell_notes.get(column.key, ())
            cells[column.key] = Cell("published", values=row.scores[column.key], notes=notes)
        else:
            cells[column.key] = Cell("blank")
    notes = row.notes + ((EXTRA_DATA_NOTE,) if row.extra_data else ())
    return Row(key, row.system, "published", cells, parameters_m=row.parameters_m, notes=notes)


def _with_footnotes(blocks: list[Block]) -> tuple[tuple[Block, ...], tuple[Footnote, ...]]:
    """Give every distinct note a letter in reading order, and the dagger to extra data."""
    marks: dict[str, str] = {}

    def mark(text: str) -> str:
        if text == EXTRA_DATA_NOTE:
            return marks.setdefault(text, "†")
        letters = sum(sign != "†" for sign in marks.values())
        return marks.setdefault(text, _letter(letters))

    done = []
    for block in blocks:
        rows = []
        for row in block.rows:
            row_marks = tuple(mark(note) for note in row.notes)
            cells = {key: replace(cell, marks=tuple(mark(note) for note in cell.notes)) if cell.notes else cell
                     for key, cell in row.cells.items()}  # fmt: skip
            rows.append(replace(row, marks=row_marks, cells=cells))
        done.append(replace(block, rows=tuple(rows)))
    letters_first = sorted(marks.items(), key=lambda item: item[1] == "†")
    return tuple(done), tuple(Footnote(sign, text) for text, sign in letters_first)


def _letter(index: int) -> str:
    """a … z, then a2 … z2, and so on."""
    round_, place = divmod(index, 26)
    return chr(ord("a") + place) + (str(round_ + 1) if round_ else "")
