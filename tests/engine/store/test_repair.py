"""Real damage: flipped bytes, cut files, a lost header, a torn log, lost files. A repair keeps what can be read."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Metrics, Score
from engine.store import Store, WorkerLock, repair, trash
from engine.store.check import check_store
from engine.store.repair import repair_store

Make = Callable[..., DistillationConfig]
RUNS, STEPS = 6, 1500


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("filled") / "home"


@pytest.fixture
def filled(home: Path, filled_once: Path, make_config: Make) -> Path:
    """A closed store: five finished runs with two curves each, one of them in the trash, one purged, one queued."""
    if not filled_once.exists():
        _fill(Store(filled_once), make_config)
    return shutil.copytree(filled_once, home)


def _fill(store: Store, make_config: Make) -> None:
    for number in range(1, RUNS + 1):
        store.enqueue(make_config(f"training.seed={number}", f'name="run {number}"'))
        store.update(number, note="long " * 300 * number)
        if number < RUNS:
            with store.writer(number) as writer:
                for step in range(STEPS):
                    writer.emit(Metrics(step, step / 2, {"train/loss": 1.0 / (step + 1), "train/learning_rate": 0.5}))
                writer.emit(Score("student", "validation", "accuracy", number / 10))
            store.set_state(number, "finished")
    trash.discard(store, 4)
    trash.discard(store, 5)
    trash.purge(store, [5])
    store.close()


def _rows(home: Path) -> dict[int, int]:
    """How many curve rows each run has."""
    with closing(sqlite3.connect(home / "runs.db")) as connection:
        return dict(connection.execute("SELECT run, COUNT(*) FROM metrics GROUP BY run"))


def _must_be_usable(home: Path) -> Store:
    """Everything the window and the commands ask of a store works."""
    store = Store(home)
    for run in store.runs() + store.trash():
        assert run.config["training"]["epochs"] and run.toml and (run.folder / "config.toml").is_file()
        for name in store.curve_names(run.id):
            store.curve(run.id, name)
    store.scores()
    return store


def test_a_whole_store_is_left_alone(filled: Path) -> None:
    before = (filled / "runs.db").read_bytes()
    assert repair_store(filled).did_nothing
    assert (filled / "runs.db").read_bytes() == before
    assert not (filled / "damaged").exists() and not (filled / "backups").exists()


@pytest.mark.parametrize("seed", range(20))
def test_flipped_bytes_anywhere_cost_at_most_what_they_hit(filled: Path, make_config: Make, seed: int) -> None:
    """Ten bytes at random places: every run comes back, and of the rows all but those on a few pages."""
    file, chance = filled / "runs.db", random.Random(seed)
    content = bytearray(file.read_bytes())
    for _ in range(10):
        content[chance.randrange(len(content))] = chance.randrange(256)
    file.write_bytes(content)
    said = check_store(filled)
    assert file.read_bytes() == content, "looking changes nothing"
    done = repair_store(filled)
    assert check_store(filled).is_whole
    store = _must_be_usable(filled)
    assert {run.id for run in store.runs()} == {1, 2, 3, 6} and {run.id for run in store.trash()} <= {4}
    rows = sum(_rows(filled).values())
    assert rows > 4 * STEPS * 2 * 0.85
    if said.damage:
        assert done.salvage is not None and done.aside is not None
        assert (done.aside / "runs.db").read_bytes() == content
        assert rows + len(done.salvage.lost["metrics"]) >= 4 * STEPS * 2 * 0.85
    assert store.enqueue(make_config()) > RUNS
    store.close()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_file_cut_short_keeps_what_is_before_the_cut(filled: Path, share: float) -> None:
    file = filled / "runs.db"
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StoreError, match="distill store repair"):
        store = Store(filled)
        try:
            store.curve(1, "train/loss"), store.runs(), store.metrics_after(0), store.scores()
        finally:
            store.close()
    done = repair_store(filled)
    assert check_store(filled).is_whole and done.salvage is not None
    store = _must_be_usable(filled)
    assert {1, 2, 3, 6} <= {run.id for run in store.runs()}, "lost rows of runs come from their folders"
    assert sum(_rows(filled).values()) >= 4 * STEPS * 2 * (share - 0.35)
    if share == 0.0:
        assert {run.state for run in store.runs()} == {"interrupted"}
        assert any("brought back from its folder" in sentence for sentence in done.mended)
    store.close()


def test_rows_taken_back_do_not_come_back_with_the_header_lost(home: Path, make_config: Make) -> None:
    """A run that went on from step 100: what it had said of later steps lies on pages given back, and came again."""
    store = Store(home)
    run = store.enqueue(make_config())
    with store.writer(run) as writer:
        for step in range(2000):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))
        writer.flush()
        with store.writing() as database:
            database.conn.execute("DELETE FROM metrics WHERE step > 100")
        for step in range(101, 1000):
            writer.emit(Metrics(step, 0.0, {"train/loss": 2.0}))
    store.close()
    content = (home / "runs.db").read_bytes()
    (home / "runs.db").write_bytes(b"\xff" * 100 + content[100:])
    repair_store(home)
    again = _must_be_usable(home)
    steps, _, values = again.curve(run, "train/loss")
    kept = {step: value for step, value in zip(steps.tolist(), values.tolist(), strict=True) if step < 1000}
    assert kept == {step: 1.0 if step <= 100 else 2.0 for step in range(1000)}
    assert len(steps) == len(set(steps.tolist())), "none is there twice"
    again.close()


@pytest.mark.parametrize("length", [16, 100, 4096])
def test_an_unreadable_beginning_costs_nothing_that_can_be_told_otherwise(filled: Path, length: int) -> None:
    before = _rows(filled)
    file = filled / "runs.db"
    content = bytearray(file.read_bytes())
    content[:length] = random.Random(length).randbytes(length)
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"is damaged.*distill store repair"):
        Store(filled)
    assert file.read_bytes() == content
    done = repair_store(filled)
    assert _rows(filled) == before and done.salvage is not None and not any(done.salvage.lost.values())
    store = _must_be_usable(filled)
    assert [(run.id, run.state) for run in store.runs()] == [
        (1, "finished"), (2, "finished"), (3, "finished"), (6, "queued"),
    ]  # fmt: skip
    assert [run.id for run in store.trash()] == [4]
    store.close()


def _with_everything_in_the_log(home: Path, make_config: Make) -> tuple[bytes, bytes]:
    """A store as a kill leaves it: (file, log)."""
    store = Store(home)
    for _ in range(3):
        store.enqueue(make_config())
    with store.writer(1) as writer:
        for step in range(300):
            writer.emit(Metrics(step, 0.0, {"train/loss": float(step)}))
            if step % 30 == 0:
                writer.flush()
        writer.flush()
        file, log = (home / "runs.db").read_bytes(), (home / "runs.db-wal").read_bytes()
    store.close()
    (home / "runs.db").write_bytes(file)
    (home / "runs.db-wal").write_bytes(log)
    return file, log


@pytest.mark.parametrize("seed", range(10))
def test_a_log_damaged_in_its_middle_keeps_what_comes_after(home: Path, make_config: Make, seed: int) -> None:
    _, log = _with_everything_in_the_log(home, make_config)
    damaged, chance = bytearray(log), random.Random(seed)
    damaged[chance.randrange(len(log) // 2)] ^= 1 << chance.randrange(8)
    (home / "runs.db-wal").write_bytes(damaged)
    with pytest.raises(StoreError, match="repair"):
        Store(home)
    assert (home / "runs.db-wal").read_bytes() == damaged
    repair_store(home)
    assert check_store(home).is_whole
    store = _must_be_usable(home)
    assert [run.id for run in store.runs()] == [1, 2, 3]
    assert len(store.curve(1, "train/loss")[0]) >= 270, "SQLite by itself would keep a half"
    store.close()


def test_a_lost_header_and_a_log_together(home: Path, make_config: Make) -> None:
    file, _ = _with_everything_in_the_log(home, make_config)
    (home / "runs.db").write_bytes(b"\xff" * len(file))
    repair_store(home)
    store = _must_be_usable(home)
    assert store.curve(1, "train/loss")[0].tolist() == list(range(300))
    store.close()


def test_an_empty_file_whose_log_still_has_it_all(home: Path, make_config: Make) -> None:
    _with_everything_in_the_log(home, make_config)
    (home / "runs.db").write_bytes(b"")
    with pytest.raises(StoreError, match="repair"):
        Store(home)
    repair_store(home)
    store = _must_be_usable(home)
    assert store.curve(1, "train/loss")[0].tolist() == list(range(300))
    store.close()


def test_a_lost_file_comes_back_from_the_folders(filled: Path, make_config: Make) -> None:
    (filled / "runs.db").unlink()
    (filled / "runs" / "2" / "config.toml").write_text("no configuration", encoding="utf-8")
    done = repair_store(filled)
    assert done.aside is None
    store = _must_be_usable(filled)
    assert [(run.id, run.name, run.state, run.seed) for run in store.runs()] == [
        (number, f"run {number}", "interrupted", number) for number in (1, 3, 6)
    ]
    assert [run.id for run in store.trash()] == [4]
    assert any(
        "runs/2 has a configuration but no row, and its configuration cannot be read" in said for said in done.mended
    )
    assert store.enqueue(make_config()) == 7
    store.close()


def test_rows_that_contradict_the_folders_are_mended_after_a_copy(filled: Path) -> None:
    with closing(sqlite3.connect(filled / "runs.db")) as connection:
        connection.execute("UPDATE runs SET state = 'flying' WHERE id = 1")
        connection.execute("UPDATE runs SET pid = 7 WHERE id = 2")
        connection.execute("UPDATE runs SET config = '{' WHERE id = 3")
        connection.execute("DELETE FROM runs WHERE id = 6")
        connection.execute("INSERT INTO metrics (run, series, step, seconds, value) VALUES (99, 1, 0, 0, 0)")
        connection.commit()
    (filled / "runs" / "1" / "config.toml").unlink()
    found = check_store(filled)
    assert found.damage == [] and len(found.faults) == 6, found.faults
    done = repair_store(filled)
    assert len(done.mended) == 6 and done.aside is not None and done.aside.parent == filled / "backups"
    assert check_store(filled).is_whole
    store = _must_be_usable(filled)
    assert [(run.id, run.state) for run in store.runs()] == [
        (1, "interrupted"), (2, "finished"), (3, "finished"), (6, "interrupted"),
    ]  # fmt: skip
    assert 99 not in _rows(filled)
    with closing(sqlite3.connect(done.aside)) as copy:
        assert copy.execute("SELECT COUNT(*) FROM metrics WHERE run = 99").fetchone() == (1,)
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there the system refuses to replace an open file")
def test_a_store_that_is_open_elsewhere_is_not_touched(filled: Path, start: Any) -> None:
    code = """if True:
        import sys, pathlib
        from engine.store import Store
        store = Store(pathlib.Path(sys.argv[1])); store.runs()
        print("open", flush=True); input()"""
    process = start(code, filled)
    assert process.stdout.readline() == "open\n"
    content = bytearray((filled / "runs.db").read_bytes())
    content[8192:8200] = b"\xff" * 8
    (filled / "runs.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"has the store .* open. Close the windows"):
        repair_store(filled)
    assert (filled / "runs.db").read_bytes() == content and not (filled / "damaged").exists()


def test_a_living_worker_comes_first(filled: Path) -> None:
    with WorkerLock(filled) as lock:
        assert lock.acquire()
        with pytest.raises(StoreError, match="A worker is training"):
            repair_store(filled)


def test_strangers_and_newer_programs_files_are_left_alone(home: Path) -> None:
    home.mkdir()
    with closing(sqlite3.connect(home / "runs.db")) as connection:
        connection.execute("CREATE TABLE shoes (size)")
    with pytest.raises(StoreError, match="another program"):
        repair_store(home)
    (home / "runs.db").unlink()
    with pytest.raises(StoreError, match="There is no store"):
        repair_store(home)
    Store(home).close()
    with closing(sqlite3.connect(home / "runs.db")) as connection:
        connection.execute("PRAGMA user_version = 50")
    with pytest.raises(StoreError, match="newer version"):
        repair_store(home)


@pytest.mark.parametrize("step", ["_set_aside", "_swap", "replace", "_mend"])
def test_a_repair_that_dies_half_way_is_finished_by_the_next(
    filled: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = _rows(filled)
    content = bytearray((filled / "runs.db").read_bytes())
    content[:50] = b"\0" * 50
    (filled / "runs.db").write_bytes(content)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path if step == "replace" else repair, step, die)
        repair_store(filled)
    if step in ("_swap", "replace"):
        with pytest.raises(StoreError, match=r"A repair .* was interrupted. Finish it"):
            Store(filled)
    repair_store(filled)
    assert check_store(filled).is_whole and _rows(filled) == before
    asides = list((filled / "damaged").iterdir())
    assert any((aside / "runs.db").read_bytes() == content for aside in asides)
    assert not (filled / "runs.db-repaired").exists()


def test_everything_it_makes_is_private(filled: Path) -> None:
    (filled / "runs.db").write_bytes(b"x" * 9000)
    repair_store(filled)
    modes = {path: path.stat().st_mode & 0o077 for path in filled.rglob("*")}
    assert {path.name for path, mode in modes.items() if mode} == set()
