"""Words around the figures, and what a row says of its seeds."""

from __future__ import annotations

from engine.analysis.cells import Cell, Column, Row, Table, legend, metric_title, split_title


def test_a_row_names_its_seeds_only_when_all_figures_agree() -> None:
    three, two = Cell("result", values=(1.0,), seeds=3), Cell("result", values=(1.0,), seeds=2)
    other = Cell("running", progress=0.5)
    assert Row("r", "r", "own", {"a": three, "b": other, "c": three}).seeds == 3
    assert Row("r", "r", "own", {"a": three, "b": two}).seeds is None
    assert Row("r", "r", "own", {"b": other}).seeds is None


def test_legend_of_one_metric_and_of_none() -> None:
    one = Table((Column("a", "A", "accuracy", None, ("validation",)),), (), ())
    assert legend(one) == "Metrics: accuracy."
    assert legend(Table((), (), ())) == ""


def test_names_in_prose() -> None:
    assert metric_title("f1") == "F1" and metric_title("new_metric") == "new metric"
    assert split_title("validation_mismatched") == "mm" and split_title("test") == "test"
