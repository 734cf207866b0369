"""Exports run side by side; each ends well or with the engine's own sentence."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from distill_gui.services.export_process import Exported, ExportProcess


def _wait(exports: ExportProcess, count: int) -> list[Exported]:
    done: list[Exported] = []
    deadline = time.monotonic() + 10
    while len(done) < count:
        assert time.monotonic() < deadline
        done += exports.poll()
        time.sleep(0.005)
    return sorted(done, key=lambda one: one.run)


def test_several_at_once_end_each_with_its_own_outcome(fake: Any, tmp_path: Path, home: Path) -> None:
    home.mkdir()
    exports = ExportProcess(fake.command, home)
    hostile = str(tmp_path / "--format=<b> ;rm")
    exports.ask(3, "huggingface", hostile)
    exports.ask(404, "huggingface", str(tmp_path / "other"))
    good, bad = _wait(exports, 2)
    assert good == Exported(3, hostile, "")
    options = (Path(hostile) / "options").read_text()
    assert options == f"--format huggingface --home {home} -- 3 {hostile}"
    assert "There is no run “404”." in bad.fault
    assert exports.poll() == []


def test_closing_leaves_them_going(fake: Any, tmp_path: Path, home: Path) -> None:
    home.mkdir()
    exports = ExportProcess(fake.command, home)
    exports.ask(3, "huggingface", str(tmp_path / "out"))
    exports.close()
    assert exports.poll() == []
    deadline = time.monotonic() + 10
    while not (tmp_path / "out" / "options").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
