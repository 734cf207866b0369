"""The cache's folder: what is listed, what goes first when room is needed, what stays, what is cleared."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from engine.data import cache_room
from engine.data.array_file import write_arrays
from engine.data.cache_room import clear, entries, fault_of, lock_file, make_room, room_limit, size_in_words, take_out
from engine.errors import EngineError

DAY_S = 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Entries a (unused for 3 days), b (for 2) and c (for 1), each of some 4 kB."""
    folder = tmp_path / "cache"
    folder.mkdir()
    for age, key in enumerate("cba", 1):
        file = folder / f"{key}.arrays"
        write_arrays(file, {"x": np.arange(1000, dtype=np.int32)}, {"kind": key})
        os.utime(file, (time.time() - age * DAY_S,) * 2)
    return folder


def keys(folder: Path) -> list[str]:
    return [entry.key for entry in entries(folder)]


def sizes(folder: Path) -> int:
    return sum(entry.bytes for entry in entries(folder))


def test_entries_are_listed_with_what_they_are_the_last_used_first(folder: Path) -> None:
    found = entries(folder)
    assert [entry.key for entry in found] == ["c", "b", "a"]
    assert [entry.about["kind"] for entry in found] == ["c", "b", "a"]
    assert all(entry.bytes == entry.file.stat().st_size and not entry.fault for entry in found)
    assert entries(folder / "nowhere") == []


def test_listing_and_verifying_are_no_use(folder: Path) -> None:
    before = [entry.last_used for entry in entries(folder)]
    assert all(fault_of(entry.file) == "" for entry in entries(folder))
    assert [entry.last_used for entry in entries(folder)] == before


def test_a_damaged_entry_is_listed_with_its_fault(folder: Path) -> None:
    (folder / "a.arrays").write_bytes(b"something else")
    with (folder / "b.arrays").open("r+b") as stream:
        stream.seek(-7, 2)
        stream.write(b"!")
    listed = {entry.key: entry.fault for entry in entries(folder)}
    assert listed["a"] == "not a file of arrays" and not listed["b"], "a listing reads no contents"
    assert "does not match its checksum" in fault_of(folder / "b.arrays")
    assert fault_of(folder / "c.arrays") == fault_of(folder / "gone.arrays") == ""


def test_the_longest_unused_goes_first_and_no_more_than_needed(folder: Path) -> None:
    limit = sizes(folder)
    assert make_room(folder, 100, limit, set()) and keys(folder) == ["c", "b"]
    assert make_room(folder, 100, limit, set()) and keys(folder) == ["c", "b"]
    assert make_room(folder, limit, limit, set()) and keys(folder) == []


def test_nothing_goes_for_what_would_never_fit(folder: Path) -> None:
    limit = sizes(folder)
    assert not make_room(folder, limit + 1, limit, set()) and len(keys(folder)) == 3


def test_what_is_in_use_or_being_made_stays(folder: Path) -> None:
    limit = sizes(folder)
    with FileLock(lock_file(folder, "b")):
        assert make_room(folder, 100, limit, {str(folder / "a.arrays")}) and keys(folder) == ["b", "a"]
        assert not make_room(folder, limit, limit, {str(folder / "a.arrays")}) and keys(folder) == ["b", "a"]
        assert not take_out(folder / "b.arrays")
    assert take_out(folder / "b.arrays") and keys(folder) == ["a"]


def test_clearing_takes_all_or_what_was_long_unused(folder: Path) -> None:
    (folder / "note.txt").write_text("a person's own")
    one = (folder / "a.arrays").stat().st_size
    assert clear(folder, 2.5 * DAY_S) == (1, one) and keys(folder) == ["c", "b"]
    assert clear(folder) == (2, 2 * one)
    assert [file.name for file in folder.iterdir()] == ["note.txt"]
    assert clear(folder / "nowhere") == (0, 0)


def test_clearing_takes_what_dead_processes_left_but_not_what_is_being_written(folder: Path) -> None:
    dead, live = folder / "d.part-1-ab", folder / "e.part-2-cd"
    dead.write_bytes(bytes(50))
    live.write_bytes(bytes(50))
    with FileLock(lock_file(folder, "e")):
        assert clear(folder, 9 * DAY_S) == (0, 50)
        assert live.exists() and not dead.exists() and not lock_file(folder, "d").exists()
    assert clear(folder, 9 * DAY_S) == (0, 50) and not live.exists()


def test_the_limit_is_the_variables_or_a_share_of_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISTILL_CACHE_GB", "1.5")
    assert room_limit(folder) == 1_500_000_000
    monkeypatch.setenv("DISTILL_CACHE_GB", "0")
    assert room_limit(folder) == 0
    for nonsense in ("much", "-1", "nan", "inf"):
        monkeypatch.setenv("DISTILL_CACHE_GB", nonsense)
        with pytest.raises(EngineError, match=f"DISTILL_CACHE_GB is “{nonsense}”; give"):
            room_limit(folder)
    monkeypatch.setenv("DISTILL_CACHE_GB", " ")
    free = 8_000_000_000
    monkeypatch.setattr(cache_room.shutil, "disk_usage", lambda place: type("Usage", (), {"free": free}))
    assert room_limit(folder / "not" / "there") == 2_000_000_000
    assert room_limit(folder) == int(0.25 * (free + sizes(folder))), "what the cache holds it need not free first"
    free = 10**15
    assert room_limit(folder) == 20_000_000_000


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (29_930, "29.9 kB"), (345_678, "346 kB"), (1_500_000, "1.5 MB"),
     (999_700, "1.0 MB"), (20e9, "20.0 GB")],
)  # fmt: skip
def test_sizes_in_words(count: float, words: str) -> None:
    assert size_in_words(count) == words
