"""What a person asks of the store, and that asking again after a refusal does nothing twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from distill_gui.services.store_session import NAME_LENGTH, StoreSession
from distill_gui.services.store_tail import News
from distill_gui.services.worker_keeper import Reports, Times
from engine.config import parse_config
from engine.errors import EngineError, StoreError
from engine.store import Store
from engine.store import store as store_module
from engine.store.processes import own_identity


def _nothing(*_: object) -> None: ...


@pytest.fixture
def session(home: Path, fake: Any) -> Iterator[StoreSession]:
    opened = StoreSession(home, fake.command, Times(), Reports(_nothing, _nothing, _nothing))
    yield opened
    opened.close()


def test_a_run_goes_to_the_trash_and_back_or_for_good(
    session: StoreSession, toml: Callable[[str], str], store: Store
) -> None:
    run = store.enqueue(parse_config(toml("a")))
    store.set_state(run, "failed", "It broke.")
    told: list[News] = []
    session.look(told.append)
    session.discard(run)
    assert [gone.state for gone in session.discarded()] == ["failed"]
    session.look(told.append)
    assert [(record.id, record.trashed_at is not None) for record in told[-1].runs] == [(run, True)]
    assert told[-1].ended == [], "discarded is not ended"
    ((record, size),) = session.trash()
    assert record.id == run and size == (record.folder / "config.toml").stat().st_size
    session.restore(run)
    assert session.trash() == [] and [record.id for record in store.runs("failed")] == [run]
    session.discard(run)
    assert session.purge([run]) == size and store.numbers() == set()


def test_several_runs_are_discarded_at_once_and_asking_again_is_harmless(
    session: StoreSession, toml: Callable[[str], str], store: Store
) -> None:
    runs = [store.enqueue(parse_config(toml(name))) for name in ("a", "b", "c")]
    session.discard(runs[1])
    session.discard_all(runs)
    session.discard_all(runs)
    assert [gone.id for gone in session.discarded()] == [runs[1], runs[0], runs[2]] and store.trashed() == set(runs)


def test_a_running_run_is_discarded_once_it_has_stopped(
    session: StoreSession, toml: Callable[[str], str], store: Store
) -> None:
    run = store.enqueue(parse_config(toml("a")))
    store.claim(*own_identity())
    session.look(lambda news: None)
    session.discard(run)
    session.look(lambda news: None)
    assert store.requested(run) == "stop" and session.discarded() == []
    store.set_state(run, "stopped", "Stopped when asked to.")
    session.look(lambda news: None)
    assert [(gone.id, gone.state) for gone in session.discarded()] == [(run, "stopped")]
    assert store.trashed() == {run}


def test_a_migration_is_told(home: Path, fake: Any) -> None:
    home.mkdir(exist_ok=True)
    versions = Path(__file__).parents[2] / "engine" / "store" / "versions"
    with closing(sqlite3.connect(home / "runs.db")) as old:
        old.executescript((versions / "1.sql").read_text(encoding="utf-8"))
    said: list[str] = []
    StoreSession(home, fake.command, Times(), Reports(_nothing, _nothing, said.append)).close()
    assert len(said) == 1 and "from schema 1 to" in said[0]


def test_an_enqueue_is_all_or_none_and_tried_again_is_done_once(
    session: StoreSession, toml: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    configs, runs = [parse_config(toml(name)) for name in ("a", "b", "c")], []
    honest, calls = store_module.seal_run, []

    def refuse_the_second(connection: Any, run: int) -> None:
        calls.append(run)
        if len(calls) == 2:
            raise StoreError("busy")
        honest(connection, run)

    monkeypatch.setattr(store_module, "seal_run", refuse_the_second)
    with pytest.raises(StoreError):
        session.enqueue(configs, runs)
    assert runs == [] and store.runs() == []
    session.enqueue(configs, runs)
    session.enqueue(configs, runs)
    assert runs == [1, 2, 3]
    assert [run.name for run in store.runs()] == ["a", "b", "c"]


def test_a_name_is_one_bounded_line(session: StoreSession, toml: Callable[[str], str], store: Store) -> None:
    session.enqueue([parse_config(toml("a"))], [])
    session.rename(1, " two\n words " + "x" * 500)
    assert store.run(1).name.startswith("two words xxx")
    assert len(store.run(1).name) == NAME_LENGTH
    with pytest.raises(EngineError, match="needs a name"):
        session.rename(1, "\t")


def test_the_log_of_a_run_nobody_has_is_refused(session: StoreSession) -> None:
    with pytest.raises(StoreError, match="no run"):
        session.log(5)


def test_a_look_tells_what_is_new(session: StoreSession, toml: Callable[[str], str], store: Store) -> None:
    heard: list[News] = []
    run = store.enqueue(parse_config(toml("elsewhere")))
    store.set_state(run, "stopped")
    session.look(heard.append)
    session.look(heard.append)
    assert [[changed.id for changed in news.runs] for news in heard] == [[run], []]


def test_a_pause_is_asked_for_and_a_resume_queues_again(
    session: StoreSession, toml: Callable[[str], str], store: Store
) -> None:
    run = store.enqueue(parse_config(toml("a")))
    store.claim(1, 1.0)
    session.pause(run)
    assert store.requested(run) == "pause"
    with pytest.raises(StoreError, match="is running already"):
        session.resume(run)
    store.set_state(run, "paused")
    session.resume(run)
    assert store.run(run).state == "queued"
