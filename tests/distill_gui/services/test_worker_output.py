"""What a training process printed is found by any window, by the process; old files go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from distill_gui.services.worker_output import KEPT_OUTPUTS, WorkerOutput, output_of


def _begin(home: Path, text: str = "") -> WorkerOutput:
    output = WorkerOutput.begin(home)
    output.file.write_text(text)
    return output


def test_it_is_found_by_the_process_and_no_other(home: Path) -> None:
    first, second, _ = _begin(home, "one"), _begin(home, "two"), _begin(home, "not started")
    first.name_after(7, 12.34)
    second.name_after(7, 99.5)
    found = [output_of(home, 7, started) for started in (12.34, 99.5)]
    assert [output.last_lines() if output else "" for output in found] == ["one", "two"]
    assert output_of(home, 8, 12.34) is output_of(home, 7, None) is output_of(home, None, 1.0) is None
    assert output_of(home / "nowhere", 7, 12.34) is None
    assert len({first.file, second.file, _begin(home).file}) == 3


def test_only_that_of_a_window_that_is_gone_is_left_alone(home: Path) -> None:
    output = _begin(home)
    output.name_after(7, 12.34)
    assert not output.is_left_alone()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    parts = output.file.name.split("-")
    other = output.file.rename(output.file.with_name("-".join([*parts[:2], str(ended.pid), *parts[3:]])))
    assert WorkerOutput(other).is_left_alone()


def test_old_outputs_are_removed_the_newest_kept(home: Path) -> None:
    folder = home / "workers"
    folder.mkdir(parents=True)
    for number in range(KEPT_OUTPUTS + 5):
        (folder / f"20200101-0000{number:02}-1-0.txt").write_text("old")
    output = _begin(home)
    names = sorted(file.name for file in folder.iterdir())
    assert len(names) == KEPT_OUTPUTS + 1
    assert output.file.name == names[-1]
