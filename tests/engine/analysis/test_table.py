"""Columns, blocks, published rows between one's own, and the footnotes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.analysis.cells import legend
from engine.analysis.published import PublishedTable, read_published
from engine.analysis.table import build_table
from engine.store.records import RunRecord, ScoreRow
from engine.types import Task

MakeRun = Callable[..., RunRecord]
Scored = Callable[..., ScoreRow]


@pytest.fixture(scope="module")
def published() -> PublishedTable:
    return read_published()


def test_without_runs_the_published_table_stands_alone(published: PublishedTable, tasks: dict[str, Task]) -> None:
    table = build_table([], [], published, tasks=tasks)
    assert [block.title for block in table.blocks] == ["", "2 × 128", "4 × 312", "6 × 768"]
    assert [column.title for column in table.columns][:2] == ["QQP", "MNLI (m/mm)"]
    assert table.columns[1].splits == ("validation_matched", "validation_mismatched")
    assert table.own_rows == 0 and table.published_split == "test server"
    assert all(cell.rank == 0 and cell.delta is None
               for block in table.blocks for row in block.rows for cell in row.cells.values())  # fmt: skip


def test_own_rows_join_the_block_of_their_student_after_the_published(
    make_run: MakeRun, scored: Scored, published: PublishedTable, tasks: dict[str, Task]
) -> None:
    runs = [make_run(), make_run(config={"student.architecture": "3x384"}, parameters=17_400_000)]
    table = build_table(runs, [scored(run, 0.8) for run in runs], published, tasks=tasks)
    assert [block.title for block in table.blocks] == ["", "2 × 128", "4 × 312", "3 × 384", "6 × 768"]
    kinds = [row.kind for row in table.blocks[1].rows]
    assert kinds == ["published", "published", "own"]
    assert table.blocks[1].has_baseline and not table.blocks[2].has_baseline


def test_a_published_row_is_never_ranked_with_an_own_one(
    make_run: MakeRun, scored: Scored, published: PublishedTable, tasks: dict[str, Task]
) -> None:
    none, kl = make_run(), make_run(kind="kl")
    table = build_table([none, kl], [scored(none, 0.10), scored(kl, 0.20)], published, tasks=tasks)
    ranks = {row.title: row.cells["mrpc"].rank for row in table.blocks[1].rows if row.kind == "own"}
    assert ranks == {"No teacher": 2, "Vanilla KD": 1}
    assert all(row.cells["mrpc"].rank == 0 for row in table.blocks[1].rows if row.kind == "published")


def test_own_only_keeps_columns_and_leaves_rows_out(
    make_run: MakeRun, scored: Scored, published: PublishedTable, tasks: dict[str, Task]
) -> None:
    run = make_run()
    table = build_table([run], [scored(run, 0.8)], published, show_published=False, tasks=tasks)
    assert [row.kind for block in table.blocks for row in block.rows] == ["own"]
    assert len(table.columns) == 7 and table.footnotes == () and table.source == ""


def test_a_task_outside_the_published_table_gets_a_column_when_it_has_runs(
    make_run: MakeRun, scored: Scored, published: PublishedTable, tasks: dict[str, Task]
) -> None:
    run = make_run("cola")
    table = build_table([run], [scored(run, 0.35, "matthews")], published, tasks=tasks)
    column = table.columns[-1]
    assert (column.title, column.metric, column.train_examples_k) == ("CoLA", "matthews", pytest.approx(8.551))
    assert table.blocks[0].rows[0].cells["cola"].state == "blank"
    assert "cola" not in {column.key for column in build_table([], [], published, tasks=tasks).columns}


def test_footnotes_in_reading_order_with_the_dagger_last(published: PublishedTable, tasks: dict[str, Task]) -> None:
    table = build_table([], [], published, tasks=tasks)
    assert [note.mark for note in table.footnotes] == ["a", "b", "c", "d", "e", "†"]
    vanilla = table.blocks[1].rows[0]
    assert vanilla.marks == ("a",)
    by_mark = {note.mark: note.text for note in table.footnotes}
    (mark,) = {vanilla.cells[key].marks for key in vanilla.cells if vanilla.cells[key].values == (71.1,)}
    assert by_mark[mark[0]].startswith("71.1 is that row's accuracy")
    tiny = [row for block in table.blocks for row in block.rows if row.title.startswith("TinyBERT")]
    assert [row.marks[-1] for row in tiny] == ["†", "†"]


def test_the_legend_names_the_metric_of_every_column(published: PublishedTable, tasks: dict[str, Task]) -> None:
    assert (
        legend(build_table([], [], published, tasks=tasks))
        == "Metrics: F1 (QQP, MRPC), Pearson (STS-B), accuracy (the rest)."
    )
