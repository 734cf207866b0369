"""The check in conftest.py itself: what a test leaves behind is named, what is cleaned up is not."""

import gc
import os
import subprocess
import sys
from pathlib import Path

PLANTS = """
import subprocess, sys, threading, time

KEPT = []

def test_leaves_a_thread():
    threading.Thread(target=time.sleep, args=(2,), name="planted thread").start()

def test_leaves_a_process():
    KEPT.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(2)  # planted process"]))

def test_leaves_a_window(qtbot):
    from PySide6.QtWidgets import QLabel
    KEPT.append(QLabel("planted window"))

def test_leaves_nothing(qtbot):
    from PySide6.QtWidgets import QLabel
    window = QLabel("closed by qtbot")
    qtbot.addWidget(window)
    window.show()
    QLabel("held by nobody").show()
    thread = threading.Thread(target=time.sleep, args=(0.01,))
    thread.start()
    subprocess.run([sys.executable, "-c", ""], check=True)
"""


def test_what_is_left_is_named_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTS)
    here = Path(__file__).parent
    (tmp_path / "conftest.py").write_text(
        (here / "conftest.py").read_text().replace("PATIENCE_S = 3.0", "PATIENCE_S = 0.2")
    )
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTEST_ADDOPTS": "", "QT_API": "pyside6"},
    ).stdout  # fmt: skip
    assert "thread “planted thread”" in told, told
    assert "planted process" in told, told
    assert "window <PySide6.QtWidgets.QLabel" in told, told
    assert "4 passed, 3 errors" in told, told


def test_a_collection_looks_at_little() -> None:
    """Every test with a window collects once. Of half a million objects more, of torch or left behind, each takes 0.5 s more."""
    gc.collect()
    assert gc.get_freeze_count() > 50_000, "what was there before the first test is kept out"
    assert len(gc.get_objects()) < 500_000, "the tests leave too much behind"
