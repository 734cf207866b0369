"""Figures of a part of a task's rows carry a note that says of how many; figures of all rows carry none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.analysis.formats import table_formats
from engine.analysis.published import read_published
from engine.analysis.subset import subset_notes
from engine.analysis.table import build_table
from engine.store.records import RunRecord, ScoreRow
from engine.types import Task

MakeRun = Callable[..., RunRecord]
Scored = Callable[..., ScoreRow]


def test_a_subset_is_told_with_both_numbers(make_run: MakeRun) -> None:
    run = make_run(train_rows=96, evaluation_rows=64)
    assert subset_notes([run], 3668) == ("trained on 96 of 3,668 rows, scored on 64",)
    assert subset_notes([run], 3668, trained=False) == ("scored on 64 rows",)


def test_all_rows_no_official_number_and_no_word_of_the_run_need_no_note(make_run: MakeRun) -> None:
    assert subset_notes([make_run(train_rows=3668, evaluation_rows=408)], 3668) == ()
    assert subset_notes([make_run(train_rows=96, evaluation_rows=64)], 0) == ()
    assert subset_notes([make_run()], 3668) == ()


def test_runs_over_different_rows_are_told_as_a_range(make_run: MakeRun) -> None:
    runs = [make_run(train_rows=3668, evaluation_rows=408), make_run(train_rows=1000, evaluation_rows=408)]
    assert subset_notes(runs, 3668) == ("trained on 1,000–3,668 of 3,668 rows, scored on 408",)


def test_of_an_older_run_the_steps_tell_the_most_rows_there_can_have_been(make_run: MakeRun) -> None:
    assert subset_notes([make_run(steps_per_epoch=3)], 3668) == ("trained on at most 96 of 3,668 rows",)
    whole = make_run(steps_per_epoch=115)  # 115 × 32 = 3,680, the last batch not full
    assert subset_notes([whole], 3668) == ()


@pytest.mark.parametrize("name", ["text", "markdown", "csv", "latex", "json", "html"])
def test_every_format_marks_the_cell_between_published_rows(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task], name: str
) -> None:
    part = make_run(kind="kl", train_rows=96, evaluation_rows=64)
    whole = make_run(kind="none", train_rows=3668, evaluation_rows=408)
    scores = [scored(part, 0.8043), scored(whole, 0.8123), scored(part, 0.9, model="teacher")]
    table = build_table([part, whole], scores, read_published(), tasks=tasks)
    marked = [row.title for block in table.blocks for row in block.rows if row.kind != "published"
              for cell in row.cells.values() if cell.notes]  # fmt: skip
    assert marked == ["big · fine-tuned", "Vanilla KD"]
    note = next(note for note in table.footnotes if note.text == "trained on 96 of 3,668 rows, scored on 64")
    written = table_formats()[name].render(table)
    assert note.text in written
    mark = {
        "text": f"80.4' {note.mark} (1)", "markdown": f"<u>80.4</u><sup>{note.mark}</sup>",
        "html": f"<u>80.4</u><sup>{note.mark}</sup>", "latex": f"\\underline{{80.4}}$^{{{note.mark}}}$",
        "csv": "80.43", "json": "80.43",
    }  # fmt: skip
    assert mark[name] in written
    assert not [cell for block in table.blocks for row in block.rows for cell in row.cells.values()
                if cell.state == "result" and cell.values == (81.23,) and cell.marks]  # fmt: skip
