"""What dead processes left beside a place goes, by the process in its name, also where that number is another's by now."""

from __future__ import annotations

import os
import time
from pathlib import Path

import psutil
import pytest

from engine import beside

DEAD = 2**22 + 7  # larger than any pid


@pytest.mark.parametrize(
    ("pid", "changed_s", "left"),
    [(DEAD, 0, True), (os.getpid(), 0, True), (os.getppid(), 0, False), (os.getppid(), -1e9, True)],
    ids=[
        "gone",
        "this one",
        "another's",
        "another's number before it began",
    ],  # not the pids: tests are named alike anywhere
)
def test_what_is_left_is_told_by_pid_and_by_when_that_process_began(
    tmp_path: Path, pid: int, changed_s: float, left: bool
) -> None:
    part = tmp_path / f"kept.part-{pid}"
    part.mkdir()
    os.utime(part, (time.time() + changed_s,) * 2)
    assert beside.is_left(part) is left


def test_a_process_that_just_began_may_be_the_writer(tmp_path: Path) -> None:
    (tmp_path / f"kept.part-{os.getppid()}").mkdir()
    began = psutil.Process(os.getppid()).create_time()
    os.utime(tmp_path / f"kept.part-{os.getppid()}", (began - 1, began - 1))
    assert not beside.is_left(tmp_path / f"kept.part-{os.getppid()}")


def test_names_without_a_process_are_nobody_s_business(tmp_path: Path) -> None:
    for name in ("kept.part", "kept.part-", "kept.part-mine", "kept"):
        (tmp_path / name).mkdir()
        assert not beside.is_left(tmp_path / name)
    beside.clear_leftovers(tmp_path / "kept")
    assert len(list(tmp_path.iterdir())) == 4


def test_what_dead_processes_left_is_cleared_and_a_death_between_the_renames_is_mended(tmp_path: Path) -> None:
    (tmp_path / f"kept.old-{DEAD}").mkdir()
    (tmp_path / f"kept.old-{DEAD}" / "first").touch()
    for name in (f"kept.part-{DEAD}", f"kept.part-{os.getppid()}", "kept.other", f"kept.more-{DEAD}"):
        (tmp_path / name).mkdir()
    beside.clear_leftovers(tmp_path / "kept")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(["kept", "kept.other", f"kept.more-{DEAD}", f"kept.part-{os.getppid()}"])
    assert (tmp_path / "kept" / "first").exists()


def test_what_was_moved_aside_is_put_back_where_nothing_has_its_name(tmp_path: Path) -> None:
    aside = tmp_path / f"kept.old-{os.getppid()}"
    aside.mkdir()
    beside.put_back(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    aside.mkdir()
    beside.put_back(tmp_path / "kept")
    assert aside.exists(), "never over something"


def test_a_note_is_whole_private_and_never_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note.json"
    assert beside.write_note(note, "first") and note.stat().st_mode & 0o077 == 0

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert not beside.write_note(note, "second")
    assert note.read_text() == "first" and [path.name for path in tmp_path.iterdir()] == ["note.json"]
    assert not beside.write_note(tmp_path / "no such folder" / "note.json", "x")
