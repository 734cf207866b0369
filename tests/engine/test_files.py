"""Only ordinary files of a bounded size are read: never a pipe, a socket, a device, or a file without end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.files import UnusableFile, opened, read_bytes


def test_an_ordinary_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 10)
    (tmp_path / "link").symlink_to(file)
    assert read_bytes(file, 10) == read_bytes(tmp_path / "link", 10) == b"x" * 10
    with opened(file) as stream:
        assert stream.read() == b"x" * 10
    with pytest.raises(UnusableFile, match="it has 10 bytes, and at most 9 bytes are read"):
        read_bytes(file, 9)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices are a matter of POSIX")
def test_a_pipe_and_a_device_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(UnusableFile, match="no ordinary file"):
            read_bytes(path, 10)
    if Path("/proc/self/status").is_file():  # has no size, and content
        with pytest.raises(UnusableFile, match="more than"):
            read_bytes(Path("/proc/self/status"), 10)


def test_what_is_not_there_or_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "none", 10)
    with pytest.raises(OSError) as refused:
        read_bytes(tmp_path, 10)
    assert not isinstance(refused.value, UnusableFile)
