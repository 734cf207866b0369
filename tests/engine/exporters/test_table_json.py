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


def test_gradient_settings_left_out_and_runs_not_counted(table: Table, whole_table: Table, hostile: str) -> None:
    _, none, kl = json.loads(render(whole_table))["blocks"][0]["rows"]
    assert kl["gradient"] == {"share": 41.34, "influence": 0.125, "runs": 3} and none["gradient"]["share"] is None
    assert kl["more_settings"] == ["batch 64", "layers 1↔2", hostile]
    assert kl["cells"]["mrpc"]["left_out"] == ["stopped", "stopped", "failed"]
    assert any("2 stopped, 1 failed" in text for text in json.loads(render(whole_table))["remarks"])
    assert "gradient" not in json.loads(render(table))["blocks"][0]["rows"][2]
