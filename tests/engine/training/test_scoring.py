"""What a whole run says its student and teacher are worth: computed once, of the weights that are kept, in the run's precision."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import catalog
from engine.config import parse_config
from engine.data.split import load_task_data
from engine.events import Phase, Unscored
from engine.models.load import load_classifier
from engine.training import answers, evaluate, keeper
from engine.training.distil import distil
from engine.training.evaluate import predict, predict_batches
from tests.engine.training.whole_run import Ear, train


def test_kept_student_gives_the_same_logits_in_plain_transformers(toml: str, home: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    config = parse_config(toml)
    outcome, ear = train(config, home, tmp_path / "a")
    assert outcome.student is not None
    model = AutoModelForSequenceClassification.from_pretrained(outcome.student).eval()
    tokenizer = AutoTokenizer.from_pretrained(outcome.student)
    task = catalog.tasks()["mrpc"]
    split = load_task_data(config, task).splits["validation"]
    ours = predict(model, split, torch.device("cpu"), None)
    import csv

    with (Path(config.task.source or "") / "validation.csv").open() as file:
        rows = list(csv.DictReader(file))
    theirs = []
    with torch.inference_mode():
        for row in rows:
            theirs.append(model(**tokenizer(row["sentence1"], row["sentence2"], return_tensors="pt")).logits[0].numpy())
    np.testing.assert_allclose(ours, np.stack(theirs), atol=1e-5)
    found = np.mean(ours.argmax(1) == split.labels)
    assert ear.scores()["student", "validation", "accuracy"] == pytest.approx(float(found))


@pytest.mark.parametrize("pausing", [False, True])
def test_a_stop_while_the_student_is_scored_leaves_the_rest_of_the_scoring(
    toml: str, home: Path, tiny: Path, tmp_path: Path, pausing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "FREE_S", 1e9)  # however slow the disk, every checkpoint that is due is written
    rows = shutil.copytree(tiny / "pairs", tmp_path / "pairs")
    shutil.copy(rows / "validation.csv", rows / "test.csv")
    config = parse_config(toml, overrides=["loss.kind=none", f"task.source={rows.as_posix()}"])
    folder, ear = tmp_path / "a", Ear()
    folder.mkdir()
    home.mkdir(exist_ok=True)
    outcome = distil(
        config, home, folder, ear, lambda: Phase("scoring the student") in ear.events, pausing=lambda: pausing
    )
    assert outcome.stopped and not ear.scores() and (folder / "checkpoints" / "student-000000006").is_dir()
    assert (outcome.student is None) is pausing and (folder / "student").exists() is not pausing
    again, more = train(config, home, folder)
    assert not again.stopped and more.scores() and not more.curve("train/loss") and again.student is not None


def test_the_scores_of_a_student_that_a_stop_kept_are_void_before_another_one_has_its_place(
    toml: str, home: Path, tmp_path: Path
) -> None:
    """Whatever becomes of the run then, a stop before the new one is scored, or its death: nobody reads them of the new one."""
    config = parse_config(toml, overrides=["loss.kind=none", "training.epochs=3", "training.keep=last"])
    folder, first = tmp_path / "a", Ear()
    train(config, home, folder, lambda: bool(first.curve("validation/loss")), first)
    before = (folder / "student" / "model.safetensors").read_bytes()
    assert first.scores() and Unscored("student") not in first.events
    ear, flushed = Ear(), []

    def flush(seconds: float) -> bool:
        same = (folder / "student" / "model.safetensors").read_bytes() == before
        flushed.append((Unscored("student") in ear.events, same, bool(ear.scores())))
        return True

    distil(config, home, folder, ear, lambda: False, flush=flush)
    assert flushed[-1] == (True, True, False) and ear.scores()
    assert (folder / "student" / "model.safetensors").read_bytes() != before


@pytest.mark.parametrize("keep", ["best", "last"])
def test_what_was_evaluated_is_not_scored_again(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: str
) -> None:
    """Nor the teacher that was fine-tuned; what is told of the kept student is what the kept student does."""
    asked: list[str] = []

    def counted(*given: Any) -> Any:
        asked.append(given[4])
        return predict(*given)

    monkeypatch.setattr(evaluate, "predict", counted)
    settings = [f"training.keep={keep}", "training.epochs=3", "teacher.epochs=2"]
    config = parse_config(toml, overrides=settings)
    outcome, ear = train(config, home, tmp_path / "a")
    assert asked == ["teacher"] * 2 + ["student"] * 3 and Phase("scoring the student") not in ear.events
    data, task = load_task_data(config, catalog.tasks()["mrpc"]), catalog.tasks()["mrpc"]
    rows = {"validation": data.splits["validation"]}
    for who, folder in (("student", outcome.student), ("teacher", next((home / "teachers").iterdir()))):
        model = load_classifier(str(folder), task, "x", weights_only=False, trained_head=True)
        again = evaluate.evaluate(model, task, rows, torch.device("cpu"), None, who).scores["validation"]
        assert {metric: ear.scores()[who, "validation", metric] for metric in again} == again


def test_a_run_is_scored_in_the_precision_it_trains_in_and_its_teacher_is_tuned_and_scored_in_float32(
    toml: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, torch.dtype | None]] = []

    def noted(model: Any, split: Any, device: Any, precision: torch.dtype | None, who: str, *more: Any) -> Any:
        asked.append((who, precision))
        return predict(model, split, device, precision, who, *more)

    def noted_too(
        model: Any, encoding: Any, batches: Any, device: Any, precision: torch.dtype | None, *more: Any
    ) -> Any:
        asked.append(("teacher", precision))
        return predict_batches(model, encoding, batches, device, precision, *more)

    monkeypatch.setattr(evaluate, "predict", noted)
    monkeypatch.setattr(answers, "predict_batches", noted_too)
    train(parse_config(toml, overrides=["training.precision=bfloat16", "training.epochs=1"]), home, tmp_path / "a")
    half = torch.bfloat16
    assert asked == [("teacher", None), ("teacher", half), ("student", half)], "tuned, asked for the rows; the student"
