"""``distill store``, the trash, and the marks of dead runs, as typed: sentences, exit statuses, what stays unchanged."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.config import parse_config
from engine.store import Store, check

Typed = tuple[int, str, str]  # status, stdout, stderr


@pytest.fixture
def distill(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Typed]:
    def type_(*arguments: str | Path | int) -> Typed:
        monkeypatch.setattr(sys, "argv", ["distill", *map(str, arguments)])
        status: object = 0
        try:
            main()
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return int(str(status or 0)), captured.out, captured.err

    return type_


@pytest.fixture
def runs(home: Path, toml: str) -> list[int]:
    """Three runs: finished, failed, queued."""
    store = Store(home)
    numbers = [store.enqueue(parse_config(toml, overrides=["loss.kind=none", f"name='run {n}'"])) for n in (1, 2, 3)]
    store.set_state(1, "finished")
    store.set_state(2, "failed", "It broke.")
    (store.folder(1) / "student").mkdir()
    (store.folder(1) / "student" / "model.safetensors").write_bytes(b"x" * 2_500_000)
    store.close()
    return numbers


def test_discard_list_restore(distill: Callable[..., Typed], home: Path, runs: list[int]) -> None:
    status, out, _ = distill("discard", 1, "run 3")
    assert status == 0 and "Run 1 “run 1” is in the trash; “distill restore 1” brings it back." in out
    assert [row["id"] for row in json.loads(distill("runs", "--json")[1])] == [2]
    assert "run 1" not in distill("table", "--own-only")[1]
    listed = distill("runs", "--trash")[1]
    assert "run 1" in listed and "2.5 MB" in listed and "run 2" not in listed
    assert "In the trash; “distill restore 1”" in distill("show", "1")[1]
    assert distill("restore", 3, 1)[1].splitlines() == [
        "Run 3 “run 3” is back and waits in the queue again.", "Run 1 “run 1” is back.",
    ]  # fmt: skip
    assert "The trash is empty." in distill("runs", "--trash")[1]
    assert distill("restore", 1)[0] == 2 and distill("discard", "nothing")[0] == 2


def test_purge_names_the_bytes_and_asks(
    distill: Callable[..., Typed], home: Path, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert distill("purge")[1] == "The trash is empty.\n"
    status, _, err = distill("purge", 1, "--yes")
    assert status == 2 and "Run 1 is not in the trash" in err
    distill("discard", 1, 2)
    monkeypatch.setattr("typer.confirm", lambda question: asked.append(question))
    asked: list[str] = []
    status, out, _ = distill("purge", 1)
    assert status == 0 and "Nothing was deleted." in out
    assert asked == ["Delete 1 run for good: 2.5 MB of files, with log and student, and 0 curve rows?"]
    assert (home / "trash" / "1" / "student").is_dir()
    out = distill("purge", "--yes")[1]
    assert "2 runs deleted, 2.5 MB of files." in out and list((home / "trash").iterdir()) == []
    assert [run.id for run in Store(home).runs()] == [3]


def test_a_running_run_is_refused_with_what_to_do(distill: Callable[..., Typed], home: Path, runs: list[int]) -> None:
    from engine.store.processes import own_identity

    store = Store(home)
    store.claim(*own_identity())
    status, _, err = distill("discard", 3)
    assert status == 2 and "Stop it first (“distill stop 3”)" in err
    store.close()


def test_a_run_whose_process_died_is_marked_and_not_changed(
    distill: Callable[..., Typed], home: Path, runs: list[int]
) -> None:
    store = Store(home)
    store.claim(2**22 + 1, 1.0)
    store.close()
    out = distill("runs")[1]
    assert "✝ running" in out and "Its process is gone." in out
    assert [row["process_is_gone"] for row in json.loads(distill("runs", "--json")[1])] == [False, False, True]
    assert "Its process is gone" in distill("show", "3")[1]
    assert Store(home).run(3).state == "running"


def test_check_backup_repair(distill: Callable[..., Typed], home: Path, runs: list[int], tmp_path: Path) -> None:
    file = home / "runs.db"
    status, out, _ = distill("store", "check")
    assert status == 0 and "is whole: 3 runs, 0 curve rows, 0 scores" in out
    status, out, _ = distill("store", "backup")
    (copy,) = (home / "backups").iterdir()
    assert status == 0 and str(copy) in out
    assert distill("store", "backup", tmp_path / "mine.db")[0] == 0
    status, _, err = distill("store", "backup", tmp_path / "mine.db")
    assert status == 2 and "is there already" in err
    assert "nothing was changed" in distill("store", "repair")[1]

    content = b"\0" * 4096 + file.read_bytes()[4096:]
    file.write_bytes(content)
    for command in (
        ("runs",),
        ("show", 1),
        ("stop", 1),
        ("table",),
        ("discard", 1),
        ("work",),
        ("export", 1, tmp_path / "x"),
    ):
        status, out, err = distill(*command)
        assert status == 2 and "distill store repair --home" in err and "Traceback" not in err, command
        assert file.read_bytes() == content, command
    status, out, _ = distill("store", "check")
    assert status == 1 and "is damaged. Run “distill store repair --home" in out
    status, out, _ = distill("store", "repair")
    assert status == 0 and "Recovered: 3 runs" in out and "Rows lost, as far as can be told: none." in out
    assert "The damaged files are kept in" in out and "The store is whole now: 3 runs" in out
    assert [run.state for run in Store(home).runs()] == ["finished", "failed", "queued"]


def test_faults_among_the_rows_are_said_and_mended(distill: Callable[..., Typed], home: Path, runs: list[int]) -> None:
    with closing(sqlite3.connect(home / "runs.db")) as connection:
        connection.execute("UPDATE runs SET state = 'flying' WHERE id = 1")
        connection.commit()
    status, out, _ = distill("store", "check")
    assert status == 1 and "Run 1 is in the unknown state “flying”." in out
    status, out, _ = distill("store", "repair")
    assert status == 0 and "that was put right" in out and "The store as it was is kept in" in out
    assert distill("store", "check")[0] == 0


def test_no_store_is_said(distill: Callable[..., Typed], home: Path) -> None:
    for command in ("check", "repair", "backup"):
        status, _, err = distill("store", command)
        assert status == 2 and "There is no store" in err
    assert not home.exists()


def test_a_migration_is_said(distill: Callable[..., Typed], home: Path) -> None:
    home.mkdir()
    with closing(sqlite3.connect(home / "runs.db")) as old:
        old.executescript((Path(__file__).parents[1] / "store" / "versions" / "1.sql").read_text(encoding="utf-8"))
    assert "from schema 1 to" in distill("runs")[2]
    assert distill("runs")[2] == ""


def test_a_store_that_cannot_be_opened_is_not_called_damaged(
    distill: Callable[..., Typed], home: Path, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite keeps a file beside the store, which it cannot make in a folder that is read-only."""

    def refused(file: Path) -> object:
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = 14
        raise error

    monkeypatch.setattr(check, "reading", refused)
    status, *said = distill("store", "check")
    assert status == 2 and "cannot be opened. See whether its folder" in " ".join(said)
    assert "damaged" not in " ".join(said)
