"""Files and folders of a draft: what cannot be written or read is a sentence or nothing, never an error."""

from pathlib import Path

import pytest

from distill_gui.models.compose_draft import Draft
from distill_gui.models.compose_files import key_for, plain_name, write_toml


def test_a_file_is_written_whole_and_a_folder_is_told_from_one(tmp_path: Path) -> None:
    assert write_toml(tmp_path / "a.toml", 'name = "λ"\n') == ""
    assert (tmp_path / "a.toml").read_text(encoding="utf-8") == 'name = "λ"\n'
    assert write_toml(tmp_path, "") == f"{tmp_path} is a folder; give the file in it a name."
    assert "cannot be written" in write_toml(tmp_path / "gone" / "a.toml", "")


@pytest.mark.parametrize(
    "name, key", [("config.json", "teacher.model"), ("train.csv", "task.source"), ("notes.txt", ""), ("train.txt", "")]
)
def test_a_folder_is_known_by_what_it_holds(tmp_path: Path, name: str, key: str) -> None:
    (tmp_path / name).touch()
    assert key_for(tmp_path) == key


def test_a_folder_that_may_not_be_read_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", refuse)
    assert key_for(tmp_path) == ""


def test_a_name_to_save_under_is_no_path() -> None:
    draft = Draft()
    draft.set("student.architecture", "/models/small")
    assert plain_name(draft).endswith("-small-task.toml")
