"""Opening: new, old, newer, foreign and damaged files; private modes; several processes at once."""

import random
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Metrics
from engine.store import Store, schema


def _version(file: Path) -> int:
    connection = sqlite3.connect(file)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def _contents(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names if "sqlite" not in name}


def test_a_new_home_gets_the_newest_tables(home: Path) -> None:
    Store(home).close()
    assert _version(home / "runs.db") == len(schema.MIGRATIONS)


def test_an_empty_file_is_a_new_store(home: Path) -> None:
    home.mkdir()
    (home / "runs.db").write_bytes(b"")
    store = Store(home)
    assert store.runs() == []
    store.close()


def test_opening_again_changes_nothing(home: Path, make_config: Callable[..., DistillationConfig]) -> None:
    first = Store(home)
    run = first.run(first.enqueue(make_config()))
    first.close()
    second = Store(home)
    assert second.runs() == [run]
    second.close()


def test_an_older_file_is_brought_up_with_its_rows(
    home: Path, make_config: Callable[..., DistillationConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Store(home)
    run = old.enqueue(make_config())
    old.close()

    def add_a_table(database: Any) -> None:
        database.conn.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_a_table))
    new = Store(home)
    assert new.run(run).state == "queued"
    new.close()
    assert _version(home / "runs.db") == len(schema.MIGRATIONS)


@pytest.mark.parametrize("version", range(1, len(schema.MIGRATIONS)))
def test_every_earlier_version_is_brought_up_whole_and_copied_first(home: Path, version: int) -> None:
    """``versions/N.sql`` is what version N of this program left behind, running runs and requests included."""
    home.mkdir()
    old = sqlite3.connect(home / "runs.db")
    old.executescript((Path(__file__).parent / "versions" / f"{version}.sql").read_text(encoding="utf-8"))
    before = _contents(old)
    old.close()
    store = Store(home)
    assert f"from schema {version} to {len(schema.MIGRATIONS)}" in store.notice
    assert [run.state for run in store.runs()] == ["finished", "failed", "running", "interrupted", "queued"]
    assert store.stop_requested(3) and len(store.metrics_after(0)) == 9 and len(store.scores(1)) == 2
    assert store.curve(1, "train/loss")[2].tolist() == [1.5, 1.25, 1.0, 0.75]
    store.close()
    (copy,) = (home / "backups").iterdir()
    assert str(copy) in store.notice and stat.S_IMODE(copy.stat().st_mode) == 0o600
    kept, now = sqlite3.connect(copy), sqlite3.connect(home / "runs.db")
    assert kept.execute("PRAGMA user_version").fetchone() == (version,)
    assert _contents(kept) == before
    for table, rows in before.items():
        columns = ", ".join(column for _, column, *_ in kept.execute(f"PRAGMA table_info({table})"))
        assert now.execute(f"SELECT {columns} FROM {table}").fetchall() == rows, table
    fresh = schema.tables()
    shape = "SELECT name, type FROM sqlite_master ORDER BY name"
    assert now.execute(shape).fetchall() == fresh.conn.execute(shape).fetchall(), "as a new store has them"
    for connection in (kept, now, fresh.conn):
        connection.close()
    again = Store(home)
    assert again.notice == "" and len(list((home / "backups").iterdir())) == 1
    again.close()


def test_each_earlier_version_has_its_file() -> None:
    kept = {file.stem for file in (Path(__file__).parent / "versions").iterdir()}
    assert kept == {str(version) for version in range(1, len(schema.MIGRATIONS))}, "dump the old version beside 1.sql"


def test_a_copy_that_cannot_be_made_stops_the_migration(home: Path) -> None:
    home.mkdir()
    old = sqlite3.connect(home / "runs.db")
    old.executescript((Path(__file__).parent / "versions" / "1.sql").read_text(encoding="utf-8"))
    old.close()
    (home / "backups").write_text("a file in the folder's place")
    with pytest.raises(StoreError, match="backups cannot be made"):
        Store(home)
    assert _version(home / "runs.db") == 1


def test_an_empty_file_with_a_log_or_with_folders_of_runs_is_no_new_store(
    home: Path, make_config: Callable[..., DistillationConfig]
) -> None:
    store = Store(home)
    store.enqueue(make_config())
    file, log = home / "runs.db", home / "runs.db-wal"
    content = log.read_bytes()
    store.close()
    file.write_bytes(b"")
    with pytest.raises(StoreError, match=r"folders of 1 run are there.*store repair"):
        Store(home)
    log.write_bytes(content)
    with pytest.raises(StoreError, match=r"empty, but its log.*|is damaged.*store repair"):
        Store(home)
    assert log.read_bytes() == content, "SQLite would have deleted it"
    log.unlink()
    file.unlink()
    with pytest.raises(StoreError, match="missing or empty"):
        Store(home)
    assert not file.exists()


def test_a_log_damaged_in_its_middle_is_refused_and_kept(
    home: Path, make_config: Callable[..., DistillationConfig]
) -> None:
    store = Store(home)
    for _ in range(5):
        store.enqueue(make_config())
    file, log = home / "runs.db", home / "runs.db-wal"
    contents, logged = file.read_bytes(), bytearray(log.read_bytes())
    store.close()
    logged[len(logged) // 2] ^= 0x10
    file.write_bytes(contents)
    log.write_bytes(logged)
    with pytest.raises(StoreError, match=r"is damaged.*store repair.*nothing was changed.*damaged pages"):
        Store(home)
    assert (file.read_bytes(), log.read_bytes()) == (contents, logged)


def test_a_log_cut_short_by_a_death_is_no_damage(home: Path, make_config: Callable[..., DistillationConfig]) -> None:
    store = Store(home)
    store.enqueue(make_config())
    store.enqueue(make_config())
    file, log = home / "runs.db", home / "runs.db-wal"
    contents, logged = file.read_bytes(), log.read_bytes()
    store.close()
    file.write_bytes(contents)
    log.write_bytes(logged[:-100])
    again = Store(home)
    assert [run.id for run in again.runs()] == [1], (
        "the transaction that was not finished is not there, nothing else is lost"
    )
    again.close()


def test_a_migration_that_fails_leaves_the_older_file_whole(
    home: Path, make_config: Callable[..., DistillationConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Store(home)
    before = old.run(old.enqueue(make_config()))
    old.close()

    def fail_halfway(database: Any) -> None:
        database.conn.execute("DROP TABLE scores")
        raise ZeroDivisionError

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, fail_halfway))
        Store(home)
    again = Store(home)
    assert again.run(before.id) == before
    assert again.scores() == []
    again.close()


def test_a_newer_file_is_refused_untouched(home: Path) -> None:
    Store(home).close()
    connection = sqlite3.connect(home / "runs.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    content = (home / "runs.db").read_bytes()
    with pytest.raises(StoreError, match=r"newer version.*schema 99.*update the program"):
        Store(home)
    assert (home / "runs.db").read_bytes() == content


def test_another_programs_file_is_refused_untouched(home: Path) -> None:
    home.mkdir()
    connection = sqlite3.connect(home / "runs.db")
    connection.execute("CREATE TABLE runs (shoes TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        Store(home)
    connection = sqlite3.connect(home / "runs.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("runs",)]
    connection.close()


@pytest.mark.parametrize("content", [b"not a database " * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_store_is_named_with_the_remedy(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / "runs.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"runs\.db.*distill store repair --home"):
        Store(home)
    assert (home / "runs.db").read_bytes() == content, "a damaged file is left for whoever can mend it"


def test_a_folder_in_the_files_place_is_named(home: Path) -> None:
    (home / "runs.db").mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be"):
        Store(home)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_file_gives_sentences_never_a_traceback(
    home: Path, make_config: Callable[..., DistillationConfig], seed: int
) -> None:
    store = Store(home)
    run = store.enqueue(make_config())
    with store.writer(run) as writer:
        for step in range(600):
            writer.emit(Metrics(step, step * 0.1, {"train/loss": 1.0, "train/gradient_norm": 2.0}))
    store.close()
    file, chance = home / "runs.db", random.Random(seed)
    content = bytearray(file.read_bytes())
    for _ in range(len(content) // 20):
        content[chance.randrange(100, len(content))] = chance.randrange(256)
    file.write_bytes(content)
    refused = 0
    for use in (Store.runs, lambda s: s.run(run), lambda s: s.metrics_after(0), lambda s: s.curve(run, "train/loss"),
                lambda s: s.enqueue(make_config()), lambda s: s.scores(), lambda s: s.claim(1, 1.0)):  # fmt: skip
        try:
            damaged = Store(home, patience_s=0.1)
        except StoreError:
            refused += 1
            continue
        try:
            use(damaged)
        except StoreError:
            refused += 1
        finally:
            damaged.close()
    assert refused, "a twentieth of the file is noise: something must have been noticed"


def test_a_lock_that_is_held_for_long_is_said(home: Path, make_config: Callable[..., DistillationConfig]) -> None:
    store = Store(home, patience_s=0.05)
    store.enqueue(make_config())
    other = sqlite3.connect(home / "runs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="is busy"):
        store.enqueue(make_config())
    assert len(store.runs()) == 1, "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    store.enqueue(make_config())
    assert len(store.runs()) == 2
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_every_file_is_the_owners_alone(home: Path, make_config: Callable[..., DistillationConfig]) -> None:
    store = Store(home)
    run = store.enqueue(make_config())
    with store.writer(run) as writer:
        writer.emit(Metrics(0, 0.0, {"train/loss": 1.0}))
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [home, *home.rglob("*")]}
    store.close()
    assert {"runs.db-wal", "runs.db-shm", "log.txt", "config.toml"} <= {path.name for path in modes}
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a matter of POSIX")
def test_a_file_that_others_could_read_is_closed_to_them(home: Path) -> None:
    Store(home).close()
    (home / "runs.db").chmod(0o644)
    Store(home).close()
    assert stat.S_IMODE((home / "runs.db").stat().st_mode) == 0o600


def test_processes_that_open_a_new_home_at_once_all_get_it(home: Path, start: Callable[..., Any]) -> None:
    code = """if True:
        import sys, pathlib
        from engine.store import Store
        print("ready", flush=True); input()
        store = Store(pathlib.Path(sys.argv[1]))
        print(len(store.runs())); store.close()"""
    processes = [start(code, home) for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=20)[0] for process in processes] == ["0\n"] * 4
