"""What is read from the store: runs, curve rows and scores as plain frozen values; knows no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUEUED, RUNNING, PAUSED, FINISHED, STOPPED, FAILED, INTERRUPTED = (
    "queued", "running", "paused", "finished", "stopped", "failed", "interrupted",
)  # fmt: skip
STATES = (QUEUED, RUNNING, PAUSED, FINISHED, STOPPED, FAILED, INTERRUPTED)
ENDED = (PAUSED, FINISHED, STOPPED, FAILED, INTERRUPTED)  # no process has it, and none will unasked
RESUMABLE = (PAUSED, STOPPED, FAILED, INTERRUPTED)  # goes on from its last checkpoint when it is queued again
STOP, PAUSE = "stop", "pause"  # what a running run can be asked for
ENDED_WITHOUT_A_WORD = "The training process ended without a word (killed, or the machine went down)."
ENDED_BEFORE_IT_COULD = {
    kind: f"The training process ended before it could {kind} as it was asked to (killed, or the machine went down)."
    for kind in (STOP, PAUSE)
}
DEATHS = (ENDED_WITHOUT_A_WORD, *ENDED_BEFORE_IT_COULD.values())
STUDENT = "student"  # the folder of the kept one, within the run's


@dataclass(frozen=True)
class RunRecord:
    """One run. Times in unix seconds; scores on the metric's own scale; ``colour`` indexes the run colours.

    ``pid`` and ``pid_started`` tell its process (``engine.store.processes``); the latter is no time of day.
    ``machine`` is where that pid means something (``engine.store.liveness``). ``attempt`` counts how often the run was claimed;
    ``resumed_rows`` is how many curve rows it had when it was last resumed by itself, None if it never was.
    ``trashed_at`` is when it was discarded, None unless it is in the trash.
    ``phase`` says what a running run is busy with, ``phase_done`` of ``phase_total`` how far that is.
    ``revision`` grows with every change of any run, ``rewinds`` whenever curve rows of this one were taken back.
    ``train_rows`` and ``evaluation_rows`` are what it found in its files; None before it looked, and of older versions' runs.
    """

    id: int
    revision: int
    name: str
    state: str
    phase: str
    phase_done: int
    phase_total: int
    reason: str
    created_at: float
    started_at: float | None
    ended_at: float | None
    config: dict[str, Any]
    toml: str
    task: str
    loss: str
    architecture: str
    seed: int
    teacher: str
    step: int
    total_steps: int
    steps_per_epoch: int
    batch_size: int
    key_metric: str
    best_score: float | None
    best_step: int | None
    teacher_score: float | None
    parameters: int | None
    teacher_parameters: int | None
    device: str
    device_reason: str
    pid: int | None
    pid_started: float | None
    colour: int
    note: str
    folder: Path
    trashed_at: float | None = None
    rewinds: int | None = 0
    train_rows: int | None = None
    evaluation_rows: int | None = None
    machine: str | None = None
    attempt: int | None = 0
    resumed_rows: int | None = None

    @property
    def has_student(self) -> bool:
        """Whether a student was kept and can be exported."""
        return (self.folder / STUDENT / "config.json").is_file()

    @property
    def log_file(self) -> Path:
        return self.folder / "log.txt"


@dataclass(frozen=True)
class ScoreRow:
    """A final figure of a run; ``model`` is "student" or "teacher"."""

    run: int
    model: str
    split: str
    metric: str
    value: float


@dataclass(frozen=True)
class MetricRows:
    """A batch of curve rows in the order they were stored; all arrays have shape (rows,)."""

    last_id: int
    runs: NDArray[np.int64]
    series: NDArray[np.int64]
    names: dict[int, str]
    steps: NDArray[np.int64]
    seconds: NDArray[np.float64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.runs)
