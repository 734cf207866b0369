"""An export replaces only what is an untouched earlier export, and is there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.analysis.export_record import ExportRecord, write_record
from engine.errors import DataError
from engine.exporters import target_folder
from engine.exporters.target_folder import check_target, must_be_outside, written_beside


def earlier_export(folder: Path) -> Path:
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"old")
    write_record(folder, ExportRecord(1, "old", "huggingface", ("model.safetensors",), 6, 0.0))
    return folder


def test_new_empty_and_earlier_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "new" / "deep", tmp_path / "empty", earlier_export(tmp_path / "old")):
        assert check_target(folder) == folder


def test_anything_else_is_refused_with_what_is_there(tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match="not empty and is no earlier export"):
        check_target(full)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="is a file"):
        check_target(tmp_path / "file")
    (tmp_path / "link").symlink_to(full)
    with pytest.raises(DataError, match="is a link"):
        check_target(tmp_path / "link")
    with pytest.raises(DataError, match="null character"):
        check_target(Path("a\0b"))
    (earlier_export(tmp_path / "old") / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"and also notes\.txt"):
        check_target(tmp_path / "old")


@pytest.mark.parametrize("names", [("../thesis.tex",), ("/etc/passwd",), ("",), ("..",)])
def test_a_record_that_points_outside_is_no_record(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "x").write_text("")
    write_record(folder, ExportRecord(1, "old", "huggingface", names, 6, 0.0))
    with pytest.raises(DataError, match="no earlier export"):
        check_target(folder)


@pytest.mark.parametrize("name", ["runs/7/mine", "runs/8", "trash/x", "teachers/mine", "cache/mine"])
def test_a_folder_that_goes_with_a_run_or_is_cleared_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    for home in (tmp_path, tmp_path / "link"):
        with pytest.raises(DataError, match=r"from which this program deletes; choose a folder outside it"):
            must_be_outside(home / name, tmp_path)
    must_be_outside(tmp_path / "exports" / "mine", tmp_path)


def test_an_export_is_on_the_disk_before_an_earlier_one_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = earlier_export(tmp_path / "old")
    synced: list[str] = []

    def sync(path: Path) -> None:
        if path != tmp_path:
            assert (target / "model.safetensors").read_bytes() == b"old"
        synced.append(path.name)

    monkeypatch.setattr(target_folder, "sync", sync)
    with written_beside(target) as part:
        (part / "model.safetensors").write_bytes(b"new")
    assert synced == ["model.safetensors", part.name, tmp_path.name]


def test_written_whole_and_nothing_left_beside(tmp_path: Path) -> None:
    target = earlier_export(tmp_path / "old")
    with written_beside(target) as part:
        assert part.parent == target.parent and (target / "model.safetensors").read_bytes() == b"old"
        (part / "model.safetensors").write_bytes(b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["old"]
    assert (target / "model.safetensors").read_bytes() == b"new"


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = earlier_export(tmp_path / "old")
    with pytest.raises(RuntimeError), written_beside(target) as part:
        (part / "x").write_bytes(b"half")
        raise RuntimeError("a bug")
    assert [entry.name for entry in tmp_path.iterdir()] == ["old"]
    assert (target / "model.safetensors").read_bytes() == b"old"


def test_what_a_person_put_there_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "new"
    with pytest.raises(DataError, match="not empty"), written_beside(target):
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    assert (target / "mine.txt").read_text() == "mine" and [entry.name for entry in tmp_path.iterdir()] == ["new"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(DataError, match="cannot be written"), written_beside(locked / "new"):
        pass


def test_a_parent_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DataError, match=r"cannot be written: .*choose another folder"),
        written_beside(tmp_path / "file" / "new"),
    ):
        pass


def test_what_killed_exports_left_is_cleared_and_what_they_moved_aside_is_put_back(tmp_path: Path) -> None:
    dead, alive = 2**22 + 1, os.getppid()
    for kind, process in (("part", dead), ("part", alive), ("old", "mine")):
        (tmp_path / f".out.{kind}-{process}").mkdir()
    earlier_export(tmp_path / f".out.old-{dead}")
    with pytest.raises(RuntimeError), written_beside(tmp_path / "out"):
        raise RuntimeError("the new one fails")
    assert (tmp_path / "out" / "model.safetensors").read_bytes() == b"old"
    left = sorted(entry.name for entry in tmp_path.iterdir())
    assert left == sorted([f".out.part-{alive}", ".out.old-mine", "out"])
