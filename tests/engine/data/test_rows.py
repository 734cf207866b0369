"""A task's rows: every split that is there, hidden labels only in test splits, and all faults at once."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import catalog
from engine.data.rows import load_rows, rows_are_local
from engine.errors import DataError
from tests.engine.data.conftest import GRADES, PAIRS


def test_the_splits_of_a_folder(pairs: Path) -> None:
    rows = load_rows(PAIRS, str(pairs))
    assert {name: len(split) for name, split in rows.items()} == {"train": 3, "validation": 2, "test": 1}
    assert rows["train"].texts == (["a cat", "a cat, red", "tree"], ["a dog", "a cat", "a tree"])
    assert rows["train"].labels.tolist() == [0, 1, 1] and rows["validation"].labels.tolist() == [1, 0]
    assert [split.hidden for split in rows.values()] == [False, False, True]


def test_a_test_split_may_be_absent_or_have_no_labels(pairs: Path, write: Any) -> None:
    write("test.csv", ("first", "second"), [("a", "b"), ("c", "d")])
    hidden = load_rows(PAIRS, str(pairs))["test"]
    assert hidden.hidden and hidden.labels.tolist() == [-1, -1]
    (pairs / "test.csv").unlink()
    assert list(load_rows(PAIRS, str(pairs))) == ["train", "validation"]


def test_a_test_split_with_labels_is_not_hidden(pairs: Path, write: Any) -> None:
    write("test.csv", ("first", "second", "label"), [("a", "b", "yes")])
    assert not load_rows(PAIRS, str(pairs))["test"].hidden


def test_all_evaluation_splits_are_needed(pairs: Path) -> None:
    two = replace(PAIRS, evaluation_splits=("validation", "other"))
    with pytest.raises(DataError, match="has no other file; it needs other.parquet, other.csv or other.jsonl.$"):
        load_rows(two, str(pairs))


@pytest.mark.parametrize("split", ["train", "validation"])
def test_hidden_labels_neither_train_nor_are_scored(pairs: Path, write: Any, split: str) -> None:
    write(f"{split}.csv", ("first", "second", "label"), [("a", "b", -1), ("c", "d", -1)])
    with pytest.raises(
        DataError, match=f"every label is -1, which means hidden, so the split {split} can neither train"
    ):
        load_rows(PAIRS, str(pairs))


def test_every_fault_is_said_at_once(pairs: Path, write: Any) -> None:
    write("train.csv", ("first", "second", "label"), [("a", "b", 3), ("", " ", 1)])
    write("validation.csv", ("first", "second"), [("a", "b")])
    (pairs / "test.csv").write_bytes(b"first,second\n\xff,b\n")
    with pytest.raises(DataError) as caught:
        load_rows(PAIRS, str(pairs))
    lines = sorted(str(caught.value).splitlines())
    assert len(lines) == 4
    assert "test.csv is not UTF-8: byte 13 (line 2)" in lines[0]
    assert "train.csv, row 1, column “label”: “3” is not a label" in lines[1]
    assert "train.csv, row 2, column “first” and “second”: there is no text" in lines[2]
    assert "validation.csv has no column “label” with the labels; add it." in lines[3]


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_an_empty_split_is_refused(pairs: Path, ending: str) -> None:
    (pairs / "train.csv").unlink()
    (pairs / f"train{ending}").write_text("first,second,label\n" if ending == ".csv" else "\n", "utf-8")
    with pytest.raises(DataError, match=f"train{ending} has no rows; the split train needs at least one."):
        load_rows(PAIRS, str(pairs))


def test_two_files_for_one_split_are_refused(pairs: Path, write: Any) -> None:
    write("train.jsonl", ("first", "second", "label"), [("a", "b", 1)])
    with pytest.raises(DataError, match="has both train.csv and train.jsonl; keep one of them."):
        load_rows(PAIRS, str(pairs))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder .*nowhere; give the folder that holds train.parquet"):
        load_rows(PAIRS, str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("cell", "words"),
    [(None, "an empty cell"), (7, "7, which is not text"), ("\ud800", "half a character"), ({"a": 1}, "not text")],
)
def test_a_cell_that_is_no_text_is_refused_with_its_row(pairs: Path, write: Any, cell: Any, words: str) -> None:
    (pairs / "train.csv").unlink()
    write("train.jsonl", ("first", "second", "label"), [("a", "b", 1), ("c", cell, 0)])
    with pytest.raises(DataError, match=f"train.jsonl, row 2, column “second”: .*{words}"):
        load_rows(PAIRS, str(pairs))


def test_one_blank_sentence_of_a_pair_is_allowed(pairs: Path, write: Any) -> None:
    write("train.csv", ("first", "second", "label"), [("a", "", 1)])
    assert load_rows(PAIRS, str(pairs))["train"].texts == (["a"], [""])


def test_scores_that_are_no_numbers_are_refused(write: Any) -> None:
    write("validation.csv", ("text", "label"), [("a", 1.5)])
    folder = write("train.parquet", ("text", "label"), [("a", 4.0), ("b", float("nan"))])
    with pytest.raises(DataError, match="train.parquet, row 2, column “label”: nan is not a label of Grades"):
        load_rows(GRADES, str(folder))


def test_the_bundled_rows_need_no_source() -> None:
    task = catalog.tasks()["tickets"]
    assert rows_are_local(task, None)
    rows = load_rows(task, None)
    assert list(rows) == ["train", "validation", "test"]
    assert set(np.unique(rows["train"].labels)) == set(range(5))


def test_the_hubs_rows_are_not_here_until_they_are_downloaded() -> None:
    task = catalog.tasks()["mrpc"]
    assert rows_are_local(task, "anywhere") and not rows_are_local(task, None)


def test_a_split_missing_on_the_hub_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"first": "a", "second": "b", "label": 1}\n', "utf-8")
    task = replace(PAIRS, hub=(str(tmp_path), "default"))
    with pytest.raises(DataError, match="has no split validation.$"):
        load_rows(task, None)


def test_reading_rows_leaves_torch_alone(pairs: Path) -> None:
    code = (
        "import sys; from engine import catalog; from engine.data import metrics; from engine.data.rows import load_rows;"
        "load_rows(catalog.tasks()['tickets'], None); sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
