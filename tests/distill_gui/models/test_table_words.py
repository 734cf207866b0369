"""Tooltips say in words all that the cell shows by looks."""

from __future__ import annotations

from distill_gui.models.table_words import cell_words, column_words, row_words
from engine.analysis.cells import Cell, Column, Other, Row, Table

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
    assert "Click" not in cell_words(Cell("blank"), OWN, COLUMN, TABLE)


def test_heads_and_rows() -> None:
    assert column_words(COLUMN) == "MRPC: F1, in percent\n3.7 thousand training rows"
    pair = Column("mnli", "MNLI (m/mm)", "accuracy", None, ("validation_matched", "validation_mismatched"))
    assert column_words(pair) == "MNLI (m/mm): accuracy (m / mm), in percent"
    assert "baseline" in row_words(Row("n", "No teacher", "own", {}, is_baseline=True), TABLE)
    assert "teacher's own score" in row_words(Row("t", "big", "own teacher", {}), TABLE)
