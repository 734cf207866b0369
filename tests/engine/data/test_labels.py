"""Label cells as numbers: names and numbers mean the same, and what is no label is refused with its row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.data.labels import read_labels
from engine.errors import DataError
from tests.engine.data.conftest import GRADES, PAIRS


def test_numbers_and_names_mean_the_same() -> None:
    found = read_labels(PAIRS, [0, "1", "yes", " No ", 1.0, "1.0"], "x.csv")
    assert found.dtype == np.int64 and found.tolist() == [0, 1, 1, 0, 1, 1]


def test_scores_are_float64() -> None:
    found = read_labels(GRADES, [0, "2.5", 5.0, 4], "x.csv")
    assert found.dtype == np.float64 and found.tolist() == [0.0, 2.5, 5.0, 4.0]


@pytest.mark.parametrize("wrong", [2, -2, 0.5, "2", "maybe", "", None, True, float("nan"), [1], 10**400, "nan"])
def test_what_is_no_class_is_refused_with_its_row(wrong: Any) -> None:
    with pytest.raises(
        DataError, match="^x.csv, row 2, column “label”: .* is not a label of Pairs; it must be a whole number"
    ):
        read_labels(PAIRS, [1, wrong, 0], "x.csv")


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "NaN", 5.01, -0.5, "good", None, False])
def test_what_is_no_score_is_refused_with_its_row(wrong: Any) -> None:
    with pytest.raises(DataError, match="^x.csv, row 3, column “label”: .* it must be a number from 0 to 5.$"):
        read_labels(GRADES, [1, 2, wrong], "x.csv")


def test_further_faulty_rows_are_counted() -> None:
    with pytest.raises(DataError, match="row 1, .*: 7 is not a label of Pairs \\(3 rows like it\\)"):
        read_labels(PAIRS, [7, 1, 8, "?"], "x.csv")


def test_a_long_cell_is_cut_in_the_sentence() -> None:
    with pytest.raises(DataError) as caught:
        read_labels(PAIRS, ["x" * 5000], "x.csv")
    assert len(str(caught.value)) < 250


def test_hidden_labels_are_all_or_none() -> None:
    assert read_labels(PAIRS, [-1, "-1"], "x.csv").tolist() == [-1, -1]
    assert read_labels(GRADES, [-1.0, -1], "x.csv").tolist() == [-1, -1]
    with pytest.raises(DataError, match="row 2, .*the label is -1, which means hidden, and so it is in 1 of 3 rows"):
        read_labels(PAIRS, [1, -1, 0], "x.csv")


def test_the_files_own_class_names_decide_the_order() -> None:
    assert read_labels(PAIRS, [0, 1, -1 + 1], "x.parquet", ("Yes", "no")).tolist() == [1, 0, 1]
    assert read_labels(PAIRS, [0, 1], "x.parquet", ("no", "yes")).tolist() == [0, 1]
    with pytest.raises(DataError, match="x.parquet names its classes good, bad, but Pairs has no, yes"):
        read_labels(PAIRS, [0, 1], "x.parquet", ("good", "bad"))
