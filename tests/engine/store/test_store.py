"""Runs in the store: queue, claim, states, requests, revisions, reading."""

from __future__ import annotations

import math
import pickle
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config import DistillationConfig, parse_config
from engine.errors import StoreError
from engine.events import Facts, Log, Metrics, Score, Unscored
from engine.store import Store
from engine.store import store as store_module
from engine.store.processes import own_identity
from engine.store.trash import discard

Make = Callable[..., DistillationConfig]


def _claim(store: Store, run: int | None = None) -> int | None:
    claimed = store.claim(*own_identity(), run=run)
    return claimed.id if claimed else None


# ── the queue ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_waits_with_its_configuration_beside_it(store: Store, make_config: Make) -> None:
    config = make_config("training.seed=7", 'name="λ & <b>run</b>"')
    run = store.run(store.enqueue(config))
    assert (run.state, run.name, run.seed, run.task, run.loss) == ("queued", "λ & <b>run</b>", 7, "mrpc", "none")
    assert run.config == config.to_dict()
    assert parse_config(run.toml) == config
    assert (run.folder / "config.toml").read_text(encoding="utf-8") == run.toml
    assert (run.started_at, run.ended_at, run.pid, run.best_score) == (None, None, None, None)


def test_names_are_only_ever_text(store: Store, make_config: Make) -> None:
    name = "'); DROP TABLE runs; -- \" \n % _"
    run = store.enqueue(make_config())
    store.update(run, name=name, note=name)
    assert store.run(name).note == name
    store.update(run, name="half a character \ud800")
    assert store.run(run).name == "half a character \\ud800"


def test_runs_are_claimed_oldest_first_and_once(store: Store, make_config: Make) -> None:
    first, second = store.enqueue(make_config()), store.enqueue(make_config())
    assert [_claim(store), _claim(store), _claim(store)] == [first, second, None]
    pid, started = own_identity()
    run = store.run(first)
    assert (run.state, run.pid, run.pid_started) == ("running", pid, started)
    assert run.started_at is not None


def test_one_named_run_is_claimed_only_while_it_is_queued(store: Store, make_config: Make) -> None:
    first, second = store.enqueue(make_config()), store.enqueue(make_config())
    assert _claim(store, second) == second
    assert _claim(store, second) is None
    assert _claim(store, 999) is None
    assert store.run(first).state == "queued"


def test_processes_claim_every_run_exactly_once(home: Path, store: Store, make_config: Make, start: Any) -> None:
    code = """if True:
        import sys, pathlib
        from engine.store import Store
        from engine.store.processes import own_identity
        store = Store(pathlib.Path(sys.argv[1]))
        print("ready", flush=True); input()
        while run := store.claim(*own_identity()):
            assert run.pid == own_identity()[0]
            print(run.id)
        store.close()"""
    runs = [store.enqueue(make_config()) for _ in range(60)]
    processes = [start(code, home) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    taken = [[int(line) for line in process.communicate(timeout=30)[0].split()] for process in processes]
    assert sorted(number for some in taken for number in some) == runs
    assert sum(1 for some in taken if some) > 1, "they really took turns"


def test_processes_enqueue_at_once_without_losing_any(
    home: Path, tmp_path: Path, store: Store, make_config: Make, start: Any
) -> None:
    (tmp_path / "config.pickle").write_bytes(pickle.dumps(make_config()))
    code = """if True:
        import sys, pathlib, pickle
        from engine.store import Store
        config = pickle.loads(pathlib.Path(sys.argv[2]).read_bytes())
        store = Store(pathlib.Path(sys.argv[1]))
        for _ in range(20): print(store.enqueue(config))
        store.close()"""
    processes = [start(code, home, tmp_path / "config.pickle") for _ in range(2)]
    numbers = [int(line) for process in processes for line in process.communicate(timeout=30)[0].split()]
    assert sorted(numbers) == list(range(1, 41))
    assert [run.id for run in store.runs("queued")] == sorted(numbers)
    assert len({run.revision for run in store.runs()}) == 40


def test_an_enqueue_that_fails_leaves_no_trace(
    store: Store, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "config.toml")

    monkeypatch.setattr(store_module, "open_private", full)
    with pytest.raises(StoreError, match="No space left"):
        store.enqueue(make_config())
    monkeypatch.undo()
    assert store.runs() == []


def test_several_are_queued_in_their_order_or_none_is(
    store: Store, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = [make_config() for _ in range(3)]
    assert store.enqueue_all(configs) == [1, 2, 3]
    honest, calls = store_module.open_private, []

    def full_in_the_end(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError(28, "No space left on device", "config.toml")
        return honest(*arguments)

    monkeypatch.setattr(store_module, "open_private", full_in_the_end)
    with pytest.raises(StoreError, match="No space left"):
        store.enqueue_all(configs)
    assert [run.id for run in store.runs()] == [1, 2, 3]


def test_a_full_disk_is_said_and_nothing_is_half_written(store: Store, make_config: Make) -> None:
    store.enqueue(make_config())
    connection = store._database.conn
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        for _ in range(200):
            store.enqueue(make_config())
    whole = store.runs()
    assert all(run.toml for run in whole)
    connection.execute("PRAGMA max_page_count = 1000000")
    assert store.enqueue(make_config()) == whole[-1].id + 1


def test_a_store_that_may_not_be_written_is_said(store: Store, make_config: Make) -> None:
    store._database.conn.execute("PRAGMA query_only = on")
    with pytest.raises(StoreError, match="read-only"):
        store.enqueue(make_config())
    assert store.runs() == []


def test_run_colours_differ_until_all_are_used(store: Store, make_config: Make) -> None:
    colours = [store.run(store.enqueue(make_config())).colour for _ in range(10)]
    assert colours == [*range(6), 0, 1, 2, 3]


# ── states ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_ended_run_says_when_and_why_and_has_no_process(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    _claim(store)
    assert store.set_state(run, "failed", "The teacher has no weights.")
    ended = store.run(run)
    assert (ended.state, ended.reason, ended.pid, ended.phase) == ("failed", "The teacher has no weights.", None, "")
    assert ended.ended_at is not None


def test_a_state_moves_only_from_the_one_named_and_for_the_process_named(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    _claim(store)
    pid, started = own_identity()
    assert not store.set_state(run, "interrupted", only_if="queued")
    assert not store.set_state(run, "interrupted", only_process=(pid, started - 5))
    assert store.run(run).state == "running"
    assert store.set_state(run, "interrupted", only_if="running", only_process=(pid, started))


def test_runs_of_dead_processes_become_interrupted_also_when_the_pid_is_in_use_again(
    store: Store, make_config: Make
) -> None:
    alive, reused, gone, queued = [store.enqueue(make_config()) for _ in range(4)]
    pid, started = own_identity()
    store.claim(pid, started)
    store.claim(pid, started - 3600)
    store.claim(2**30, 12.0)
    assert store.recover_dead() == [reused, gone]
    assert [store.run(run).state for run in (alive, reused, gone, queued)] == [
        "running", "interrupted", "interrupted", "queued",
    ]  # fmt: skip
    assert "without a word" in store.run(reused).reason
    assert (
        store.run(gone)
        .log_file.read_text()
        .rstrip()
        .endswith("ended without a word (killed, or the machine went down).")
    )
    assert store.recover_dead() == []


def test_a_run_nobody_has_is_said(store: Store) -> None:
    for use in (store.run, store.request_stop, lambda run: store.set_state(run, "failed"),
                lambda run: store.update(run, note="x")):  # fmt: skip
        with pytest.raises(StoreError, match="no run “7”"):
            use(7)


def test_a_run_is_found_by_number_or_by_a_name_only_it_has(store: Store, make_config: Make) -> None:
    first, second, third = [store.enqueue(make_config(f'name="{name}"')) for name in ("a", "b", "b")]
    assert store.run(str(first)).id == store.run("a").id == first
    with pytest.raises(StoreError, match=f"2 runs named “b”; use a number: {second}, {third}"):
        store.run("b")
    with pytest.raises(StoreError, match="no run"):
        store.run("9" * 40)


# ── requests ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_queued_run_stops_at_once(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    store.request_stop(run)
    assert store.run(run).state == "stopped"
    assert _claim(store) is None


def test_a_running_run_is_asked_and_the_request_ends_with_it(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    _claim(store)
    assert not store.stop_requested(run)
    store.request_stop(run)
    store.request_stop(run)
    assert store.stop_requested(run)
    assert store.run(run).state == "running"
    store.set_state(run, "stopped")
    assert not store.stop_requested(run)
    store.request_stop(run)
    assert not store.stop_requested(run), "an ended run is not asked"


# ── what changed ────────────────────────────────────────────────────────────────────────────────────────────────
def test_changed_runs_are_exactly_those_changed(store: Store, make_config: Make) -> None:
    first, second = store.enqueue(make_config()), store.enqueue(make_config())
    runs, seen = store.changed_runs(0)
    assert [run.id for run in runs] == [first, second]
    assert store.changed_runs(seen) == ([], seen)
    store.update(first, note="x")
    runs, later = store.changed_runs(seen)
    assert [run.id for run in runs] == [first]
    assert later > seen


def test_the_data_version_moves_with_what_others_write(home: Path, store: Store, make_config: Make) -> None:
    other = Store(home)
    before = store.data_version()
    assert store.data_version() == before
    other.enqueue(make_config())
    assert store.data_version() != before
    other.close()


# ── curves and scores ───────────────────────────────────────────────────────────────────────────────────────────
def _with_rows(store: Store, config: DistillationConfig, steps: int = 10) -> int:
    run = store.enqueue(config)
    with store.writer(run) as writer:
        for step in range(steps):
            writer.emit(Metrics(step, step * 0.5, {"train/loss": step * 2.0, "validation/f1": 1.0 / (step + 1)}))
        writer.emit(Log("a line"))
    return run


def test_rows_come_in_chunks_without_gaps_or_repeats(store: Store, make_config: Make) -> None:
    runs = [_with_rows(store, make_config()) for _ in range(2)]
    last, steps, chunks = 0, [], 0
    while len(rows := store.metrics_after(last, limit=7)):
        assert len(rows) <= 7
        steps += list(
            zip(rows.runs.tolist(), [rows.names[s] for s in rows.series.tolist()], rows.steps.tolist(), strict=True)
        )
        last, chunks = rows.last_id, chunks + 1
    expected = [(run, name, step) for run in runs for step in range(10) for name in ("train/loss", "validation/f1")]
    assert steps == expected
    assert chunks == 6
    assert last == store.last_metric_id()


def test_rows_of_one_run_up_to_a_row_and_after_another(store: Store, make_config: Make) -> None:
    _, run = _with_rows(store, make_config()), _with_rows(store, make_config())
    whole = store.metrics_of(run, store.last_metric_id())
    assert set(whole.runs.tolist()) == {run}
    assert whole.steps.tolist() == [step for step in range(10) for _ in range(2)]
    part = store.metrics_of(run, up_to=whole.last_id - 3, after=whole.last_id - 8, limit=4)
    assert len(part) == 4
    assert part.last_id == whole.last_id - 4
    empty = store.metrics_of(run, up_to=5, after=5)
    assert (len(empty), empty.last_id) == (0, 5)


def test_a_curve_has_its_own_points(store: Store, make_config: Make) -> None:
    run = _with_rows(store, make_config())
    steps, seconds, values = store.curve(run, "train/loss")
    np.testing.assert_array_equal(steps, np.arange(10))
    np.testing.assert_array_equal(seconds, np.arange(10) * 0.5)
    np.testing.assert_array_equal(values, np.arange(10) * 2.0)
    assert [len(column) for column in store.curve(run, "no such curve")] == [0, 0, 0]
    assert store.curve_names(run) == ["train/loss", "validation/f1"]
    assert store.curve_names(run + 1) == []


def test_nan_and_infinity_survive(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    with store.writer(run) as writer:
        for step, value in enumerate((1.0, float("nan"), float("inf"), float("-inf"))):
            writer.emit(Metrics(step, 0.0, {"train/loss": value}))
        writer.emit(Score("student", "validation", "f1", float("nan")))
        writer.emit(Facts({"best_score": float("nan")}))
    np.testing.assert_array_equal(store.curve(run, "train/loss")[2], [1.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(store.metrics_after(0).values, [1.0, np.nan, np.inf, -np.inf])
    assert np.isnan(store.scores(run)[0].value)
    assert store.run(run).best_score is None


def test_means_of_curves_are_those_of_their_points(store: Store, make_config: Make) -> None:
    rng = np.random.default_rng(3)
    points = {store.enqueue(make_config()): rng.normal(size=(2, 7)) for _ in range(3)}
    bare = store.enqueue(make_config())
    for run, (share, influence) in points.items():
        with store.writer(run) as writer:
            for step, (first, second) in enumerate(zip(share, influence, strict=True), 1):
                writer.emit(Metrics(step, 0.1 * step, {"train/share": first, "train/influence": second, "other": 1.0}))
            writer.emit(Metrics(99, 9.9, {"train/share": math.nan}))
    means = store.curve_means(["train/share", "train/influence", "nowhere"])
    assert set(means) == set(points), "the run without these curves is left out"
    for run, (share, influence) in points.items():
        assert means[run] == {
            "train/share": pytest.approx(share.mean()),
            "train/influence": pytest.approx(influence.mean()),
        }
    first = min(points)
    assert store.curve_means(["train/share"], [first, bare, 10**9]) == {
        first: {"train/share": means[first]["train/share"]}
    }
    store.set_state(first, "stopped")
    discard(store, first)
    assert first not in store.curve_means(["train/share"]) and store.curve_means([]) == {}


def test_a_score_said_again_replaces_the_first(store: Store, make_config: Make) -> None:
    run, other = store.enqueue(make_config()), store.enqueue(make_config())
    with store.writer(run) as writer:
        for value in (0.5, 0.75):
            writer.emit(Score("student", "validation", "f1", value))
        writer.emit(Score("teacher", "validation", "f1", 0.9))
    with store.writer(other) as writer:
        writer.emit(Score("student", "validation", "f1", 0.1))
    assert [(row.model, row.value) for row in store.scores(run)] == [("student", 0.75), ("teacher", 0.9)]
    assert len(store.scores()) == 3


def test_void_scores_are_gone_and_only_those_of_that_model_and_run(store: Store, make_config: Make) -> None:
    run, other = store.enqueue(make_config()), store.enqueue(make_config())
    for number in (run, other):
        with store.writer(number) as writer:
            for model in ("student", "teacher"):
                writer.emit(Score(model, "validation", "f1", 0.5))
    before = store.run(run).revision
    with store.writer(run) as writer:
        writer.emit(Unscored("student"))
        writer.emit(Score("student", "test", "f1", 0.25))
    found = {(row.run, row.model, row.split) for row in store.scores()}
    kept = {(run, "teacher", "validation"), (other, "student", "validation"), (other, "teacher", "validation")}
    assert found == kept | {(run, "student", "test")} and store.run(run).revision > before


def test_row_numbers_are_never_given_twice(store: Store, make_config: Make) -> None:
    run = _with_rows(store, make_config())
    last = store.last_metric_id()
    with store._database.conn as connection:
        connection.execute("DELETE FROM metrics WHERE id > 5")
    with store.writer(run) as writer:
        writer.emit(Metrics(99, 0.0, {"train/loss": 1.0}))
    assert store.metrics_after(last).steps.tolist() == [99], "who reads on from the last row seen misses nothing"


def test_a_run_with_an_unreadable_configuration_is_named(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    with store._database.conn as connection:
        connection.execute("UPDATE runs SET config = '{half'")
    with pytest.raises(StoreError, match="damaged"):
        store.run(run)


def test_a_wrong_column_is_a_bug_not_a_sentence(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    with pytest.raises(sqlite3.OperationalError):
        store.update(run, shoes=3)
    assert store.enqueue(make_config()) == run + 1, "the transaction was rolled back"


def test_the_numbers_of_rows_are_kept(store: Store, make_config: Callable[..., DistillationConfig]) -> None:
    run = store.enqueue(make_config())
    assert store.run(run).train_rows is None
    with store.writer(run) as writer:
        writer.emit(Facts({"train_rows": 96, "evaluation_rows": 64}))
    assert (store.run(run).train_rows, store.run(run).evaluation_rows) == (96, 64)


def test_what_a_newer_program_adds_while_this_one_has_the_store_open_is_passed_over(
    home: Path, store: Store, make_config: Callable[..., DistillationConfig]
) -> None:
    run = store.enqueue(make_config())
    store._database.conn.execute("ALTER TABLE runs ADD COLUMN of_later TEXT DEFAULT 'x'")
    assert store.run(run).state == "queued" and len(store.runs()) == 1
