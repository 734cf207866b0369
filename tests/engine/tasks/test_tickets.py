"""The sample's task and its three runs: everything they name is there, and they differ in the loss alone."""

from __future__ import annotations

import pytest

from engine import catalog
from engine.config import read_config
from engine.tasks.tickets import TASK
from engine.tasks.tickets_generator import ROWS
from engine.training.preflight import preview

SAMPLE = catalog.assets_folder() / "sample"
RUNS = ("none", "kl", "taylor")


def test_it_says_that_it_is_synthetic_wherever_it_is_named() -> None:
    for text in (TASK.title, TASK.about, TASK.reference, (SAMPLE / "README.md").read_text("utf-8")):
        assert "synthetic" in text.lower()
    for run in RUNS:
        assert "synthetic" in (SAMPLE / f"{run}.toml").read_text("utf-8")


@pytest.mark.parametrize("run", RUNS)
def test_each_run_is_ready_and_offline(run: str) -> None:
    found = preview(read_config(SAMPLE / f"{run}.toml"), [])
    assert found.ready and not found.faults
    assert found.rows == ROWS and TASK.train_rows == ROWS["train"]
    assert found.teacher is not None and found.student is not None
    assert found.teacher.parameters is not None and found.student.parameters is not None
    assert found.teacher.parameters > 3 * found.student.parameters


def test_the_runs_differ_in_name_and_loss_alone() -> None:
    configs = {run: read_config(SAMPLE / f"{run}.toml").to_dict() for run in RUNS}
    assert [configs[run].pop("loss")["kind"] for run in RUNS] == list(RUNS)
    assert len({configs[run].pop("name") for run in RUNS}) == len(RUNS)
    assert configs["none"] == configs["kl"] == configs["taylor"]
