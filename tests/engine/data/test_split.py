"""A run's data: targets, the readers' encodings, what the fingerprint depends on, and what a person is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import catalog
from engine.config import DistillationConfig, parse_config
from engine.data.split import TaskData, load_task_data
from tests.engine.conftest import WORDS, write_tokenizer


def load(toml: str, *overrides: str) -> TaskData:
    config: DistillationConfig = parse_config(toml, overrides=overrides)
    return load_task_data(config, catalog.tasks()[config.task.name])


def test_targets_of_classes_are_one_hot(toml: str) -> None:
    train = load(toml).train
    assert train.targets.dtype == np.float32 and train.targets.shape == (len(train), 2)
    assert train.targets.argmax(1).tolist() == train.labels.tolist() and (train.targets.sum(1) == 1).all()


@pytest.fixture
def scores(tiny: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "scores"
    folder.mkdir()
    for split in ("train", "validation"):
        text = (tiny / "pairs" / f"{split}.csv").read_text("utf-8")
        (folder / f"{split}.csv").write_text(text.replace(",1\n", ",4.5\n").replace(",0\n", ",2.5\n"), "utf-8")
    return folder


def test_targets_of_scores_are_probabilities(toml: str, scores: Path) -> None:
    train = load(toml, "task.name=stsb", f"task.source={scores}").train
    assert set(train.labels) == {4.5, 2.5}
    wanted = np.where(train.labels == 2.5, 0.5, 1 / (1 + np.exp(-2.0)))[:, None]
    assert train.targets == pytest.approx(wanted, rel=1e-6) and train.targets.shape == (len(train), 1)


def test_one_tokenizer_reads_once_and_two_read_twice(toml: str, tmp_path: Path) -> None:
    same = load(toml).train.encodings
    assert same["student"] is same["teacher"]
    other = write_tokenizer(tmp_path / "other", WORDS[:9])
    data = load(toml, f"student.tokenizer={other}")
    assert len(data.train.encodings["student"]) == len(data.train.encodings["teacher"]) == len(data.train)
    assert data.train.encodings["student"].tokens.max() < 14 == data.student_vocabulary < data.teacher_vocabulary


def test_without_a_teachers_loss_nobody_reads_for_the_teacher(toml: str) -> None:
    assert set(load(toml, "loss.kind=none").train.encodings) == {"student"}


def test_hidden_test_rows_are_no_split(toml: str, tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "with_test"
    folder.mkdir()
    for split in ("train", "validation"):
        (folder / f"{split}.csv").write_bytes((tiny / "pairs" / f"{split}.csv").read_bytes())
    (folder / "test.csv").write_text("sentence1,sentence2,label\nthe cat,a dog,-1\n", "utf-8")
    assert set(load(toml, f"task.source={folder}").splits) == {"train", "validation"}
    (folder / "test.csv").write_text("sentence1,sentence2,label\nthe cat,a dog,0\n", "utf-8")
    assert set(load(toml, f"task.source={folder}").splits) == {"train", "validation", "test"}


def test_the_fingerprint_is_that_of_rows_and_labels(toml: str, tiny: Path, tmp_path: Path) -> None:
    first = load(toml).fingerprint
    assert load(toml, "training.seed=5", "task.max_length=16").fingerprint == first
    changed = []
    for number, (old, new) in enumerate(
        [
            (
                "\n",
                "\n",
            ),
            ("the", "then"),
            (",1\n", ",0\n"),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        for split in ("train", "validation"):
            text = (tiny / "pairs" / f"{split}.csv").read_text("utf-8")
            (folder / f"{split}.csv").write_text(text.replace(old, new, 1) if split == "train" else text, "utf-8")
        changed.append(load(toml, f"task.source={folder}").fingerprint)
    assert changed[0] == first and len({first, *changed}) == 3


def test_rows_and_cut_rows_are_told(toml: str) -> None:
    assert load(toml).remarks == ["Rows: 44 train, 20 validation."]
    remarks = load(toml, "task.max_length=8").remarks
    cut = load(toml, "task.max_length=8").train.encodings["student"].cut
    assert 0 < cut < 44 and f"train: {cut} rows ({100 * cut / 44:.1f} %) are cut off at 8 tokens." in remarks
