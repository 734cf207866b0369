"""A pause ends the process, and resume goes on to the end. Kills are in tests/faults."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from engine.cli.work import work
from engine.config import parse_config
from engine.store import Store

LONG = ["training.batch_size=4", "training.epochs=14", "teacher.batch_size=4", "teacher.epochs=4"]


def stop_after(home: Path, run: int, step: int) -> None:
    """Ask a run to stop once it has gone further than ``step``."""
    store, deadline = Store(home), time.monotonic() + 60
    while store.run(run).step <= step and time.monotonic() < deadline:
        time.sleep(0.02)
    store.request_stop(run)
    store.close()


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
    stopping = threading.Thread(target=stop_after, args=(home, run, paused.step))
    stopping.start()
    work(home, 0.2, 0.05)
    stopping.join()
    steps = store.curve(run, "train/loss")[0].tolist()
    assert store.run(run).state == "stopped" and store.run(run).has_student and steps == list(range(1, len(steps) + 1))
    assert len(steps) > paused.step
    log = paused.log_file.read_text(encoding="utf-8")
    told = [f"Paused at step {paused.step}.", f"Goes on after step {paused.step} ", f"Stopped at step {len(steps)}."]
    places = [log.find(line) for line in told]
    assert -1 not in places and places == sorted(places)
