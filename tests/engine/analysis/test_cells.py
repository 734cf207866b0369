"""Words around the figures, and what a row says of its seeds."""

from __future__ import annotations

from engine.analysis.cells import (
    Block,
    Cell,
    Column,
    Row,
    Table,
    closing,
    left_out_words,
    legend,
    metric_title,
    remarks,
    split_title,
)


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


def test_remarks_say_only_what_is_so() -> None:
    table = Table((), (Block("", "", (Row("r", "KD · 1 more differs", "own", {}, more=("batch 64",)),)),), ())
    assert remarks(table) == [] and closing(table) == [
        "Names cut short also differ in: “KD · 1 more differs”: batch 64."
    ]
    full = Table((), (), (), has_gradient=True, left_out=("interrupted", "stopped", "stopped"))
    assert [text.split(":")[0] for text in remarks(full)] == [
        "Gradient share",
        "Not counted, as they ended before their last step",
    ]
    assert left_out_words(full.left_out) == "2 stopped, 1 interrupted" and left_out_words(()) == ""
