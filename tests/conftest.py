"""What holds for every test: no display, no network, one thread, a home of its own — and nothing left behind."""

from __future__ import annotations

import gc
import itertools
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
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of a hundred processes compiles all it imports anew
_ELSEWHERE = tempfile.TemporaryDirectory(prefix="distill-tests-")
os.environ["DISTILL_HOME"] = str(Path(_ELSEWHERE.name) / "home")
os.environ["HF_HOME"] = str(Path(_ELSEWHERE.name) / "huggingface")
os.environ["XDG_CONFIG_HOME"] = str(Path(_ELSEWHERE.name) / "config")
os.environ["XDG_DATA_HOME"] = str(Path(_ELSEWHERE.name) / "data")

PATIENCE_S = 3.0
_COUNT = itertools.count()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep torch, transformers and the tests themselves, half a million objects, out of every later collection.

    `_let_go` collects once for almost every test that had a window: 0.5 s each otherwise, a third of the whole run.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of the test's own, also for every process it starts; made by whoever writes into it."""
    folder = Path(_ELSEWHERE.name) / f"home-{next(_COUNT)}"
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
    deadline = time.monotonic() + PATIENCE_S
    names = left()
    while names and time.monotonic() < deadline:
        _let_go()
        names = left()
        if names:
            time.sleep(0.02)
    if names:
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
    for child in psutil.Process().children(recursive=True) if _has_children() else ():
        try:
            command = " ".join(child.cmdline())
            if child.status() != psutil.STATUS_ZOMBIE and "multiprocessing.resource_tracker" not in command:
                found[child.pid] = command[:200]
        except psutil.Error:
            continue
    return found


def _has_children() -> bool:
    """Whether this process has any child. Linux says it in one line a thread; psutil reads every process there is."""
    told = list(Path("/proc/self/task").glob("*/children"))
    try:
        return not told or any(children.read_text() for children in told)
    except OSError:  # a thread ended meanwhile
        return True


def _windows() -> list[object]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    return list(widgets.QApplication.topLevelWidgets()) if widgets and widgets.QApplication.instance() else []


def _let_go() -> None:
    """Let Python and Qt delete what nobody holds any more."""
    gc.collect()
    if core := sys.modules.get("PySide6.QtCore"):
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
