"""What holds for every test: no display, no network, one thread, a home of its own — and nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

# Before anything imports Qt, torch or transformers.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
_ELSEWHERE = tempfile.TemporaryDirectory(prefix="distill-tests-")
os.environ["DISTILL_HOME"] = str(Path(_ELSEWHERE.name) / "home")
os.environ["HF_HOME"] = str(Path(_ELSEWHERE.name) / "huggingface")
os.environ["XDG_CONFIG_HOME"] = str(Path(_ELSEWHERE.name) / "config")
os.environ["XDG_DATA_HOME"] = str(Path(_ELSEWHERE.name) / "data")

PATIENCE_S = 3.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, also for every process it starts."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DISTILL_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fails a test that leaves a thread, a child process or a window, and names it."""
    threads, children, windows = set(_threads()), _children(), {id(window) for window in _windows()}

    def left() -> list[str]:
        return [
            *(f"thread “{thread.name}”" for thread in _threads() if thread not in threads),
            *(f"process {name} ({pid})" for pid, name in _children().items() if pid not in children),
            *(f"window {window!r}" for window in _windows() if id(window) not in windows),
        ]

    yield
    if not left():
        return
    deadline = time.monotonic() + PATIENCE_S
    while left() and time.monotonic() < deadline:
        _let_go()
        time.sleep(0.02)
    if names := left():
        pytest.fail(
            f"The test leaves something behind: {', '.join(names)}. Close windows through qtbot.addWidget, "
            "end threads with close() and join(), wait for processes.",
            pytrace=False,
        )


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if not thread.daemon]


def _children() -> dict[int, str]:
    """Living child processes, theirs included, as pid → command; Python's own resource tracker stays by design."""
    found = {}
    for child in psutil.Process().children(recursive=True):
        try:
            command = " ".join(child.cmdline())
            if child.status() != psutil.STATUS_ZOMBIE and "multiprocessing.resource_tracker" not in command:
                found[child.pid] = command[:200]
        except psutil.Error:
            continue
    return found


def _windows() -> list[object]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    return list(widgets.QApplication.topLevelWidgets()) if widgets and widgets.QApplication.instance() else []


def _let_go() -> None:
    """Let Python and Qt delete what nobody holds any more."""
    gc.collect()
    if core := sys.modules.get("PySide6.QtCore"):
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
