"""Runs, rows and scores made up for the window's benchmarks; their shape is the store's own, their figures mean nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.store import MetricRows, RunRecord, ScoreRow

TASKS = ("mrpc", "rte", "stsb", "sst2")
LOSSES = ("none", "kl", "taylor", "dkd", "dist")
ARCHITECTURES = ("2x128", "3x384", "4x312", "6x768")
STATES = ("finished", "finished", "finished", "stopped", "failed")
CURVES = ("train/loss", "train/loss/labels", "train/loss/teacher", "train/learning_rate", "train/gradient_norm",
          "train/examples_per_second", "validation/f1", "validation/loss")  # fmt: skip


def record(run: int, state: str = "") -> RunRecord:
    """One run as the store would hand it over; what it is follows from its number."""
    task, loss = TASKS[run % len(TASKS)], LOSSES[run // 4 % len(LOSSES)]
    architecture, state = ARCHITECTURES[run // 20 % len(ARCHITECTURES)], state or STATES[run % len(STATES)]
    training = {"epochs": 3, "batch_size": 32, "learning_rate": 5e-5, "seed": run}
    config = {"task": {"name": task}, "teacher": {"model": "t"}, "student": {"architecture": architecture},
              "loss": {"kind": loss, "lambda": 0.5, "temperature": 1 + run % 4}, "training": training}  # fmt: skip
    running = state == "running"
    return RunRecord(
        id=run, revision=run, name=f"{loss} {architecture} on {task}, no. {run * 7919 % 10_007}", state=state,
        phase="training" if running else "", phase_done=0, phase_total=0, reason="", created_at=float(run),
        started_at=float(run), ended_at=None if running else float(run + 1), config=config, toml="", task=task,
        loss=loss, architecture=architecture, seed=run, teacher="t", step=20_000, total_steps=40_000,
        steps_per_epoch=13_334, batch_size=32, key_metric="f1", best_score=(run * 31 % 1000) / 1000, best_step=5,
        teacher_score=0.9, parameters=4_400_000, teacher_parameters=22_700_000, device="cpu", device_reason="",
        pid=None, pid_started=None, colour=run % 8, note="", folder=Path("nowhere"),
    )  # fmt: skip


def rows(run: int, names: tuple[str, ...], first: int, steps: int) -> MetricRows:
    """A noisy falling curve for each of ``names``, step after step as training stores them."""
    at = np.repeat(np.arange(first, first + steps), len(names))
    series = np.tile(np.arange(len(names)), steps)
    noise = np.random.default_rng(run * 1_000_003 + first).normal(0, 0.05, len(at))
    values = 1 / (1 + at / 1000) + 0.1 * series + noise
    return MetricRows(0, np.full(len(at), run), series, dict(enumerate(names)), at, at / 10, values)


def scores(run: int) -> list[ScoreRow]:
    best = record(run).best_score or 0.0
    return [
        ScoreRow(run, "student", "validation", "f1", best),
        ScoreRow(run, "student", "validation", "accuracy", best),
    ]
