"""The choice of device and threads, and the reason that comes with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.device import choose_device, choose_threads
from engine.errors import EngineError


def test_without_a_gpu_the_cpu_is_taken_and_the_reason_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    device, reason = choose_device("auto")
    assert device.type == "cpu" and "no CUDA GPU" in reason
    with pytest.raises(EngineError, match=r"training\.device is “cuda”.*no CUDA GPU was found.*“cpu”"):
        choose_device("cuda")


def test_threads_by_wish_by_environment_and_by_measurement_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose_threads(3, tmp_path)[0] == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert choose_threads(0, tmp_path) == (2, "OMP_NUM_THREADS")
    monkeypatch.delenv("OMP_NUM_THREADS")
    before = torch.get_num_threads()
    first, reason = choose_threads(0, tmp_path)
    assert first >= 1 and "just now" in reason and torch.get_num_threads() == before
    monkeypatch.setattr("engine.device._fastest_threads", lambda: pytest.fail("measured twice"))
    again, reason = choose_threads(0, tmp_path)
    assert again == first and "on this machine" in reason


def test_a_disk_that_takes_no_note_of_the_threads_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("engine.device._fastest_threads", lambda: 7)
    assert choose_threads(0, tmp_path / "no such folder")[0] == 7


def test_a_damaged_note_of_the_threads_is_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "threads.json").write_text("{")
    monkeypatch.setattr("engine.device._fastest_threads", lambda: 7)
    assert choose_threads(0, tmp_path)[0] == 7


def test_threads_can_be_measured_without_writing_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("engine.device._fastest_threads", lambda: 7)
    assert choose_threads(0, tmp_path / "no such folder", keep=False)[0] == 7
    assert not list(tmp_path.iterdir())
