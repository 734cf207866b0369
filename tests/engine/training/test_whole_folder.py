"""A kept folder is whole or not there, whatever the disk does meanwhile."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from engine.events import Event, Log
from engine.training import whole_folder
from engine.training.whole_folder import write_whole


def write_text(text: str) -> object:
    def write(folder: Path) -> None:
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_text(text)

    return write


def keep(folder: Path, write: object, **more: object) -> list[Event]:
    said: list[Event] = []
    write_whole(folder, write, "It", said.append, **more)  # type: ignore[arg-type]
    return said


def text_of(folder: Path) -> str:
    return (folder / "inner" / "file").read_text()


def test_a_second_takes_the_place_of_the_first_and_nothing_else_is_left(tmp_path: Path) -> None:
    for text in ("first", "second"):
        assert keep(tmp_path / "kept", write_text(text)) == []
        assert text_of(tmp_path / "kept") == text and [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_every_file_is_on_the_disk_before_the_earlier_ones_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path / "kept", write_text("first"))
    synced: list[str] = []

    def sync(path: Path) -> None:
        if path != tmp_path:
            assert text_of(tmp_path / "kept") == "first"
        synced.append(path.name.partition(".")[0])

    monkeypatch.setattr(whole_folder, "sync", sync)
    keep(tmp_path / "kept", write_text("second"))
    assert synced == ["inner", "file", "kept", tmp_path.name], "its content, itself, and at last its name"


def test_a_disk_that_refuses_for_long_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path / "kept", write_text("first"))
    monkeypatch.setattr(whole_folder, "RETRY_S", 0.01)

    def full(folder: Path) -> None:
        (folder / "half").write_text("written")
        raise OSError(errno.ENOSPC, "No space left on device")

    said: list[Event] = []
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "kept", full, "It", said.append, patience_s=0.05)
    assert text_of(tmp_path / "kept") == "first" and [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert [event.text for event in said if isinstance(event, Log)] == [
        f"It cannot be kept in {tmp_path / 'kept'}: No space left on device. Tried again until it works."
    ]


def test_a_person_who_gives_up_waiting_for_the_disk_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_folder, "RETRY_S", 0.01)
    said: list[Event] = []

    def full(folder: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    tries = iter([False, False, True])
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "kept", full, "It", said.append, given_up=lambda: next(tries))
    assert next(tries, "all asked") == "all asked" and len(said) == 2, "not before it was said what is waited for"


def test_where_waiting_cannot_help_it_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        keep(tmp_path / "removed" / "kept", write_text("first"))
    assert not (tmp_path / "removed").exists(), "a home that was removed is not made anew"
    keep(tmp_path / "kept", write_text("first"))
    with pytest.raises(OSError, match="not empty|exists"):
        keep(tmp_path / "kept", write_text("second"), replaces=False)
    assert text_of(tmp_path / "kept") == "first"


def test_safetensors_tells_the_systems_number_in_its_text() -> None:
    from safetensors import SafetensorError

    error = SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert whole_folder.error_number(error) == errno.ENOSPC and whole_folder.error_number(ValueError("x")) is None
