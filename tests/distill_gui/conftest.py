"""What several tests of the window share: a run as the store would hand it over."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from distill_gui import theme
from engine.store import RunRecord


@pytest.fixture
def record() -> Callable[..., RunRecord]:
    """Makes a finished MRPC run with the given id; any column can be changed."""

    def make(run: int, **changes: Any) -> RunRecord:
        made = RunRecord(
            id=run, revision=run, name=f"run {run}", state="finished", phase="", phase_done=0, phase_total=0, reason="",
            created_at=0.0, started_at=1.0, ended_at=2.0, config={"training": {"epochs": 3}}, toml="", task="mrpc",
            loss="kl", architecture="3x384", seed=0, teacher="t", step=10, total_steps=10, steps_per_epoch=5,
            batch_size=32, key_metric="f1", best_score=0.8, best_step=5, teacher_score=0.9, parameters=1,
            teacher_parameters=2, device="cpu", device_reason="", pid=None, pid_started=None, colour=run % 8, note="",
            folder=Path("nowhere"),
        )  # fmt: skip
        return replace(made, **changes)

    return make


@pytest.fixture
def dressed_last(qapp: QApplication) -> Callable[[], AbstractContextManager[None]]:
    """``with dressed_last(): …`` builds a panel in the light theme as the program does: its style sheet comes at the end."""

    @contextmanager
    def build() -> Iterator[None]:
        theme.apply(qapp, False)
        qapp.setStyleSheet("")
        with theme.bare(qapp):
            yield

    return build
