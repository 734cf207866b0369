"""Real kills of the training process at random moments: no row is lost or doubled, and the end is the uninterrupted one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.config import parse_config
from engine.store import Store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")

KILLS = int(os.environ.get("DISTILL_KILLS", "3"))  # the long form: DISTILL_KILLS=100
LONG = ["training.batch_size=4", "training.epochs=14", "teacher.batch_size=4", "teacher.epochs=4"]
FEATURES = '\n[[features]]\nkind = "hidden"\ndynamic = true\n'


def start(home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine", "work", "--home", str(home), "--stay-s", "0.2", "--checkpoint-s", "0.05"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def rows(store: Store, run: int) -> dict[tuple[str, int], float]:
    """Every logged value but the throughput's, by curve and step; each is there once."""
    found: dict[tuple[str, int], float] = {}
    for name in store.curve_names(run):
        if not name.endswith("examples_per_second"):
            steps, _, values = store.curve(run, name)
            assert len(set(steps.tolist())) == len(steps), name
            found |= {(name, int(step)): float(value) for step, value in zip(steps, values, strict=True)}
    return found


def kept_bytes(store: Store, run: int) -> bytes:
    return (store.run(run).folder / "student" / "model.safetensors").read_bytes()


def progress(store: Store, run: int) -> int:
    """Curve rows so far; grows in every stage."""
    return len(store.metrics_of(run, store.last_metric_id()))


def test_killed_again_and_again_a_run_ends_as_if_nothing_had_happened(toml: str, home: Path, tmp_path: Path) -> None:
    config = parse_config(toml + FEATURES, overrides=LONG)
    calm, stormy = Store(tmp_path / "calm"), Store(home)
    whole, run = calm.enqueue(config), stormy.enqueue(config)
    assert start(calm.home).wait(300) == 0
    expected = rows(calm, whole)
    chance, kills = random.Random(0), 0
    while kills < KILLS:
        worker: Any = start(home)
        wanted = progress(stormy, run) + chance.randint(1, max(2, len(expected) // KILLS // 2))
        while worker.poll() is None and progress(stormy, run) < wanted:
            time.sleep(0.01)
        worker.kill()
        worker.wait()
        stormy.recover_dead()
        if stormy.run(run).state == "finished":
            break
        assert stormy.run(run).state == "interrupted"
        kills += 1
        stormy.resume(run)
    assert kills > 0
    if stormy.run(run).state != "finished":
        assert start(home).wait(300) == 0
    assert stormy.run(run).state == "finished" and not (stormy.run(run).folder / "checkpoints").exists()
    found = rows(stormy, run)
    assert found.keys() == expected.keys(), "a row is missing, or one too many"
    assert found == expected and kept_bytes(stormy, run) == kept_bytes(calm, whole)
    scores = [[(row.model, row.split, row.metric, row.value) for row in store.scores(1)] for store in (calm, stormy)]
    assert scores[0] == scores[1]
    assert "Goes on after step" in stormy.run(run).log_file.read_text(encoding="utf-8")


def test_a_pause_gives_the_device_back_and_resume_ends_the_run(toml: str, home: Path) -> None:
    store = Store(home)
    run = store.enqueue(parse_config(toml, overrides=[*LONG, "loss.kind=none", "training.epochs=200"]))
    worker = subprocess.Popen(
        [sys.executable, "-m", "engine", "work", "--home", str(home), "--stay-s", "600"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while store.run(run).step < 5:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        store.request_pause(run)
        assert worker.wait(60) == 0, "the process ends: only that gives back all it has of a GPU"
    finally:
        worker.kill()
        worker.wait()
    paused = store.run(run)
    assert paused.state == "paused" and not paused.has_student and 5 <= paused.step < 2200
    assert (paused.folder / "checkpoints" / f"student-{paused.step:09d}").is_dir()
    store.resume(run)
    again = start(home)
    try:
        while store.run(run).step <= paused.step:
            assert again.poll() is None
            time.sleep(0.02)
        store.request_stop(run)
        assert again.wait(60) == 0
    finally:
        again.kill()
        again.wait()
    steps = store.curve(run, "train/loss")[0].tolist()
    assert store.run(run).state == "stopped" and store.run(run).has_student and steps == list(range(1, len(steps) + 1))
    assert len(steps) > paused.step
    log = paused.log_file.read_text(encoding="utf-8")
    told = [f"Paused at step {paused.step}.", f"Goes on after step {paused.step} ", f"Stopped at step {len(steps)}."]
    places = [log.find(line) for line in told]
    assert -1 not in places and places == sorted(places)
