"""The table as CSV: numbers that parse back, names that no spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest

from engine.analysis.cells import Table
from engine.exporters.table_csv import render, safe


def test_numbers_parse_back(table: Table) -> None:
    rows = list(csv.DictReader(io.StringIO(render(table))))
    published, none, kl = rows
    assert float(kl["MRPC f1"]) == pytest.approx(82.0) and kl["MRPC std"] == "" and kl["MRPC seeds"] == "1"
    assert float(kl["MRPC delta"]) == pytest.approx(0.4)
    assert float(kl["MNLI m accuracy"]) == pytest.approx(74.0) and kl["MNLI mm accuracy"] == ""
    assert float(kl["MNLI m std"]) == pytest.approx(1.25)
    assert none["MNLI m accuracy"] == "" and float(none["parameters_m"]) == pytest.approx(4.386)
    assert (published["kind"], published["split"]) == ("published", "test server")
    assert none["split"] == "validation"
    assert published["notes"].startswith("another table's row more data 71.1 is accuracy")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_name_is_never_a_formula(text: str) -> None:
    assert safe(text) == "'" + text
    assert safe("Vanilla KD") == "Vanilla KD"


def test_gradient_columns_only_where_asked_for(table: Table, whole_table: Table) -> None:
    assert "gradient_share_percent" not in render(table)
    published, none, kl = csv.DictReader(io.StringIO(render(whole_table)))
    assert float(kl["gradient_share_percent"]) == pytest.approx(41.34) and float(
        kl["teacher_influence"]
    ) == pytest.approx(0.125)
    assert none["gradient_share_percent"] == published["gradient_share_percent"] == ""
    assert float(kl["MRPC f1"]) == pytest.approx(82.0), "the other columns stay in place"
    assert kl["notes"].startswith("also differs in: batch 64, layers 1↔2, ") and kl["notes"].endswith(
        "not counted: 2 stopped, 1 failed"
    )
