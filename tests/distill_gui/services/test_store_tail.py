"""Each look gives exactly what is new: runs, rows in order and whole, ends after their rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from distill_gui.services import store_tail
from distill_gui.services.store_tail import News, StoreTail, joined
from engine.analysis.gradient_share import LABELS_SHARE
from engine.config import parse_config
from engine.errors import StoreError
from engine.events import Facts, Metrics, Rewound, Score, Unscored
from engine.store import Store, trash


@pytest.fixture
def other(home: Path, store: Store) -> Store:
    """What the tail reads with; the ``store`` of the test is what others write with."""
    return Store(home)


def _run(store: Store, toml: Callable[[str], str], rows: int = 0, state: str = "") -> int:
    run = store.enqueue(parse_config(toml("run")))
    _add(store, run, 0, rows)
    if state:
        store.set_state(run, state)
    return run


def _add(store: Store, run: int, first: int, count: int) -> None:
    with store.writer(run) as writer:
        for step in range(first, first + count):
            writer.emit(Metrics(step, 0.0, {"train/loss": 1.0}))


def _all(tail: StoreTail) -> News:
    """Look until nothing comes."""
    gathered = News()
    for _ in range(500):
        news = tail.look()
        gathered.runs += news.runs
        gathered.metrics += news.metrics
        gathered.scores += news.scores
        gathered.unscored += news.unscored
        gathered.ended += news.ended
        gathered.means |= news.means
        gathered.purged += news.purged
        if news == News():
            return gathered
    raise AssertionError("it never comes to rest")


def _steps(news: News, run: int) -> list[int]:
    return [int(step) for rows in news.metrics for of, step in zip(rows.runs, rows.steps, strict=True) if of == run]


def test_the_first_look_gives_all_runs_and_ends_none(store: Store, other: Store, toml: Callable[[str], str]) -> None:
    old, queued = _run(store, toml, state="finished"), _run(store, toml)
    tail = StoreTail(other)
    news = tail.look()
    assert {run.id for run in news.runs} == {old, queued}
    assert news.ended == []
    assert set(tail.active) == {queued}
    other.close()


def test_a_run_in_the_trash_is_not_active_and_its_rows_come_when_it_is_back(
    store: Store, other: Store, toml: Callable[[str], str]
) -> None:
    hidden, queued = _run(store, toml, state="finished", rows=3), _run(store, toml)
    trash.discard(store, hidden)
    tail = StoreTail(other)
    assert sum(len(rows) for rows in _all(tail).metrics) == 0
    trash.discard(store, queued)
    _all(tail)
    assert tail.active == {}
    trash.restore(store, hidden)
    trash.restore(store, queued)
    news = _all(tail)
    assert {run.id for run in news.runs} == {hidden, queued} and news.ended == []
    assert _steps(news, hidden) == [0, 1, 2] and set(tail.active) == {queued}
    other.close()


def test_nothing_new_is_nothing(store: Store, other: Store, toml: Callable[[str], str]) -> None:
    _run(store, toml, rows=3)
    tail = StoreTail(other)
    _all(tail)
    assert tail.look() == News()
    other.close()


def test_changes_come_once_and_own_writes_when_told(store: Store, other: Store, toml: Callable[[str], str]) -> None:
    run = _run(store, toml)
    tail = StoreTail(other)
    _all(tail)
    store.update(run, note="by somebody else")
    assert [changed.note for changed in tail.look().runs] == ["by somebody else"]
    other.update(run, note="by this window")
    assert tail.look().runs == []
    tail.touch()
    assert [changed.note for changed in tail.look().runs] == ["by this window"]
    other.close()


def test_scores_come_once_and_again_when_they_change(store: Store, other: Store, toml: Callable[[str], str]) -> None:
    def score(run: int, value: float) -> None:
        with store.writer(run) as writer:
            writer.emit(Score("student", "validation", "f1", value))

    old = _run(store, toml, state="finished")
    score(old, 0.5)
    tail = StoreTail(other)
    assert [(row.run, row.value) for row in _all(tail).scores] == [(old, 0.5)]
    run = _run(store, toml)
    score(run, 0.6)
    assert [(row.run, row.value) for row in _all(tail).scores] == [(run, 0.6)]
    store.update(run, note="x")
    assert _all(tail).scores == []
    for value in (0.7, 0.6):
        score(run, value)
        assert [(row.run, row.value) for row in _all(tail).scores] == [(run, value)]
    other.close()


def test_void_scores_are_told_and_those_that_hold_come_again(
    store: Store, other: Store, toml: Callable[[str], str]
) -> None:
    run = _run(store, toml)
    with store.writer(run) as writer:
        for model in ("student", "teacher"):
            writer.emit(Score(model, "validation", "f1", 0.5))
    tail = StoreTail(other)
    first = _all(tail)
    assert len(first.scores) == 2 and first.unscored == []
    with store.writer(run) as writer:
        writer.emit(Unscored("student"))
    seen = _all(tail)
    assert seen.unscored == [run] and [row.model for row in seen.scores] == ["teacher"]
    store.update(run, note="x")
    assert _all(tail).unscored == []
    other.close()


def test_a_run_ends_once_also_one_never_seen_before(store: Store, other: Store, toml: Callable[[str], str]) -> None:
    tail = StoreTail(other)
    _all(tail)
    run = _run(store, toml, rows=2, state="failed")
    news = tail.look()
    assert [ended.id for ended in news.ended] == [run]
    assert _steps(news, run) == [0, 1]
    store.update(run, name="renamed after its end")
    assert tail.look().ended == []
    store.set_state(run, "queued")
    assert run in {changed.id for changed in tail.look().runs} and run in tail.active
    store.set_state(run, "finished")
    assert [ended.id for ended in tail.look().ended] == [run]
    assert tail.active == {}
    other.close()


def test_rows_come_in_chunks_and_the_end_after_the_last(
    store: Store, other: Store, toml: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_tail, "CHUNK", 10)
    monkeypatch.setattr(store_tail, "LIVE_CHUNKS", 2)
    tail = StoreTail(other)
    _all(tail)
    run = _run(store, toml, rows=45, state="finished")
    looks = [tail.look() for _ in range(4)]
    assert [sum(len(rows) for rows in news.metrics) for news in looks] == [20, 20, 5, 0]
    assert [len(news.ended) for news in looks] == [0, 0, 1, 0]
    assert [step for news in looks for step in _steps(news, run)] == list(range(45))
    other.close()


def test_history_comes_newest_first_a_piece_a_look_up_to_its_bound(
    store: Store, other: Store, toml: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_tail, "CHUNK", 10)
    runs = [_run(store, toml, rows=25, state="finished") for _ in range(3)]
    tail = StoreTail(other, history_rows=40)
    assert len(tail.look().metrics) == 1, "one piece with the first look"
    news = _all(tail)
    heard = [int(rows.runs[0]) for rows in news.metrics]
    assert heard == [runs[2]] * 2 + [runs[1]] * 2, "the bound is reached within the second run"
    tail.want(runs[0])
    tail.want(999)
    assert _steps(_all(tail), runs[0]) == list(range(25)), "whoever asks gets it all the same"
    tail.want(runs[0])
    assert _all(tail) == News(), "once"
    other.close()


def test_many_short_histories_come_together_in_one_batch(
    store: Store, other: Store, toml: Callable[[str], str]
) -> None:
    runs = [_run(store, toml, rows=3, state="finished") for _ in range(5)]
    news = StoreTail(other).look()
    whole = joined(news.metrics)
    assert whole.runs.tolist() == [run for run in reversed(runs) for _ in range(3)]
    assert whole.steps.tolist() == [0, 1, 2] * 5
    assert [whole.names[number] for number in set(whole.series.tolist())] == ["train/loss"]
    assert whole.last_id == store.last_metric_id()
    assert joined(news.metrics[:1]) is news.metrics[0]
    other.close()


def test_a_run_that_goes_on_gives_first_what_it_had(
    store: Store, other: Store, toml: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_tail, "CHUNK", 10)
    first, second = _run(store, toml, rows=35), _run(store, toml, rows=35)
    tail = StoreTail(other, history_rows=0)
    assert tail.look().metrics == []
    _add(store, first, 35, 5)
    assert _steps(_all(tail), first) == list(range(40))
    _add(store, second, 35, 5)
    assert _steps(_all(tail), second) == list(range(40))
    other.close()


def test_a_look_that_fails_half_way_loses_nothing(
    store: Store, other: Store, toml: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tail = StoreTail(other)
    _all(tail)
    run = _run(store, toml, rows=3)
    with store.writer(run) as writer:
        writer.emit(Facts({"device": "cpu"}))

    def refuse(*_: object) -> None:
        raise StoreError("busy")

    with monkeypatch.context() as patch, pytest.raises(StoreError):
        patch.setattr(other, "metrics_after", refuse)
        tail.look()
    news = _all(tail)
    assert [changed.id for changed in news.runs][-1] == run
    assert _steps(news, run) == [0, 1, 2]
    other.close()


def test_means_come_once_for_runs_that_have_finished_a_piece_a_look(
    store: Store, other: Store, toml: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def share(run: int, value: float) -> None:
        with store.writer(run) as writer:
            writer.emit(Metrics(1, 0.1, {LABELS_SHARE: value, "train/loss": 1.0}))

    monkeypatch.setattr(store_tail, "MEANS_A_LOOK", 2)
    done, stopped, live = (
        [_run(store, toml, state="finished") for _ in range(3)],
        _run(store, toml, state="stopped"),
        _run(store, toml),
    )
    for run in (*done, stopped, live):
        share(run, 0.1 * run)
    tail = StoreTail(other)
    assert set(tail.look().means) == set(done[1:]), "the newest first"
    assert _all(tail).means == {done[0]: {LABELS_SHARE: pytest.approx(0.1 * done[0])}}
    share(live, 0.3)
    store.set_state(live, "finished")
    assert set(_all(tail).means) == {live} and _all(tail).means == {}


def test_rows_taken_back_are_said_and_all_that_is_left_comes_again(
    store: Store, other: Store, toml: Callable[[str], str]
) -> None:
    run, neighbour = _run(store, toml, rows=6), _run(store, toml, rows=3)
    tail = StoreTail(other)
    assert len(joined(_all(tail).metrics)) == 9
    _add(store, run, 6, 2)
    assert tail.look().rewound == []
    with store.writer(run) as writer:
        writer.emit(Rewound(3))
        writer.emit(Metrics(4, 0.0, {"train/loss": 2.0}))
    news, rows = [tail.look() for _ in range(4)], []
    for look in news:
        rows += [
            (r, s) for batch in look.metrics for r, s in zip(batch.runs.tolist(), batch.steps.tolist(), strict=True)
        ]
    assert [look.rewound for look in news] == [[run], [], [], []]
    assert rows == [(run, step) for step in (0, 1, 2, 3, 4)], "in order, each once, and none of the other run's"
    _add(store, run, 5, 1)
    assert joined(tail.look().metrics).steps.tolist() == [5] and neighbour


def _kept_of(tail: StoreTail, run: int) -> list[str]:
    """The names of what the tail keeps of a run, whatever it is: a collection of runs or by runs."""
    return [
        name
        for name, kept in vars(tail).items()
        if isinstance(kept, dict | set | list) and run in {getattr(of, "run", of) for of in kept}
    ]


def test_nothing_is_kept_of_a_run_that_anybody_deleted_for_good(
    store: Store, other: Store, toml: Callable[[str], str]
) -> None:
    old, stays = (_run(store, toml, rows=3, state="finished") for _ in range(2))
    tail = StoreTail(other, history_rows=0)
    _all(tail)
    live = _run(store, toml, rows=2)
    for run in (old, live):
        with store.writer(run) as writer:
            writer.emit(Score("student", "validation", "f1", 0.5))
            writer.emit(Rewound(1))
    _all(tail)
    assert _kept_of(tail, old) and live in tail.active
    store.set_state(live, "finished")
    tail.want(stays)
    _all(tail)
    tail.put_away([old, live])
    assert _kept_of(tail, old) and _kept_of(tail, live), "what this test is about is there"
    for run in (old, live):
        trash.discard(store, run)
    assert _all(tail).purged == [], "the trash is not the end"
    trash.purge(store, [old, live])
    assert _all(tail).purged == [old, live]
    assert _kept_of(tail, old) == _kept_of(tail, live) == []
    assert _kept_of(tail, stays) and _all(tail) == News()
    store.update(stays, note="later")
    assert [run.id for run in _all(tail).runs] == [stays]
    other.close()


def test_a_run_that_came_and_went_between_two_looks_is_not_missed(
    store: Store, other: Store, toml: Callable[[str], str]
) -> None:
    tail, run = StoreTail(other), _run(store, toml, rows=2, state="finished")
    _all(tail)
    trash.discard(store, run)
    trash.purge(store, [run])
    _run(store, toml)
    assert _all(tail).purged == [run]
    other.close()


def test_rows_that_were_put_away_come_again_in_order_once_wanted_or_when_the_run_goes_on(
    store: Store, other: Store, toml: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_tail, "CHUNK", 10)
    before = _run(store, toml, rows=15, state="finished")
    tail = StoreTail(other)
    _all(tail)
    since = _run(store, toml, rows=15)
    _all(tail)
    tail.put_away([before, since, 999])
    assert _all(tail) == News(), "unasked nothing comes"
    tail.want(before)
    assert _steps(_all(tail), before) == list(range(15))
    _add(store, since, 15, 5)
    assert _steps(_all(tail), since) == list(range(20)), "first what it had"
    tail.put_away([since])
    tail.want(since)
    assert _steps(_all(tail), since) == list(range(20)) and _all(tail) == News()
    other.close()
