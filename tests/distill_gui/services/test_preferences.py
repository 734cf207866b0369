"""What the window remembers: written whole or not at all, private, and never in the way."""

import json
import stat
import sys
from pathlib import Path

import pytest

from distill_gui.services.preferences import FILE, Preferences


def test_a_first_start_has_the_defaults_and_writes_nothing(home: Path) -> None:
    preferences = Preferences(home)
    assert (preferences.theme, preferences.welcomed, preferences.layout) == ("system", False, {})
    assert not home.exists()


def test_the_next_start_knows_it_all(home: Path) -> None:
    preferences = Preferences(home)
    preferences.set_theme("dark")
    preferences.set_welcomed()
    preferences.set_layout({"geometry": "AdnQywAD", "place": "table"})
    again = Preferences(home)
    assert (again.theme, again.welcomed) == ("dark", True)
    assert again.layout == {"geometry": "AdnQywAD", "place": "table"}
    assert [file.name for file in home.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", '"dark"', "\x00\xff", '{"theme": "sepia", "layout": 7, "welcomed": 1}']
)
def test_a_damaged_file_means_the_defaults_and_is_mended(home: Path, text: str) -> None:
    home.mkdir()
    (home / FILE).write_bytes(text.encode("latin-1"))
    preferences = Preferences(home)
    assert (preferences.theme, preferences.welcomed, preferences.layout) == ("system", False, {})
    preferences.set_theme("light")
    assert Preferences(home).theme == "light"


def test_what_a_later_version_wrote_is_kept(home: Path) -> None:
    home.mkdir()
    (home / FILE).write_text(json.dumps({"theme": "dark", "from_the_future": [1]}))
    Preferences(home).set_welcomed()
    assert json.loads((home / FILE).read_text())["from_the_future"] == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are a Unix matter")
def test_only_the_owner_may_read_it(home: Path) -> None:
    Preferences(home).set_theme("dark")
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600


def test_a_home_that_cannot_be_written_stops_no_one(tmp_path: Path) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    preferences = Preferences(blocked)
    preferences.set_theme("dark")
    assert preferences.theme == "dark"
    assert Preferences(blocked).theme == "system"


def test_how_things_are_shown_and_what_becomes_of_interrupted_runs(home: Path) -> None:
    preferences = Preferences(home)
    assert (preferences.charts, preferences.table, preferences.interrupted) == ({}, {}, "offer")
    preferences.set_charts({"x": "step"})
    preferences.set_table({"published": False})
    preferences.set_interrupted("resume")
    again = Preferences(home)
    assert (again.charts, again.table, again.interrupted) == ({"x": "step"}, {"published": False}, "resume")
    (home / FILE).write_text(json.dumps({"charts": 1, "table": [], "interrupted": "burn"}))
    damaged = Preferences(home)
    assert (damaged.charts, damaged.table, damaged.interrupted) == ({}, {}, "offer")


def test_one_window_does_not_undo_what_another_chose(home: Path) -> None:
    first, second = Preferences(home), Preferences(home)
    first.set_interrupted("leave")
    second.set_theme("dark")
    first.set_layout({"place": "runs"})
    again = Preferences(home)
    assert (again.theme, again.interrupted, again.layout) == ("dark", "leave", {"place": "runs"})


def test_whether_the_desktop_is_told_is_remembered(home: Path) -> None:
    assert Preferences(home).notices
    Preferences(home).set_notices(False)
    assert not Preferences(home).notices


def test_marks_of_runs_are_remembered(home: Path) -> None:
    assert Preferences(home).marks == {}
    Preferences(home).set_marks({"pinned": [3], "baseline": None})
    assert Preferences(home).marks == {"pinned": [3], "baseline": None}
