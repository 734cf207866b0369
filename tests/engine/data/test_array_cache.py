"""The cache between threads, processes and accidents: made once, whole or not there, and never the end of a run."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from engine.data import array_cache, array_file, cache_room
from engine.data.array_cache import ArrayCache, StopAsked, key_of
from engine.data.cache_room import entries, lock_file

ROOT = Path(__file__).resolve().parents[3]
KEY = key_of({"what": "numbers"})
NUMBERS = {"numbers": np.arange(1000, dtype=np.float32)}

# Arguments: folder, where to note that it made the numbers, seconds that takes, "die" to wait while writing, the key.
CHILD = """if True:
    import os, signal, sys, time
    from pathlib import Path
    import numpy as np
    from engine.data import array_cache
    folder, note, seconds, fate = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4]

    def make():
        with note.open("a") as file:
            file.write("made\\n")
        time.sleep(seconds)
        return {"numbers": np.arange(1000, dtype=np.float32)}, {"kind": "numbers"}

    if fate == "die":
        honest = array_cache.write_arrays
        def write_half(file, arrays, about):
            honest(file, arrays, about)
            os.truncate(file, 1000)
            print("writing", flush=True)
            time.sleep(60)
        array_cache.write_arrays = write_half
    said = []
    print("ready", flush=True)
    sys.stdin.readline()
    found = array_cache.ArrayCache(folder, said.append, 10**9).fetch(sys.argv[5], make, "the numbers")
    print(found.found, float(found.arrays["numbers"].sum()), *said, flush=True)
"""


def child(folder: Path, seconds: float = 0.0, fate: str = "live") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), str(folder.parent / "note"), str(seconds), fate, KEY]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


class Maker:
    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> array_cache.Made:
        self.asked += 1
        return NUMBERS, {"kind": "numbers"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "cache"


def test_made_once_and_found_again(folder: Path) -> None:
    make, said = Maker(), list[str]()
    first = ArrayCache(folder, said.append).fetch(KEY, make, "the numbers")
    again = ArrayCache(folder, said.append).fetch(KEY, make, "the numbers")
    assert make.asked == 1 and not said and (first.found, again.found) == (False, True)
    for kept in (first, again):
        assert kept.arrays["numbers"].tobytes() == NUMBERS["numbers"].tobytes() and kept.about["kind"] == "numbers"
        assert not kept.arrays["numbers"].flags.writeable
    assert ArrayCache(folder).find(key_of({"what": "other numbers"})) is None
    assert [entry.about["kind"] for entry in entries(folder)] == ["numbers"]


def test_folder_and_files_are_their_owners_alone(folder: Path) -> None:
    ArrayCache(folder).fetch(KEY, Maker(), "the numbers")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_equal_parts_have_equal_keys_and_others_never() -> None:
    keys = [key_of(parts) for parts in ({"a": 1, "b": 2}, {"a": 1}, {"a": "1"}, {"a": [1]}, {"a": 1, "c": 2}, {})]
    assert key_of({"b": 2, "a": 1}) == keys[0] and len(set(keys)) == len(keys) and all(len(key) == 32 for key in keys)


def test_two_processes_asking_at_once_make_it_once(folder: Path) -> None:
    children = [child(folder, seconds=1.0) for _ in range(2)]
    for process in children:
        begin(process)
    told = sorted(process.communicate(timeout=60)[0].strip() for process in children)
    assert (folder.parent / "note").read_text() == "made\n"
    total = float(NUMBERS["numbers"].sum())
    assert told == [f"False {total}", f"True {total} Another process is making the numbers; waiting for it."]


def test_threads_asking_at_once_make_it_once(folder: Path) -> None:
    make, results = Maker(), list[array_cache.Kept]()

    def slowly() -> array_cache.Made:
        time.sleep(0.2)
        return make()

    threads = [
        threading.Thread(target=lambda: results.append(ArrayCache(folder).fetch(KEY, slowly, "the numbers")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert make.asked == 1 and sorted(kept.found for kept in results) == [False, True, True, True]


def test_a_process_killed_while_writing_leaves_nothing_that_counts(folder: Path) -> None:
    process = child(folder, fate="die")
    begin(process)
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(folder.glob("*.part-*")) and not entries(folder)
    make, said = Maker(), list[str]()
    assert not ArrayCache(folder, said.append).fetch(KEY, make, "the numbers").found
    assert make.asked == 1 and not said and not list(folder.glob("*.part-*"))
    assert ArrayCache(folder).find(KEY) is not None


def test_a_process_killed_while_making_does_not_hold_up_the_next(folder: Path) -> None:
    process = child(folder, seconds=60.0)
    begin(process)
    while not (folder.parent / "note").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    make = Maker()
    ArrayCache(folder).fetch(KEY, make, "the numbers")
    assert make.asked == 1


def test_a_damaged_entry_is_made_again_and_that_is_said(folder: Path) -> None:
    cache = ArrayCache(folder)
    cache.fetch(KEY, Maker(), "the numbers")
    (file,) = folder.glob("*.arrays")
    whole = file.read_bytes()
    for seed in range(24):
        changed = bytearray(whole)
        bit = int(np.random.default_rng(seed).integers(len(whole) * 8))
        changed[bit // 8] ^= 1 << bit % 8
        file.write_bytes(changed)
        array_file._FOUND_SOUND.clear()
        make, said = Maker(), list[str]()
        kept = ArrayCache(folder, said.append).fetch(KEY, make, "the numbers")
        assert make.asked == 1 and kept.arrays["numbers"].tobytes() == NUMBERS["numbers"].tobytes(), f"bit {bit}"
        assert len(said) == 1 and said[0].startswith("The cache's file of the numbers cannot be used (")
        assert ArrayCache(folder).fetch(KEY, make, "the numbers").found and make.asked == 1


def test_a_stop_ends_the_waiting(folder: Path) -> None:
    folder.mkdir(parents=True)
    asked = iter([False, False, True])
    with FileLock(lock_file(folder, KEY)), pytest.raises(StopAsked):
        ArrayCache(folder).fetch(KEY, Maker(), "the numbers", lambda: next(asked))
    assert next(asked, None) is None


def test_what_fails_while_it_is_made_leaves_the_key_free(folder: Path) -> None:
    def fail() -> array_cache.Made:
        raise RuntimeError("no teacher")

    with pytest.raises(RuntimeError, match="no teacher"):
        ArrayCache(folder).fetch(KEY, fail, "the numbers")
    make = Maker()
    ArrayCache(folder).fetch(KEY, make, "the numbers")
    assert make.asked == 1


def test_the_longest_unused_makes_room_but_not_what_is_in_use(folder: Path) -> None:
    cache = ArrayCache(folder)
    held = cache.fetch("a", Maker(), "a")
    for name in "bc":
        cache.fetch(name, Maker(), name)
    size = max(entry.bytes for entry in entries(folder))
    for age, name in enumerate("cba", 1):  # a is the longest unused, but in use here
        os.utime(folder / f"{name}.arrays", (time.time() - age,) * 2)
    small = ArrayCache(folder, limit_bytes=3 * size)
    small.find("b")
    small.fetch("d", Maker(), "d")
    assert {entry.key for entry in entries(folder)} == {"a", "b", "d"}
    assert held.arrays["numbers"][-1] == 999
    del held
    small.fetch("e", Maker(), "e")
    assert {entry.key for entry in entries(folder)} == {"b", "d", "e"}


def test_what_is_larger_than_the_limit_is_not_kept_and_takes_nothing_out(folder: Path) -> None:
    ArrayCache(folder).fetch("a", Maker(), "a")
    said, make = list[str](), Maker()
    kept = ArrayCache(folder, said.append, 100).fetch(KEY, make, "the numbers")
    assert kept.arrays is NUMBERS and said == ["There is no room in the cache for the numbers: its limit is 100 bytes."]
    assert [entry.key for entry in entries(folder)] == ["a"]
    said.clear()
    ArrayCache(folder, said.append, 0).fetch(KEY, make, "the numbers")
    assert not said and make.asked == 2, "who keeps nothing knows it"


def test_a_full_disk_is_said_once_and_the_run_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(file: Path, *given: object) -> int:
        file.write_bytes(bytes(10))
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(array_cache, "write_arrays", fill_the_disk)
    said = list[str]()
    cache = ArrayCache(folder, said.append)
    for key in (KEY, "other"):
        assert cache.fetch(key, Maker(), "the numbers").arrays is NUMBERS
    assert said == [f"The cache in {folder} cannot be written (No space left on device); the run goes on without it."]
    assert not list(folder.glob("*.part-*")) and not entries(folder)


def test_a_folder_that_cannot_be_made_is_said_and_the_run_goes_on(folder: Path) -> None:
    folder.parent.write_text("a file where the home should be")
    said = list[str]()
    assert ArrayCache(folder, said.append).fetch(KEY, Maker(), "the numbers").arrays is NUMBERS
    assert len(said) == 1 and "cannot be written (Not a directory)" in said[0]


def test_a_folder_that_can_only_be_read_still_gives_what_it_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root every folder can be written, so the system's refusal is played."""
    ArrayCache(folder).fetch(KEY, Maker(), "the numbers")

    def refuse(*given: object, **options: object) -> None:
        raise PermissionError(30, os.strerror(30))

    for name in ("utime", "open"):
        monkeypatch.setattr(os, name, refuse)
    make, said = Maker(), list[str]()
    cache = ArrayCache(folder, said.append)
    assert cache.fetch(KEY, make, "the numbers").found and not make.asked
    assert cache.fetch("other", make, "the numbers").arrays is NUMBERS
    assert said == [f"The cache in {folder} cannot be written (Read-only file system); the run goes on without it."]


# ── several files made in one go ────────────────────────────────────────────────────────────────────────────────
SHAPES = {"values": (np.dtype(np.float16), (6, 2))}


class Filler:
    """Fills the files it is asked for with the number its name ends with, row by row from the last to the first."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.asked: list[list[str]] = []
        self._pause_s = pause_s

    def __call__(self, names: list[str], begin: array_cache.Begin) -> None:
        self.asked.append(names)
        time.sleep(self._pause_s)
        for name in names:
            arrays = begin(name, SHAPES, {"kind": name})
            for row in reversed(range(6)):
                arrays.put("values", row, np.full((1, 2), float(name[-1]), np.float32))


def together(*numbers: int) -> dict[str, str]:
    return {f"file {number}": key_of({"number": number}) for number in numbers}


def test_files_made_together_are_found_alone_and_only_missing_ones_are_made(folder: Path) -> None:
    fill, said = Filler(), list[str]()
    for numbers, read in (((1, 2), [["file 1", "file 2"]]), ((2, 3), [["file 3"]]), ((3, 1, 2), [])):
        fill.asked.clear()
        found = ArrayCache(folder, said.append).fetch_together(together(*numbers), fill, "the files")
        assert found is not None and fill.asked == read and not said
        for number in numbers:
            kept = found[f"file {number}"]
            assert (kept.arrays["values"] == number).all() and kept.about["kind"] == f"file {number}"
            assert kept.found == (not any(f"file {number}" in names for names in read))
    assert len(entries(folder)) == 3 and not list(folder.glob("*.part-*"))
    assert all(not entry.fault and not cache_room.fault_of(entry.file) for entry in entries(folder))


def test_threads_that_need_some_of_the_same_files_make_each_once_and_none_waits_for_ever(folder: Path) -> None:
    fill = Filler(0.1)
    wanted = [(1, 2, 3), (3, 2, 4), (4, 1), (2,)]
    found: list[object] = []
    threads = [
        threading.Thread(
            target=lambda n=n: found.append(ArrayCache(folder).fetch_together(together(*n), fill, "files"))
        )  # type: ignore[misc]
        for n in wanted
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert None not in found and len(found) == len(wanted)
    assert sorted(name for names in fill.asked for name in names) == [f"file {number}" for number in (1, 2, 3, 4)]


def test_a_disk_that_fills_up_while_files_are_made_is_said_and_nothing_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = array_file.NewArrays.put
    written: list[int] = []

    def put(self: array_file.NewArrays, name: str, first: int, values: np.ndarray) -> None:
        written.append(first)
        if len(written) > 9:  # in the middle of the second file
            raise OSError(28, os.strerror(28))
        honest(self, name, first, values)

    monkeypatch.setattr(array_file.NewArrays, "put", put)
    said = list[str]()
    assert ArrayCache(folder, said.append).fetch_together(together(1, 2), Filler(), "the files") is None
    assert said == [f"The cache in {folder} cannot be written (No space left on device); the run goes on without it."]
    assert not entries(folder) and not list(folder.glob("*.part-*"))


def test_files_that_do_not_all_fit_are_not_kept_and_take_nothing_out(folder: Path) -> None:
    ArrayCache(folder).fetch(KEY, Maker(), "the numbers")
    said = list[str]()
    assert ArrayCache(folder, said.append, 100).fetch_together(together(1, 2), Filler(), "the files") is None
    assert said == ["There is no room in the cache for the files: its limit is 100 bytes."]
    assert [entry.key for entry in entries(folder)] == [KEY] and not list(folder.glob("*.part-*"))


def test_what_fails_while_files_are_made_leaves_their_keys_free(folder: Path) -> None:
    def fail(names: list[str], begin: array_cache.Begin) -> None:
        begin(names[0], SHAPES, {})
        raise RuntimeError("no teacher")

    with pytest.raises(RuntimeError, match="no teacher"):
        ArrayCache(folder).fetch_together(together(1, 2), fail, "the files")
    assert not list(folder.glob("*.part-*"))
    assert ArrayCache(folder).fetch_together(together(1, 2), Filler(), "the files") is not None


def test_a_stop_ends_the_waiting_for_files_of_another_process(folder: Path) -> None:
    folder.mkdir(parents=True)
    said = list[str]()
    with FileLock(lock_file(folder, together(2)["file 2"])), pytest.raises(StopAsked):
        ArrayCache(folder, said.append).fetch_together(together(1, 2), Filler(), "the files", lambda: True)
    assert said == ["Another process is making the files; waiting for it."]
