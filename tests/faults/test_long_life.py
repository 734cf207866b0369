"""The short form of a window's long life, and that a leak of each kind would be seen. The long one: ``python -m tests.faults``."""

from __future__ import annotations

import mmap
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from distill_gui.app import Studio
from tests.faults.growth import LIMITS, own_memory, too_much
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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system tells only one figure")
def test_memory_is_what_was_written_and_not_what_files_are_mapped(tmp_path: Path) -> None:
    """Pages of a library are a process's own until another program maps it too: they would come and go with what else runs."""
    (tmp_path / "library").write_bytes(b"x" * 32_000_000)
    process = psutil.Process()
    before, all_before = own_memory(process), process.memory_full_info().uss
    with (tmp_path / "library").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped.find(b"y") == -1, "all of it was read"
        assert own_memory(process) - before < 8_000_000 < process.memory_full_info().uss - all_before
        with mmap.mmap(
            -1, 32_000_000, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        ) as written:  # the heap may have room
            written.write(b"y" * len(written))
            assert own_memory(process) - before > 24_000_000


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
