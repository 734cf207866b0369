"""The table as JSON: every number unrounded."""

from __future__ import annotations

import json

import pytest

from engine.analysis.cells import Table
from engine.exporters.table_json import render


def test_figures_come_back_unrounded(table: Table) -> None:
    data = json.loads(render(table))
    (block,) = data["blocks"]
    published, none, kl = block["rows"]
    assert kl["cells"]["mrpc"] == {
        "state": "result", "values": [82.0], "spreads": [None], "seeds": 1, "rank": 1, "delta": 0.4, "runs": [7],
        "others": [{"name": "accuracy", "mean": 75.0, "spread": None}],
    }  # fmt: skip
    assert none["cells"]["mnli"] == {"state": "running", "progress": pytest.approx(0.62)}
    assert "own" not in kl["cells"] and published["kind"] == "published"
    assert data["published_split"] == "test server" and data["own_split"] == "validation" and data["unit"] == "percent"
    assert [column["key"] for column in data["columns"]] == ["mrpc", "mnli", "own"]
