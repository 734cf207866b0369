"""The log read without SQLite: the same pages as SQLite sees, and every damaged byte within what was committed noticed."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from engine.store import wal


@pytest.fixture
def logged(tmp_path: Path) -> tuple[Path, bytes]:
    """A database whose rows are all in its log still: (database, log's bytes)."""
    file = tmp_path / "a.db"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE t (a, b)")
    chance = random.Random(1)
    for number in range(40):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(number, chance.randbytes(700)) for _ in range(3)])
        connection.execute("COMMIT")
    log = (tmp_path / "a.db-wal").read_bytes()
    whole = file.read_bytes()
    connection.close()
    file.write_bytes(whole)
    (tmp_path / "a.db-wal").write_bytes(log)
    return file, log


def test_the_frames_make_the_file_that_sqlite_makes(logged: tuple[Path, bytes], tmp_path: Path) -> None:
    file, _ = logged
    frames = wal.read_frames(tmp_path / "a.db-wal")
    assert frames.broken == 0 and frames.page_size == 4096
    pages = dict(zip(frames.pages, frames.images, strict=True))
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(truncate)")
    connection.close()
    content = file.read_bytes()
    for number, image in pages.items():
        assert content[(number - 1) * 4096 : number * 4096] == image, number


@pytest.mark.parametrize("seed", range(40))
def test_one_flipped_bit_is_noticed_unless_it_only_shortens_the_end(
    logged: tuple[Path, bytes], tmp_path: Path, seed: int
) -> None:
    _, log = logged
    damaged, chance = bytearray(log), random.Random(seed)
    place = chance.randrange(len(log))
    damaged[place] ^= 1 << chance.randrange(8)
    (tmp_path / "damaged").write_bytes(damaged)
    whole = wal.read_frames(tmp_path / "a.db-wal")
    found = wal.read_frames(tmp_path / "damaged")
    last = (place - wal.HEADER) // (wal.FRAME_HEADER + 4096)
    assert found.broken or last >= len(found.pages), f"byte {place}"
    for number, (page, image) in enumerate(zip(found.pages, found.images, strict=True)):
        assert page == 0 or (page, image) == (whole.pages[number], whole.images[number])


def died_before_the_index_knew(tmp_path: Path) -> sqlite3.Connection:
    """A connection that is open while another one's transaction reaches the log, but not the index, and that then writes a
    shorter one: frames of the dead one stay behind the log's end."""
    alive, dead = (sqlite3.connect(tmp_path / "a.db", isolation_level=None) for _ in range(2))
    alive.execute("PRAGMA journal_mode = wal")
    alive.execute("CREATE TABLE t (a, b)")
    with (tmp_path / "a.db-shm").open("r+b", buffering=0) as index:
        before = index.read()
        dead.execute("BEGIN")
        dead.executemany("INSERT INTO t VALUES (?, ?)", [(1, "x" * 3000) for _ in range(12)])
        dead.execute("COMMIT")
        length = (tmp_path / "a.db-wal").stat().st_size
        index.seek(0)
        index.write(before)
    alive.execute("INSERT INTO t VALUES (2, 'y')")
    assert (tmp_path / "a.db-wal").stat().st_size == length, "frames of the dead one lie behind"
    dead.close()
    return alive


def test_frames_that_a_dying_process_left_behind_the_end_are_no_damage(tmp_path: Path) -> None:
    alive = died_before_the_index_knew(tmp_path)
    log = tmp_path / "a.db-wal"
    try:
        assert not wal.is_broken(log)
        third = sqlite3.connect(tmp_path / "a.db")
        assert third.execute("SELECT * FROM t").fetchall() == [(2, "y")], "as SQLite sees it"
        third.close()
        found = wal.read_frames(log)
        content = bytearray(log.read_bytes())
        content[wal.HEADER + wal.FRAME_HEADER + 100] ^= 1  # within what was committed
        log.write_bytes(content)
        assert wal.is_broken(log)
        content[wal.HEADER + wal.FRAME_HEADER + 100] ^= 1
        log.write_bytes(content)
        os.utime(tmp_path / "a.db-shm", (0, 0))  # of before the machine was started: nothing is known
        assert wal.is_broken(log) and len(found.pages) < len(wal.read_frames(log).pages)
    finally:
        alive.close()


def test_no_log_an_empty_one_and_noise(tmp_path: Path) -> None:
    noise = random.Random(0).randbytes(20_000)
    for content in (None, b"", b"x" * 31, noise):
        if content is not None:
            (tmp_path / "log").write_bytes(content)
        assert wal.read_frames(tmp_path / "log").pages == []
        assert not wal.is_broken(tmp_path / "log")
