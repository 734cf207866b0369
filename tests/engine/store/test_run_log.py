"""The run's log: whole lines, in order, private; what the disk refuses is shown and comes later."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store import run_log
from engine.store.run_log import RunLog


def _texts(file: Path) -> list[str]:
    return [line.split("  ", 1)[1] for line in file.read_text(encoding="utf-8").splitlines()]


def test_lines_have_the_time_and_are_there_at_once(tmp_path: Path) -> None:
    file = tmp_path / "run" / "log.txt"
    log = RunLog(file)
    log.write("one\ntwo \udcff")
    log.write("")
    assert _texts(file) == ["one", "two \\udcff", ""]
    log.close()
    log.close()
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0
    again = RunLog(file)
    again.write("three")
    again.close()
    assert _texts(file)[-1] == "three"


def test_what_a_full_disk_refuses_is_shown_and_written_later_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A disk that takes four bytes more, then none; simulated in ``os.write``."""
    log = RunLog(tmp_path / "log.txt")
    room, real = [4], os.write

    def write(handle: int, data: bytes) -> int:
        if room[0] == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = real(handle, data[: room[0]])
        room[0] -= count
        return count

    monkeypatch.setattr(run_log.os, "write", write)
    log.write("first")
    log.write("second")
    assert len((tmp_path / "log.txt").read_bytes()) == 4
    assert "first" in capsys.readouterr().err
    room[0] = 1000
    log.catch_up()
    assert _texts(tmp_path / "log.txt") == ["first", "second"]
    log.close()


def test_a_log_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "log.txt").mkdir()
    with pytest.raises(StoreError, match=r"log\.txt"):
        RunLog(tmp_path / "log.txt")
