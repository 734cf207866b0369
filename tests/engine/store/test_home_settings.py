"""What was chosen for a home: kept, read by whoever trains in it, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.store.home_settings import FILE, KEEP_AWAKE, keeps_awake, set_keeps_awake


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEEP_AWAKE, raising=False)


def test_the_machine_is_kept_awake_until_somebody_chooses_otherwise(home: Path) -> None:
    assert keeps_awake(home) and not home.exists(), "asking writes nothing"
    set_keeps_awake(home, False)
    assert not keeps_awake(home)
    set_keeps_awake(home, True)
    assert keeps_awake(home)
    assert [path.name for path in home.iterdir()] == [FILE]


def test_what_it_does_not_know_stays(home: Path) -> None:
    home.mkdir(parents=True)
    (home / FILE).write_text(json.dumps({"of a later version": 1}), encoding="utf-8")
    set_keeps_awake(home, False)
    assert json.loads((home / FILE).read_text(encoding="utf-8")) == {"of a later version": 1, "keep_awake": False}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keep_awake": "no"}', "\xff"])
def test_a_damaged_file_means_the_default(home: Path, text: str) -> None:
    home.mkdir(parents=True)
    (home / FILE).write_text(text, encoding="latin-1")
    assert keeps_awake(home)


def test_the_environment_goes_first_and_nonsense_in_it_is_left_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_keeps_awake(home, False)
    for given, awake in (("1", True), ("0", False), ("perhaps", False)):
        monkeypatch.setenv(KEEP_AWAKE, given)
        assert keeps_awake(home) is awake


def test_a_home_that_cannot_be_made_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    set_keeps_awake(tmp_path / "file" / "home", False)
    assert keeps_awake(tmp_path / "file" / "home")
