"""Tooltips say in words all that the cell shows by looks."""

from __future__ import annotations

from distill_gui.models.table_words import cell_words, column_words, gradient_words, row_words
from engine.analysis.cells import Cell, Column, Gradient, Other, Row, Table

COLUMN = Column("mrpc", "MRPC", "f1", 3.668, ("validation",))
TABLE = Table((COLUMN,), (), (), "the paper", "test server")
OWN = Row("k", "Vanilla KD", "own", {})


def test_a_figure_in_words() -> None:
    cell = Cell("result", values=(82.0,), spreads=(0.4,), seeds=3, rank=1, delta=-0.4, active=2,
                others=(Other("accuracy", 75.0, None),))  # fmt: skip
    words = cell_words(cell, OWN, COLUMN, TABLE)
    for part in ("MRPC · Vanilla KD", "F1 82.0 ± 0.4 over 3 seeds, on validation", "accuracy 75.0", "Best of the comparable",
                 "−0.4 points against no teacher", "2 more runs are"):  # fmt: skip
        assert part in words


def test_the_note_of_an_own_figure_is_a_sentence() -> None:
    cell = Cell(
        "result", values=(80.4,), spreads=(None,), seeds=1, notes=("trained on 96 of 3,668 rows, scored on 64",)
    )
    assert "\nTrained on 96 of 3,668 rows, scored on 64.\n" in cell_words(cell, OWN, COLUMN, TABLE)


def test_a_published_figure_says_where_it_was_measured_and_its_notes() -> None:
    row = Row("p", "Vanilla KD", "published", {}, notes=("equals another row",))
    words = cell_words(Cell("published", values=(71.1,), notes=("is accuracy",)), row, COLUMN, TABLE)
    assert "measured on the test server" in words and "equals another row" in words and "is accuracy" in words
    assert "the paper" in row_words(row, TABLE) and "Never ranked" in row_words(row, TABLE)


def test_every_other_state_says_what_a_click_does() -> None:
    assert "Click to compose" in cell_words(Cell("empty"), OWN, COLUMN, TABLE)
    assert "62 %" in cell_words(Cell("running", progress=0.62), OWN, COLUMN, TABLE)
    assert "queue" in cell_words(Cell("queued"), OWN, COLUMN, TABLE)
    assert "failed" in cell_words(Cell("failed"), OWN, COLUMN, TABLE)
    stopped = cell_words(Cell("stopped", left_out=("stopped", "failed")), OWN, COLUMN, TABLE)
    assert "No figure: 1 stopped, 1 failed before the last step." in stopped
    assert "Click" not in cell_words(Cell("blank"), OWN, COLUMN, TABLE)


def test_heads_and_rows() -> None:
    assert column_words(COLUMN) == "MRPC: F1, in percent\n3.7 thousand training rows"
    pair = Column("mnli", "MNLI (m/mm)", "accuracy", None, ("validation_matched", "validation_mismatched"))
    assert column_words(pair) == "MNLI (m/mm): accuracy (m / mm), in percent"
    assert "baseline" in row_words(Row("n", "No teacher", "own", {}, is_baseline=True), TABLE)
    assert "teacher's own score" in row_words(Row("t", "big", "own teacher", {}), TABLE)


def test_what_does_not_count_and_what_the_name_left_out_is_said() -> None:
    counted = Cell("result", values=(82.0,), spreads=(0.4,), seeds=2, left_out=("stopped",))
    assert "Not counted: 1 stopped before the last step." in cell_words(counted, OWN, COLUMN, TABLE)
    cut = Row("k", "Vanilla KD · 2 more differ", "own", {}, more=("batch 64", "lr 0.002"))
    assert "Also differs in: batch 64, lr 0.002." in row_words(cut, TABLE)


def test_the_gradient_in_words() -> None:
    words = gradient_words(Row("k", "Vanilla KD", "own", {}, gradient=Gradient(41.34, 0.25, 3)))
    assert "41.3 % of the student's gradient is not the labels'" in words and "0.25 of 1" in words and "3 runs" in words
    assert "No gradient share was logged" in gradient_words(OWN)
    assert "Only own runs" in gradient_words(Row("p", "Vanilla KD", "published", {}))
