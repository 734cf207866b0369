"""Whole runs on the device: bit for bit after a death, stop and pause, the student on another machine, the memory given back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.store import Store
from engine.store.records import FINISHED
from engine.training import distil as run
from tests.cuda.runs import Death, Heard, same_weights, train, weights

ROOT = Path(__file__).resolve().parents[2]
FEATURES = (
    '\n[[features]]\nkind = "hidden"\ndynamic = true\nschedule = "rise"\n[[features]]\nkind = "rkd"\nweight = 0.5\n'
)
STEADY = ["training.deterministic=true", "training.batch_size=6", "training.evaluations_per_epoch=2"]


# ── after a death ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("terms", ["", FEATURES], ids=["kl", "features"])
@pytest.mark.parametrize(
    "student", [[], ["student.architecture=2x64", "student.init=random"]], ids=["plain", "dropout"]
)
def test_a_deterministic_run_that_died_equals_the_uninterrupted_one(
    terms: str, student: list[str], toml: str, tmp_path: Path
) -> None:
    if terms and student:
        student = ["student.architecture=2x32", "student.init=random", "student.heads=4"]
    _, whole = train(toml + terms, tmp_path / "whole", *STEADY, *student, every_s=0)
    torn = Heard(dies_at=20)  # values come in tens from a GPU
    with pytest.raises(Death):
        train(toml + terms, tmp_path / "torn", *STEADY, *student, heard=torn, every_s=0)
    train(toml + terms, tmp_path / "torn", *STEADY, *student, heard=torn, every_s=0)
    assert any(line.startswith("Goes on after step") for line in torn.log)
    assert not any("may differ" in line for line in torn.log)
    assert torn.rows == whole.rows
    assert same_weights(tmp_path / "whole", tmp_path / "torn")


@pytest.fixture
def used_bytes(device: torch.device) -> Iterator[Any]:
    """How much of the GPU's memory the driver says is in use; 0 where there is no GPU."""
    if device.type == "cpu":
        yield lambda: 0
        return
    import pynvml

    pynvml.nvmlInit()
    handle = pynvml.nvmlDeviceGetHandleByIndex(0)
    yield lambda: int(pynvml.nvmlDeviceGetMemoryInfo(handle).used)
    pynvml.nvmlShutdown()


def distill(*arguments: str, home: Path, log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DISTILL_HOME": str(home), "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    with log.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "engine", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
        )


def test_a_worker_that_is_killed_gives_the_memory_back_and_its_run_goes_on_bit_for_bit(
    toml: str, tmp_path: Path, used_bytes: Any, device: torch.device
) -> None:
    from engine.config import parse_config

    log, settings = tmp_path / "log", [*STEADY, "training.epochs=60", "training.evaluations_per_epoch=10"]
    config = parse_config(toml, overrides=settings)
    rows: dict[str, dict[str, Any]] = {}
    for name in ("torn", "whole"):
        home = tmp_path / name
        store = Store(home)
        number = store.enqueue(config)
        before = used_bytes()
        worker = distill("work", "--stay-s", "0.5", home=home, log=log)
        try:
            if name == "torn":
                _wait(lambda: store.run(number).step >= 60, worker, log)  # noqa: B023
                during = used_bytes()
                worker.send_signal(signal.SIGKILL)
                worker.wait(30)
                assert device.type == "cpu" or during - before > 100 * 2**20
                _wait(lambda: used_bytes() <= before + 64 * 2**20, None, log)  # noqa: B023
                store.recover_dead()
                store.resume(number)
                worker = distill("work", "--stay-s", "0.5", home=home, log=log)
            assert worker.wait(180) == 0, log.read_text()[-2000:]
        finally:
            worker.kill()
            worker.wait()
        record = store.run(number)
        assert record.state == FINISHED, (record.state, record.reason, log.read_text()[-2000:])
        names = [curve for curve in store.curve_names(number) if not curve.endswith("examples_per_second")]
        rows[name] = {curve: store.curve(number, curve)[:2] for curve in names}
        rows[name]["weights"] = _weights(store.folder(number))
        store.close()
    assert rows["torn"].keys() == rows["whole"].keys()
    for curve in rows["whole"].keys() - {"weights"}:
        for mine, its in zip(rows["torn"][curve], rows["whole"][curve], strict=True):
            assert np.array_equal(mine, its), curve
    for name, value in rows["whole"]["weights"].items():
        assert torch.equal(rows["torn"]["weights"][name], value), name


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "student" / "model.safetensors")


def _wait(until: Any, worker: subprocess.Popen[bytes] | None, log: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, log.read_text()[-2000:]
        assert worker is None or worker.poll() is None, log.read_text()[-2000:]
        time.sleep(0.02)


# ── stop, pause, take away ──────────────────────────────────────────────────────────────────────────────────────────
def asked_after(steps: int) -> Any:
    count = iter(range(10**9))
    return lambda: next(count) >= steps


def test_a_stop_keeps_a_student_and_a_pause_goes_on(toml: str, tmp_path: Path) -> None:
    outcome, heard = train(toml, tmp_path / "stopped", stop_requested=asked_after(9))
    assert outcome.stopped and outcome.student is not None and weights(tmp_path / "stopped")
    assert len(heard.curve("train/loss")) == heard.facts["step"] < 12, "values since the last fetch are not lost"
    paused, heard = train(toml, tmp_path / "paused", stop_requested=asked_after(9), pausing=lambda: True)
    assert paused.stopped and paused.student is None
    resumed, heard = train(toml, tmp_path / "paused", heard=heard)
    assert not resumed.stopped and len(heard.curve("train/loss")) == 12


def test_the_student_is_the_same_for_plain_transformers_on_the_cpu(
    toml: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    keep, own = run.keep_student, list[torch.Tensor]()

    def logits_of(model: Any, folder: Path) -> torch.Tensor:
        rows = AutoTokenizer.from_pretrained(folder)(["the cat sat", "a dog ran on"], ["a cat", "the mat"], padding=True,
                                                     return_tensors="pt")  # fmt: skip
        with torch.inference_mode():
            return model.eval()(**rows).logits

    def keeping(student: Any, *rest: Any) -> Path:
        folder = keep(student, *rest)
        own.append(logits_of(student.cpu(), folder))
        return folder

    monkeypatch.setattr(run, "keep_student", keeping)
    outcome, _ = train(toml, tmp_path)
    assert outcome.student is not None
    plain = AutoModelForSequenceClassification.from_pretrained(outcome.student)
    assert torch.equal(logits_of(plain, outcome.student), own[0])
    assert own[0].dtype == torch.float32


def test_the_device_and_its_precision_are_named(toml: str, tmp_path: Path, device: torch.device) -> None:
    _, heard = train(toml, tmp_path, "training.device=auto", "training.epochs=1")
    reason = heard.facts["device_reason"]
    if device.type == "cuda":
        assert heard.facts["device"] == "cuda:0" and torch.cuda.get_device_name(0) in reason
        assert "fastest device found" in reason and "bfloat16" in reason and "ompiled" in reason
    else:
        assert "float32" in reason


@pytest.mark.parametrize("folder", [ROOT.parent / "shared"])
def test_a_real_teacher_distils(folder: Path, tmp_path: Path, device: torch.device) -> None:
    """MiniLM to 3x384 over MRPC, where both are beside the tree: the student gets beyond the commonest class."""
    if not (folder / "models" / "all-MiniLM-L6-v2").is_dir() or device.type == "cpu":
        pytest.skip("needs a GPU, and ../shared with MiniLM and MRPC")
    text = f"""
[task]
name = "mrpc"
source = "{(folder / "data" / "glue" / "mrpc").as_posix()}"
[teacher]
model = "{(folder / "models" / "all-MiniLM-L6-v2").as_posix()}"
training = "fine_tune"
[student]
architecture = "3x384"
init = "layers"
[loss]
kind = "kl"
temperature = 2.0
[training]
epochs = 3
"""
    outcome, heard = train(text, tmp_path)
    assert outcome.score is not None and outcome.score > 0.81, heard.log
