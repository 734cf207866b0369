"""The real GLUE rows, where they lie beside this project: every task loads, and the counts are those of the manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import catalog
from engine.config import parse_config
from engine.data.rows import load_rows
from engine.data.split import load_task_data
from engine.models.shape import EncoderShape
from engine.training.evaluate import evaluate
from tests.engine.conftest import encoder_config

GLUE = Path(__file__).resolve().parents[4] / "shared" / "data" / "glue"
HERE = ("mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb")
NOT_ALL_TRAIN_ROWS = {"mnli", "qnli", "qqp"}
pytestmark = pytest.mark.skipif(not GLUE.is_dir(), reason=f"the GLUE rows are not at {GLUE}")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GLUE / "manifest.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", HERE)
def test_every_row_of_every_split_is_read(name: str, manifest: dict[str, Any]) -> None:
    task = catalog.tasks()[name]
    rows = load_rows(task, str(GLUE / name))
    assert {split: len(found) for split, found in rows.items()} == {
        split: said["rows"] for split, said in manifest[name].items()
    }
    for split, found in rows.items():
        assert all(len(texts) == len(found) for texts in found.texts) and len(found.texts) == len(task.text_columns)
        if task.kind == "classification":
            counts = {
                str(label): int(count)
                for label, count in zip(*np.unique(found.labels, return_counts=True), strict=True)
            }
            assert counts == manifest[name][split]["labels"]
    assert (len(rows["train"]) == task.train_rows) == (name not in NOT_ALL_TRAIN_ROWS)


@pytest.mark.parametrize("name", ["qnli", "rte", "sst2", "stsb"])
def test_the_labels_of_the_test_split_are_hidden(name: str) -> None:
    assert load_rows(catalog.tasks()[name], str(GLUE / name))["test"].hidden


def test_mrpcs_test_labels_are_known() -> None:
    assert not load_rows(catalog.tasks()["mrpc"], str(GLUE / "mrpc"))["test"].hidden


def test_the_files_name_the_classes_as_the_tasks_do() -> None:
    from engine.data.columns import read_file

    for name in HERE:
        task = catalog.tasks()[name]
        file = GLUE / name / f"{task.evaluation_splits[0]}.parquet"
        names = read_file(file, ("label",)).class_names
        assert names == ({"label": task.labels} if task.labels else {})


def test_stsb_scores_reach_both_ends_of_the_range() -> None:
    labels = load_rows(catalog.tasks()["stsb"], str(GLUE / "stsb"))["train"].labels
    assert (labels.min(), labels.max(), labels.dtype) == (0.0, 5.0, np.float64)


def test_mnli_is_scored_on_matched_and_mismatched_rows(tiny: Path, tmp_path: Path) -> None:
    import pyarrow.parquet
    import torch
    from transformers import AutoModelForSequenceClassification

    task = catalog.tasks()["mnli"]
    for split in (task.train_split, *task.evaluation_splits):
        rows = pyarrow.parquet.read_table(GLUE / "mnli" / f"{split}.parquet").slice(0, 50)
        pyarrow.parquet.write_table(rows, tmp_path / f"{split}.parquet")
    config = parse_config(
        f"""
        task = {{name = "mnli", source = "{tmp_path.as_posix()}"}}
        student = {{architecture = "1x16", tokenizer = "{(tiny / "teacher").as_posix()}"}}
        loss = {{kind = "none"}}
        """
    )
    data = load_task_data(config, task)
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(
        encoder_config(EncoderShape(1, 16, 1, 32, data.student_vocabulary), task)
    )
    splits = {name: data.splits[name] for name in task.evaluation_splits}
    seen = evaluate(model, task, splits, torch.device("cpu"), None)
    scores = seen.scores
    assert set(scores) == {"validation_matched", "validation_mismatched"}
    assert {"validation_matched/accuracy", "validation_mismatched/accuracy", "validation/loss"} == set(seen.values)
    assert seen.key == np.mean([found["accuracy"] for found in scores.values()])
    assert all(0 <= found["accuracy"] <= 1 for found in scores.values())
