"""The published rows are read whole, and a damaged file is refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import catalog
from engine.analysis.published import read_published
from engine.errors import DataError


def test_reads_every_score_of_the_asset() -> None:
    raw = json.loads((catalog.assets_folder() / "published_results.json").read_text(encoding="utf-8"))
    table = read_published()
    rows = [row for block in table.blocks for row in block.rows]
    raw_rows = [row for block in raw["table_2"]["blocks"] for row in block["rows"]]
    assert [row.system for row in rows] == [row["system"] for row in raw_rows]
    for row, given in zip(rows, raw_rows, strict=True):
        flat = {key: tuple(value) if isinstance(value, list) else (value,) for key, value in given["scores"].items()}
        assert row.scores == flat
        assert len(row.notes) + sum(map(len, row.cell_notes.values())) == len(given.get("notes", []))
    assert table.split == "test server"
    assert [column.key for column in table.columns] == list(raw["task_columns"])


def test_a_note_about_one_figure_goes_to_its_cell() -> None:
    vanilla = read_published().blocks[1].rows[0]
    assert vanilla.system == "Vanilla KD" and vanilla.architecture == "2x128"
    assert vanilla.cell_notes["mrpc"] == ("71.1 is that row's accuracy; its F1 is 81.1.",)
    assert set(vanilla.cell_notes) == {"mrpc", "stsb"}
    assert len(vanilla.notes) == 1 and vanilla.notes[0].startswith("Every figure")


def test_a_row_without_a_size_stands_in_its_block() -> None:
    block = read_published().blocks[2]
    mobile = next(row for row in block.rows if row.system == "MobileBERT tiny")
    assert mobile.architecture is None and block.architecture == "4x312"
    assert [row.system for row in block.rows if row.extra_data] == ["TinyBERT 4"]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"task_columns": {}, "table_2": {"source": "", "split": "", "blocks": [{"rows": [{}]}]}}'],
)
def test_a_damaged_file_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "published.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"cannot be used.*install the program again\."):
        read_published(file)


@pytest.mark.parametrize("score", [[], "x", float("nan"), None])
def test_a_score_that_is_no_number_is_refused(tmp_path: Path, score: object) -> None:
    raw = json.loads((catalog.assets_folder() / "published_results.json").read_text(encoding="utf-8"))
    raw["table_2"]["blocks"][0]["rows"][0]["scores"]["rte"] = score
    file = tmp_path / "published.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(DataError, match="cannot be used"):
        read_published(file)


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_published(tmp_path / "none.json")
