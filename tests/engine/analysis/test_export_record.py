"""The note in an exported folder comes back as written, and a damaged or foreign one is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.analysis.export_record import FILE_NAME, ExportRecord, read_record, write_record

RECORD = ExportRecord(3, "λ <b>", "huggingface", ("config.json", "model.safetensors"), 6, 0.0)


def test_comes_back_as_written(tmp_path: Path) -> None:
    assert write_record(tmp_path, RECORD) == tmp_path / FILE_NAME
    assert read_record(tmp_path) == RECORD


@pytest.mark.parametrize(
    "change",
    [
        {"program": "other"},
        {"files": ["../x"]},
        {"files": None},
        {"run": "x"},
        {"largest_difference": "nan"},
        {"name": None},
    ],
)
def test_a_foreign_or_damaged_record_is_none(tmp_path: Path, change: dict[str, object]) -> None:
    file = write_record(tmp_path, RECORD)
    raw = json.loads(file.read_text(encoding="utf-8"))
    if change == {"name": None}:
        del raw["name"]
    file.write_text(json.dumps(raw | {key: value for key, value in change.items() if key != "name"}), encoding="utf-8")
    assert read_record(tmp_path) is None


def test_no_file_no_json_and_a_link_are_none(tmp_path: Path) -> None:
    assert read_record(tmp_path / "nowhere") is None
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe")
    assert read_record(tmp_path) is None
    (tmp_path / "real").mkdir()
    write_record(tmp_path / "real", RECORD)
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "real" / FILE_NAME)
    assert read_record(tmp_path) is None
