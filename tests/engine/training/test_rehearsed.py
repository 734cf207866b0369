"""A rehearsal that went well is not done again for the window, unless anything it rests on has changed."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.config import parse_leniently
from engine.errors import ModelError
from engine.training import rehearsal, rehearsed
from engine.training.preflight import Preview, preview

Look = Callable[..., Preview]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The students that were rehearsed."""
    told: list[str] = []

    def rehearse(config, task, texts, first):
        return [("student.architecture", lambda: told.append(config.student.architecture) or True)]

    monkeypatch.setattr(rehearsal, "rehearse", rehearse)
    return told


@pytest.fixture
def folders(tiny: Path, tmp_path: Path) -> Path:
    """A copy of the teacher and the rows that nobody has touched for a minute."""
    for name in ("teacher", "pairs"):
        shutil.copytree(tiny / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def look(toml: str, tiny: Path, folders: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    home.mkdir(parents=True)
    monkeypatch.setattr("engine.models.folder.SETTLED_NS", -60_000_000_000)  # no clock of a file system is so coarse
    text = toml.replace(tiny.as_posix(), folders.as_posix())

    def at(*overrides: str, remember: bool = True) -> Preview:
        return preview(*parse_leniently(text, None, overrides), home, thorough=True, remember=remember)

    return at


def test_another_number_rehearses_nothing_anew(look: Look, done: list[str], home: Path) -> None:
    assert look().ready and done == ["2x16"]
    assert look("loss.lambda=0.2", "training.epochs=9", "teacher.learning_rate=1e-4").ready and done == ["2x16"]
    look("student.architecture=1x16")
    assert done == ["2x16", "1x16"]
    look("task.max_length=16")
    assert len(done) == 3
    assert [file.name for file in home.iterdir()] == [rehearsed.FILE]


def test_files_that_changed_are_looked_at_again(look: Look, done: list[str], folders: Path) -> None:
    look()
    weights = folders / "teacher" / "model.safetensors"
    os.utime(weights, ns=(weights.stat().st_atime_ns, weights.stat().st_mtime_ns + 1))
    look()
    assert len(done) == 2
    with (folders / "pairs" / "train.csv").open("a") as rows:
        rows.write("One more.,And more.,1\n")
    look()
    assert len(done) == 3


def test_what_may_be_changing_just_now_is_not_kept(
    look: Look, done: list[str], home: Path, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.models.folder.SETTLED_NS", 2_000_000_000)
    (folders / "teacher" / "note.txt").write_text(str(time.time()))
    for _ in range(2):
        look()
    assert len(done) == 2 and not list(home.iterdir())


def test_a_fault_is_never_kept(look: Look, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ModelError("student.architecture: no room.")

    monkeypatch.setattr(rehearsal, "rehearse", lambda *_: [("student.architecture", fail)])
    for _ in range(2):
        assert [fault["message"] for fault in look().faults] == ["no room."]
    assert not list(home.iterdir())


def test_only_the_window_keeps_it_and_a_damaged_note_is_none(look: Look, done: list[str], home: Path) -> None:
    look(remember=False)
    assert not list(home.iterdir())
    for content in ("{", '{"a": 1}', "[1, null]", "[" * 100_000, ""):
        (home / rehearsed.FILE).write_text(content)
        done.clear()
        look()
        assert done == ["2x16"], content
        kept = json.loads((home / rehearsed.FILE).read_text())
        assert len(kept) == 1 and len(kept[0]) == 64


def test_only_the_latest_are_kept(home: Path) -> None:
    home.mkdir(parents=True)
    for number in range(rehearsed.MOST + 5):
        rehearsed.keep(home, str(number))
    assert not rehearsed.was_rehearsed(home, "4") and rehearsed.was_rehearsed(home, "5")
    assert not rehearsed.was_rehearsed(home, ""), "what cannot be told is looked at"
