"""A person's file has the new content or the old one, whatever happens while it is written."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from distill_gui.models.compose_files import write_toml
from distill_gui.whole_file import write_whole

unix = pytest.mark.skipif(sys.platform == "win32", reason="a Unix matter")


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """A disk that takes only the first bytes of a file."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@unix
def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "λ run.toml"
    assert write_toml(file, "old = 1\n") == ""
    with longest_file(100):
        said = write_toml(file, "new = 2\n" * 1000)
    assert "cannot be written: " in said and said.endswith("Choose another folder, or make room.")
    assert file.read_text() == "old = 1\n"
    assert list(tmp_path.iterdir()) == [file]


@unix
def test_a_process_that_dies_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.toml"
    file.write_text("old")

    def seen(descriptor: int) -> None:
        assert file.read_text() == "old", "the new content is on the disk before it takes the place of the old"

    monkeypatch.setattr(os, "fsync", seen)
    write_whole(file, b"new")
    assert file.read_text() == "new"


@unix
def test_links_and_permissions_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "a.toml", tmp_path / "link.toml"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_whole(link, b"new")
    assert link.is_symlink() and file.read_text() == "new" and stat.S_IMODE(file.stat().st_mode) == 0o640
    write_whole(tmp_path / "private", b"new", mode=0o600)
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600


@unix
def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.toml"
    file.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write to any
    with pytest.raises(PermissionError):
        write_whole(file, b"new")
    assert file.read_text() == "old"


@unix
def test_what_is_no_ordinary_file_stays_what_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, b"new")
        assert os.read(reader, 9) == b"new" and stat.S_ISFIFO(pipe.stat().st_mode)
    finally:
        os.close(reader)
