"""Runs and scores as the store hands them out, without a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.store.records import RunRecord, ScoreRow
from engine.types import Task


@pytest.fixture
def tasks() -> dict[str, Task]:
    """Four tasks: F1, a pair of splits, a task outside the published columns, a regression."""

    def task(name: str, title: str, metrics: tuple[str, ...], **more: Any) -> Task:
        return Task(
            name=name, title=title, about="", text_columns=("a",), kind="classification", metrics=metrics, **more
        )

    both = ("validation_matched", "validation_mismatched")
    return {
        "mrpc": task("mrpc", "MRPC", ("f1", "accuracy"), train_rows=3668),
        "rte": task("rte", "RTE", ("accuracy",), train_rows=2490),
        "mnli": task("mnli", "MNLI", ("accuracy",), train_rows=392702, evaluation_splits=both),
        "stsb": task("stsb", "STS-B", ("pearson", "spearman"), train_rows=5749),
        "cola": task("cola", "CoLA", ("matthews",), train_rows=8551),
    }


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., RunRecord]:
    """Make the n-th run; ``config`` entries are dotted keys laid over a plain configuration, ``features`` its terms."""
    count = 0

    def make(task: str = "mrpc", kind: str = "none", state: str = "finished", **given: Any) -> RunRecord:
        nonlocal count
        count += 1
        overrides = given.pop("config", {})
        config: dict[str, Any] = {
            "name": f"run {count}",
            "task": {"name": task, "source": f"/data/{task}", "max_length": 128},
            "teacher": {"model": "/models/big", "training": "fine_tune", "epochs": 3, "batch_size": 32,
                        "learning_rate": 5e-5, "seed": 0, "weights_only": False},
            "student": {"architecture": "2x128", "init": "random"},
            "loss": {"kind": kind},
            "training": {"epochs": 3, "batch_size": 32, "learning_rate": 5e-5, "seed": 0, "device": "auto"},
        }  # fmt: skip
        if kind in ("kl", "taylor"):
            config["loss"] |= {"lambda": 0.5, "temperature": 1.0}
        if kind == "taylor":
            config["loss"]["gamma"] = 1.0
        if "features" in given:
            config["features"] = given.pop("features")
        for key, value in overrides.items():
            section, name = key.split(".")
            config[section][name] = value
        fields: dict[str, Any] = {
            "id": count, "revision": count, "name": config["name"], "state": state, "phase": "", "phase_done": 0,
            "phase_total": 0, "reason": "", "created_at": 1.7e9 + count, "started_at": None, "ended_at": None,
            "config": config, "toml": "", "task": task, "loss": kind, "architecture": config["student"]["architecture"],
            "seed": config["training"]["seed"], "teacher": config["teacher"]["model"], "step": 0, "total_steps": 0,
            "steps_per_epoch": 0, "batch_size": 32, "key_metric": "", "best_score": None, "best_step": None,
            "teacher_score": None, "parameters": 4_386_178, "teacher_parameters": 22_700_000, "device": "cpu",
            "device_reason": "", "pid": None, "pid_started": None, "colour": 0, "note": "",
            "folder": tmp_path / "runs" / str(count),
        }  # fmt: skip
        return RunRecord(**(fields | given))

    return make


@pytest.fixture
def scored() -> Callable[..., ScoreRow]:
    """A student's validation score of a run, 0..1."""

    def score(
        run: RunRecord, value: float, metric: str = "f1", split: str = "validation", model: str = "student"
    ) -> ScoreRow:
        return ScoreRow(run.id, model, split, metric, value)

    return score
