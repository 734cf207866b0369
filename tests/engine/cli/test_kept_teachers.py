"""``distill cache clear --teachers``: asked first, the old ones alone if wanted, never one that a living run uses."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.cli import kept_teachers
from engine.cli.app import app
from engine.cli.work import work
from engine.config import parse_config
from engine.data.cache_room import lock_file
from engine.data.only_one import only_one_if_free
from engine.store import Store
from engine.store.processes import own_identity


@pytest.fixture
def folder(home: Path, tiny: Path) -> Path:
    """Three kept teachers: of the configuration's model, of another one not used for 10 days, and one whose note is broken."""
    made = home / "teachers"
    for name, model in (("used", (tiny / "teacher").as_posix()), ("old", "other/model"), ("broken", "")):
        (made / name).mkdir(parents=True)
        (made / name / "model.safetensors").write_bytes(b"0" * 4000)
        (made / name / "scores.json").write_text(json.dumps({"model": model}) if model else "{", encoding="utf-8")
    os.utime(made / "old" / "scores.json", (time.time() - 10 * 86_400,) * 2)
    return made


def clear(*options: str, answer: str = "") -> Result:
    return CliRunner().invoke(app, ["cache", "clear", "--teachers", *options], input=answer, env={"COLUMNS": "200"})


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_nothing_goes_without_a_yes_and_the_bytes_are_named(folder: Path) -> None:
    done = clear(answer="n\n")
    assert (
        done.exit_code == 0 and "Delete 3 teachers, 12.1 kB?" in done.output and "Nothing was deleted." in done.output
    )
    assert left(folder) == {"used", "old", "broken"}
    assert "3 teachers deleted, 12.1 kB freed." in clear(answer="y\n").output and left(folder) == set()
    assert clear().output == "No fine-tuned teacher is kept.\n"


def test_only_what_is_old_goes_if_wanted(folder: Path) -> None:
    assert clear("--older-than-days", "11").output == "No teacher is that old; 3 stay.\n"
    assert clear("--older-than-days", "9", "--yes").exit_code == 0 and left(folder) == {"used", "broken"}


def test_what_a_living_run_may_use_stays(folder: Path, home: Path, toml: str) -> None:
    store = Store(home)
    run = store.enqueue(parse_config(toml))
    store.claim(*own_identity())
    done = clear("--yes")
    assert "stays: a run that trains now may use it." in done.output and left(folder) == {"used", "broken"}
    store.set_state(run, "stopped")
    clear("--yes")
    assert left(folder) == set()


def test_a_run_that_begins_while_the_question_stands_keeps_its_teacher(
    folder: Path, home: Path, toml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(home)
    store.enqueue(parse_config(toml))

    def yes(question: str) -> bool:
        return store.claim(*own_identity()) is not None

    monkeypatch.setattr(kept_teachers.typer, "confirm", yes)
    assert "1 teacher deleted" in clear().output and left(folder) == {"used", "broken"}


def test_what_a_process_left_that_died_while_deleting_goes_too(folder: Path) -> None:
    (folder / "old").rename(folder / "old.going-1")
    clear("--yes")
    assert left(folder) == set()


def test_a_worker_clears_what_died_while_it_was_kept_or_deleted_but_nothing_that_is_being_kept(
    folder: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dead, alive = 2**22 + 7, os.getppid()
    names = [f"used.part-{dead}", f"old.going-{dead}", f"half.part-{dead}", f"held.part-{dead}", f"new.part-{alive}"]
    for name in names:
        (folder / name).mkdir()
        (folder / name / "model.safetensors").touch()
    with only_one_if_free(lock_file(home / "cache", "held")):  # by a process whose number means nothing here
        work(home, 0.0, quiet=True)
    assert left(folder) == {"used", "old", "broken", f"held.part-{dead}", f"new.part-{alive}"}
    assert not list((home / "cache").glob("half.*"))


def test_the_cache_says_how_its_limit_is_set() -> None:
    assert "DISTILL_CACHE_GB" in CliRunner().invoke(app, ["cache", "--help"], env={"COLUMNS": "200"}).output
