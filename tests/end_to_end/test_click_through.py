"""A person's way through the window: compose, start, watch, find the figure in the Table, take the student away.

Real clicks on the real window, a real training process, a real store. Run once more under Xvfb where it is installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.app import Studio, application
from engine.store import Store

PATIENCE_MS = 60_000


@pytest.fixture
def studio(qtbot: QtBot, home: Path) -> Iterator[Studio]:
    application()
    studio = Studio(home, "light", ask=lambda parent, active: "stop")
    qtbot.addWidget(studio.window)
    studio.show()
    with qtbot.waitExposed(studio.window):
        studio.window.activateWindow()
    yield studio
    studio.window.close()
    assert studio.engine.isFinished()
    _end_worker(home)


def _end_worker(home: Path) -> None:
    """The training process outlives the window by design; a test ends it."""
    import psutil

    from engine.store.worker_lock import WorkerLock

    holder = WorkerLock(home).holder()
    if holder is not None:
        process = psutil.Process(holder[0])
        process.kill()
        process.wait(10)


def click(qtbot: QtBot, widget, where: QPoint | None = None) -> None:
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=where or widget.rect().center())


def press_place(qtbot: QtBot, studio: Studio, number: int) -> None:
    qtbot.keyClick(studio.window, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)


def finished(studio: Studio, count: int) -> bool:
    records = studio.models.runs.records()
    return len(records) == count and all(record.state == "finished" for record in records)


def test_from_compose_to_a_table_cell_to_an_exported_folder(
    qtbot: QtBot, studio: Studio, toml: str, home: Path, tmp_path: Path
) -> None:
    window = studio.window
    assert window.place() == ""  # the first start shows the welcome
    click(qtbot, window.welcome.own_button)
    assert window.place() == "compose"

    # Compose: a file, then choices in the window.
    (tmp_path / "run.toml").write_text(toml, encoding="utf-8")
    assert studio.models.compose.open_file(tmp_path / "run.toml") == ""
    compose = window.panel("compose")
    studio.models.compose.set_value("loss.kind", "taylor")
    qtbot.waitUntil(
        lambda: compose.preview.main.isEnabled() and compose.preview.main.text() == "Start", timeout=PATIENCE_MS
    )
    assert "does not change the gradient" in " ".join(studio.models.compose.notice())
    click(qtbot, compose.preview.main)
    studio.models.compose.set_value("loss.kind", "none")
    qtbot.waitUntil(lambda: compose.preview.main.isEnabled(), timeout=PATIENCE_MS)

    # Runs: the run appears, draws and ends.
    assert window.place() == "runs"
    qtbot.waitUntil(lambda: finished(studio, 1), timeout=PATIENCE_MS)
    (record,) = studio.models.runs.records()
    series = studio.models.curves.series(record.id, "train/loss")
    assert series is not None and len(series) == record.total_steps == 6
    qtbot.waitUntil(lambda: len(studio.models.curves.names(record.id)) >= 6, timeout=5000)

    # Compose again: the control without a teacher goes to the queue and runs by itself.
    press_place(qtbot, studio, 1)
    assert window.place() == "compose"
    click(qtbot, compose.preview.queue)
    qtbot.waitUntil(lambda: finished(studio, 2), timeout=PATIENCE_MS)

    # Table: the measured teacher, and both methods in the block of their student; the cell shows the stored score.
    press_place(qtbot, studio, 3)
    model = studio.models.table
    qtbot.waitUntil(lambda: len(_own_cells(model)) == 3, timeout=10_000)
    for method in ("teacher · fine-tuned", "No teacher", "Taylor KD"):
        assert sum(f"MRPC · {method}" in words for words in _own_cells(model).values()) == 1, method
    score = Store(home).run(record.id).best_score
    assert score is not None
    assert any(f"{100 * score:.1f}" in words for words in _own_cells(model).values())
    shown: list[list[int]] = []
    window.panel("table").show_runs_requested.connect(shown.append)
    index = next(iter(_own_cells(model)))
    grid = window.panel("table").card.grid
    grid.scrollTo(index)
    click(qtbot, grid.viewport(), grid.visualRect(index).center())
    assert shown and window.place() == "runs"

    # Export: the student of the first run, loaded by plain transformers.
    press_place(qtbot, studio, 4)
    export = window.panel("export")
    export.set_run(record.id)
    target = tmp_path / "taken away"
    export.target.folder.setText(str(target))
    with qtbot.waitSignal(studio.engine.exported, timeout=PATIENCE_MS):
        click(qtbot, export.target.button)
    assert (target / "model.safetensors").is_file() and (target / "README.md").is_file()
    _assert_same_logits(target, record.folder / "student")


def _own_cells(model) -> dict:
    """Index → words of every cell of own runs with a figure."""
    found = {}
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            if column >= 2 and model.runs_at(index):
                words = index.data(Qt.ItemDataRole.AccessibleTextRole) or index.data() or ""
                found[index] = str(words)
    return {index: words for index, words in found.items() if any(c.isdigit() for c in words)}


def _assert_same_logits(exported: Path, kept: Path) -> None:
    code = """
import sys, torch, numpy
from transformers import AutoModelForSequenceClassification, AutoTokenizer
torch.set_num_threads(1)
found = []
for folder in sys.argv[1:3]:
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        found.append(model(**tokenizer("the cat sat", "a dog ran", return_tensors="pt")).logits.numpy())
print(numpy.abs(found[0] - found[1]).max())
"""
    done = subprocess.run([sys.executable, "-c", code, exported, kept], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert np.isclose(float(done.stdout), 0.0)


def test_the_window_never_imports_torch(qtbot: QtBot, studio: Studio) -> None:
    code = (
        "import sys; from distill_gui.app import Studio, application; from pathlib import Path; a = application();"
        "s = Studio(Path(sys.argv[1])); s.show(); a.processEvents(); s.window.close();"
        "print([m for m in ('torch', 'transformers', 'datasets', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(studio.home / "other")], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="xvfb-run is not installed (Debian package xvfb)")
@pytest.mark.skipif(os.environ.get("QT_QPA_PLATFORM") == "xcb", reason="this is the run under Xvfb")
def test_the_same_on_a_real_display() -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "xcb"}
    test = f"{__file__}::{test_from_compose_to_a_table_cell_to_an_exported_folder.__name__}"
    done = subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1440x900x24", sys.executable, "-m", "pytest", test],
        env=environment, capture_output=True, text=True, timeout=240, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout


def test_platform_is_the_one_asked_for(qtbot: QtBot) -> None:
    """Under Xvfb the click-through must not silently have run offscreen."""
    assert QApplication.platformName() == os.environ["QT_QPA_PLATFORM"]
