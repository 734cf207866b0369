"""Runs with feature terms: the teacher's inside asked live at each step, kept in the cache by the run itself, found there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from tests.benchmarks import ours
from tests.benchmarks.figures import paired_ratios, spread_of, table
from tests.benchmarks.setting import Setting

TERMS = """
[[features]]
kind = "hidden"
[[features]]
kind = "attention"
heads = "average"
"""
TITLES = {
    "live": "live teacher",
    "empty": "tensors kept, cache empty",
    "full": "tensors kept, cache full",
}  # all three find tokens and answers in the cache


@dataclass(frozen=True)
class FeatureRun:
    """One whole process; ``peak_bytes`` counts the pages of the cache's files it has mapped, which the system can take back."""

    way: str
    seed: int
    seconds: float
    cpu_s: float
    peak_bytes: int
    load: float
    scores: dict[str, float]
    validation_loss: float


def feature_runs(
    setting: Setting, seeds: Sequence[int], work: Path, keep: Callable[[FeatureRun], None], say: Callable[[str], None]
) -> None:
    """Each way once for each seed, in turns; the runs differ in ``teacher.keep`` alone."""
    settings = {
        way: replace(setting, features=TERMS, teacher_keep="logits" if way == "live" else "tensors") for way in TITLES
    }
    warm, second = work / "features-home", work / "features-home-tensors"
    shutil.rmtree(warm, ignore_errors=True)
    ours.run_once(setting, 0, warm, work / "features-warm.log")
    for seed in seeds:
        shutil.rmtree(second, ignore_errors=True)
        shutil.copytree(warm, second)
        for way in TITLES:
            home = warm if way == "live" else second
            ended, trained = ours.run_once(settings[way], seed, home, work / f"features-{way}-{seed}.log")
            keep(
                FeatureRun(
                    way, seed, ended.seconds, ended.cpu_s, ended.peak_bytes, ended.load, trained.scores,
                    trained.validation_loss,
                )
            )  # fmt: skip
            say(f"  {TITLES[way]}, seed {seed}: {ended.seconds:.1f} s, {ended.cpu_s:.1f} s of CPU")
    shutil.rmtree(warm)
    shutil.rmtree(second)


def feature_table(runs: Sequence[FeatureRun], key_metric: str) -> str:
    """A row for each way; how many times as long as the full cache each took, paired by seed."""
    by_way = {way: [run for run in runs if run.way == way] for way in TITLES}
    rows = []
    for way, found in by_way.items():
        if not found:
            continue
        full = by_way["full"]
        paired = len(full) == len(found) and way != "full"
        seconds, cpu = ([getattr(run, name) for run in found] for name in ("seconds", "cpu_s"))
        rows.append([
            TITLES[way],
            spread_of(seconds).text(),
            spread_of(cpu).text(),
            paired_ratios(seconds, [run.seconds for run in full]).text(2) if paired else "–",
            paired_ratios(cpu, [run.cpu_s for run in full]).text(2) if paired and all(cpu) else "–",
            f"{fmean(run.scores[key_metric] for run in found) * 100:.1f}",
            f"{fmean(run.validation_loss for run in found):.5f}",
            f"{max(run.peak_bytes for run in found) / 1e6:.0f}",
        ])  # fmt: skip
    head = ["", "seconds", "CPU s", "× full", "× full, CPU", key_metric, "val. loss", "MB"]
    note = (
        "MB: the process's peak memory, the pages of the cache's files it has mapped counted (they can be taken back)."
    )
    return "\n".join([table(head, rows), note])
