"""Folders of rows to read: a good one, and ways to spoil it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.types import Task

PAIRS = Task(
    name="pairs",
    title="Pairs",
    about="pairs of sentences",
    text_columns=("first", "second"),
    kind="classification",
    metrics=("accuracy",),
    labels=("no", "yes"),
)
GRADES = Task(
    name="grades",
    title="Grades",
    about="a number for a sentence",
    text_columns=("text",),
    kind="regression",
    metrics=("pearson",),
    score_range=(0.0, 5.0),
)


def _line(row: dict[str, Any]) -> str:
    """One line of JSON, characters written as themselves where a file can hold them."""
    plain = json.dumps(row, ensure_ascii=False)
    return (plain if "\ud800" not in plain else json.dumps(row)) + "\n"


Row = Sequence[Any]
Write = Callable[[str, Sequence[str], Sequence[Row]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write ``file name, column names, rows`` into a folder and return the folder."""

    def write(name: str, columns: Sequence[str], rows: Sequence[Row]) -> Path:
        folder = tmp_path / "rows"
        folder.mkdir(exist_ok=True)
        file = folder / name
        if file.suffix == ".csv":
            with file.open("w", newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerows([columns, *rows])
        elif file.suffix == ".jsonl":
            file.write_text("".join(_line(dict(zip(columns, row, strict=True))) for row in rows), "utf-8")
        else:
            import pyarrow
            from pyarrow import parquet

            parquet.write_table(
                pyarrow.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))), file
            )
        return folder

    return write


@pytest.fixture
def pairs(write: Write) -> Path:
    """A good folder: train and validation as CSV, test with hidden labels."""
    columns = ("first", "second", "label")
    write("train.csv", columns, [("a cat", "a dog", "no"), ("a cat, red", "a cat", "yes"), ("tree", "a tree", 1)])
    write("validation.csv", columns, [("mat", "a mat", "Yes"), ("mat", "a dog", 0)])
    return write("test.csv", columns, [("sun", "moon", -1)])
