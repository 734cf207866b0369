"""The short form of a window's long life, and that a leak of each kind would be seen. The long one: ``python -m tests.faults``."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from distill_gui.app import Studio
from tests.faults.growth import LIMITS, too_much
from tests.faults.long_life import long_life


@pytest.fixture
def leaked() -> Any:
    """What the planted leaks keep, let go at the end."""
    kept: dict[str, list[Any]] = {"memory": [], "objects": [], "files": [], "threads": [], "widgets": []}
    enough = threading.Event()
    kept["enough"] = [enough]
    yield kept
    enough.set()
    for thread in kept["threads"]:
        thread.join()
    for file in kept["files"]:
        os.close(file)
    for widget in kept["widgets"]:
        widget.deleteLater()


def _leak(studio: Studio, kept: dict[str, list[Any]]) -> None:
    """A little of everything, as a run that is not let go would."""
    kept["memory"].append(b"x" * 8_000_000)
    kept["objects"] += [[] for _ in range(600)]
    kept["files"] += [os.open(os.devnull, os.O_RDONLY) for _ in range(2)]
    kept["threads"].append(threading.Thread(target=kept["enough"][0].wait))
    kept["threads"][-1].start()
    kept["widgets"] += [QWidget(), QWidget()]
    for _ in range(8):
        QObject(studio.window)


def test_a_window_grows_neither_with_runs_nor_with_hours_and_a_leak_would_be_seen(
    home: Path, qapp: QApplication, leaked: dict[str, list[Any]]
) -> None:
    with long_life(home, waiting=2, kept=2, steps=20) as life:
        (first,), (second,) = life.queue(4, 1), life.queue(4, 1)
        assert too_much([first, replace(second, after=8)], "run") == []
        half, hour = life.stream(0.5, 2)
        assert too_much([half, hour], "hour") == [] and hour.curve_bytes > 0
        for _ in range(3):
            life.one_run()
            _leak(life.studio, leaked)
        found = too_much([replace(hour, after=0), life.sample(3)], "run")
        assert [sentence.split(" grew by ")[0] for sentence in found] == list(LIMITS)
