"""Figures as text: one decimal, true minus, no negative zero."""

from __future__ import annotations

import pytest

from engine.analysis import cell_text
from engine.analysis.cells import Cell, Column, Gradient, Row, Table

TABLE = Table((), (), (), "paper", "test server")


def test_figures_and_missing_parts() -> None:
    assert cell_text.figure_text(Cell("result", values=(82.04,))) == "82.0"
    assert cell_text.figure_text(Cell("published", values=(84.6, 84.9))) == "84.6/84.9"
    assert cell_text.figure_text(Cell("result", values=(74.0, None))) == "74.0/–"
    assert cell_text.figure_text(Cell("result", values=(-3.21,))) == "−3.2"
    assert cell_text.figure_text(Cell("result", values=(-0.01,))) == "0.0"
    assert cell_text.figure_text(Cell("result", values=(100.0,))) == "100.0"


def test_spreads_long_and_short() -> None:
    cell = Cell("result", values=(82.0, 81.0), spreads=(0.34, 1.26))
    assert cell_text.spread_text(cell) == "± 0.3/1.3" and cell_text.spread_text(cell, short=True) == "±.3/1.3"
    assert cell_text.spread_text(Cell("result", values=(82.0,), spreads=(0.0,)), short=True) == "±.0"
    assert cell_text.spread_text(Cell("result", values=(82.0,), spreads=(10.0,)), short=True) == "±10.0"
    assert cell_text.spread_text(Cell("result", values=(82.0,), spreads=(None,))) == ""


@pytest.mark.parametrize(
    ("delta", "text"), [(None, ""), (0.44, "+0.4"), (-0.06, "−0.1"), (0.04, "±0.0"), (-0.04, "±0.0"), (12.0, "+12.0")]
)
def test_deltas_are_always_signed(delta: float | None, text: str) -> None:
    assert cell_text.delta_text(delta) == text


def test_sizes_of_models_and_tasks() -> None:
    sizes = [
        ("published", 4.0, "4"),
        ("own", 4.386, "4.4"),
        ("own", 0.0489, "0.049"),
        ("own", 0.62, "0.62"),
        ("own", None, "–"),
    ]
    for kind, size, text in sizes:
        assert cell_text.parameters_text(Row("r", "r", kind, {}, parameters_m=size)) == text  # type: ignore[arg-type]
    assert cell_text.train_size_text(Column("a", "A", "f1", 363.846, ("validation",))) == "363.8 K"
    assert cell_text.train_size_text(Column("a", "A", "f1", None, ("validation",))) == ""


def test_what_a_row_and_a_cell_are() -> None:
    assert cell_text.badge_text(Row("r", "r", "published", {}), TABLE) == "published · test server"
    assert cell_text.badge_text(Row("r", "r", "own teacher", {}), TABLE) == "teacher · validation"
    assert cell_text.badge_text(Row("r", "r", "own", {}), TABLE) == ""
    assert cell_text.state_text(Cell("running", progress=0.625)) == "62 % ▸"
    assert cell_text.state_text(Cell("running")) == "running ▸"
    assert cell_text.state_text(Cell("queued")) == "queued" and cell_text.state_text(Cell("empty")) == ""
    assert [cell_text.seeds_text(count) for count in (1, 3)] == ["1 seed", "3 seeds"]


def test_gradients_as_text_only_where_the_table_tells_them() -> None:
    row = Row("r", "r", "own", {}, gradient=Gradient(99.96, 0.004, 1))
    assert cell_text.gradient_texts(row, TABLE) == [] and cell_text.gradient_heads(TABLE) == ()
    telling = Table((), (), (), has_gradient=True)
    assert cell_text.gradient_texts(row, telling) == ["100.0", "0.00"]
    assert cell_text.gradient_texts(Row("r", "r", "own", {}), telling) == ["–", "–"]
    assert cell_text.gradient_texts(Row("r", "r", "published", {}), telling) == ["", ""]
    assert len(cell_text.gradient_heads(telling)) == 2
