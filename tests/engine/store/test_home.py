"""The home folder: which it is, and that nobody else may read what is in it."""

import stat
import sys
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store.home import home_folder, make_private_folder, open_private


def test_the_argument_wins_over_the_environment(tmp_path: Path, home: Path) -> None:
    assert home_folder(tmp_path / "mine") == tmp_path / "mine"
    assert home_folder() == home


def test_without_either_it_is_the_platforms_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISTILL_HOME")
    assert "distillation-studio" in str(home_folder())


def test_asking_for_it_creates_nothing(home: Path) -> None:
    assert not home_folder().exists()


def test_a_home_below_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made.*--home"):
        make_private_folder(tmp_path / "file" / "home")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_folders_and_files_are_the_owners_alone(tmp_path: Path) -> None:
    folder = make_private_folder(tmp_path / "home")
    with open_private(folder / "log.txt", "a") as file:
        file.write("x\n")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "log.txt").stat().st_mode) == 0o600


def test_appending_keeps_what_was_there_and_half_characters_do_not_stop_it(tmp_path: Path) -> None:
    for text in ("one\n", "two \udcff\n"):
        with open_private(tmp_path / "log.txt", "a") as file:
            file.write(text)
    assert (tmp_path / "log.txt").read_text(encoding="utf-8") == "one\ntwo \\udcff\n"
