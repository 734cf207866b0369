"""Pausing and going on, as the store sees it: who may, what was asked, and which rows are taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.config import DistillationConfig
from engine.errors import StoreError
from engine.events import Facts, Metrics, Rewound
from engine.store import Store, trash
from engine.store.records import ENDED_WITHOUT_A_WORD

Make = Callable[..., DistillationConfig]


@pytest.mark.parametrize("state", ["paused", "stopped", "failed", "interrupted"])
def test_an_ended_run_goes_back_in_the_queue(store: Store, make_config: Make, state: str) -> None:
    run = store.enqueue(make_config())
    store.claim(1, 1.0)
    store.set_state(run, state, "A reason.")
    store.resume(run)
    found = store.run(run)
    assert (found.state, found.reason, found.ended_at) == ("queued", "", None)
    assert store.claim(2, 2.0).id == run  # type: ignore[union-attr]


def test_others_are_refused_with_a_sentence(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    with pytest.raises(StoreError, match="in the queue already"):
        store.resume(run)
    store.claim(1, 1.0)
    with pytest.raises(StoreError, match="is running already"):
        store.resume(run)
    store.set_state(run, "finished")
    with pytest.raises(StoreError, match="has finished; there is nothing left"):
        store.resume(run)
    trash.discard(store, run)
    with pytest.raises(StoreError, match="is in the trash"):
        store.resume(run)
    with pytest.raises(StoreError, match="no run"):
        store.resume(99)
    assert store.run(run).state == "finished"


def test_a_stop_goes_before_a_pause_and_both_end_with_the_run(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    store.claim(1, 1.0)
    assert store.requested(run) == ""
    store.request_pause(run)
    store.request_pause(run)
    assert store.requested(run) == "pause" and not store.stop_requested(run)
    store.request_stop(run)
    assert store.requested(run) == "stop"
    store.set_state(run, "paused")
    assert store.requested(run) == ""
    store.request_pause(run)
    assert store.requested(run) == "", "nobody would hear it"


def test_a_queued_run_is_paused_at_once(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    store.request_pause(run)
    assert store.run(run).state == "paused" and store.claim(1, 1.0) is None


def test_rows_after_the_checkpoint_are_taken_back_and_others_stay(store: Store, make_config: Make) -> None:
    run, other = store.enqueue(make_config()), store.enqueue(make_config())
    names = {"train/loss": 1.0, "validation/f1": 0.5}
    for of in (run, other):
        with store.writer(of) as writer:
            writer.emit(Rewound(0, "teacher/"))
            for step in (1, 2, 3):
                writer.emit(Metrics(step, 0.0, {"teacher/train/loss": 2.0}))
            writer.emit(Rewound(0))
            for step in (1, 2, 3, 4):
                writer.emit(Metrics(step, 0.0, names))
    assert store.run(run).rewinds == 0, "nothing was taken back at a first start"
    before = store.run(run).revision
    with store.writer(run) as writer:
        writer.emit(Facts({"step": 9}))
        writer.emit(Rewound(2))
        writer.emit(Metrics(3, 0.0, {"train/loss": 7.0}))
    assert store.curve(run, "train/loss")[0].tolist() == [1, 2, 3]
    assert store.curve(run, "train/loss")[2].tolist() == [1.0, 1.0, 7.0]
    assert store.curve(run, "validation/f1")[0].tolist() == [1, 2]
    assert store.curve(run, "teacher/train/loss")[0].tolist() == [1, 2, 3]
    assert store.curve(other, "train/loss")[0].tolist() == [1, 2, 3, 4]
    assert store.run(run).rewinds == 1 and store.run(run).revision > before and store.run(other).rewinds == 0
    with store.writer(run) as writer:
        writer.emit(Rewound(1, "teacher/"))
    assert store.curve(run, "teacher/train/loss")[0].tolist() == [1]
    assert store.curve(run, "train/loss")[0].tolist() == [1, 2, 3]


def test_a_flush_tells_whether_all_is_stored(store: Store, make_config: Make) -> None:
    run = store.enqueue(make_config())
    with store.writer(run) as writer:
        writer.emit(Metrics(1, 0.0, {"train/loss": 1.0}))
        assert writer.flush(5.0) and len(store.curve(run, "train/loss")[0]) == 1
        with store.writing():  # the store is locked: the writer waits, and the flush no longer than told
            writer.emit(Metrics(2, 0.0, {"train/loss": 1.0}))
            assert not writer.flush(0.3)
        assert writer.flush(10.0) and len(store.curve(run, "train/loss")[0]) == 2


@pytest.mark.parametrize("kind", ["stop", "pause"])
def test_a_run_that_died_before_it_could_stop_as_asked_does_not_go_on_by_itself(
    store: Store, make_config: Make, kind: str
) -> None:
    run = store.enqueue(make_config())
    store.claim(2**22 + 1, 1.0)
    (store.request_stop if kind == "stop" else store.request_pause)(run)
    assert store.recover_dead() == [run] and f"before it could {kind} as it was asked" in store.run(run).reason
    assert store.resume_interrupted() == ([], []) and store.run(run).state == "interrupted"
    store.resume(run)
    assert store.run(run).state == "queued" and store.requested(run) == "", "a person may"


def test_a_run_that_died_goes_on_by_itself_as_long_as_it_gets_further(
    store: Store, make_config: Callable[..., DistillationConfig]
) -> None:
    run, by_hand, trashed = (store.enqueue(make_config()) for _ in range(3))
    store.set_state(by_hand, "interrupted", "Broken off from the keyboard.")
    store.set_state(trashed, "interrupted", ENDED_WITHOUT_A_WORD)
    trash.discard(store, trashed)

    def die_after(step: int) -> None:
        store.claim(2**22 + 1, 1.0, run=run)
        with store.writer(run) as writer:
            writer.emit(Rewound(step - 1))
            writer.emit(Metrics(step, 1.0, {"train/loss": 0.5}))
        assert store.recover_dead() == [run]

    die_after(1)
    assert store.resume_interrupted() == ([run], []) and store.run(run).state == "queued"
    die_after(2)
    assert store.resume_interrupted() == ([run], []), "it got further"
    die_after(2)
    assert store.resume_interrupted() == ([], [run]) and store.run(run).state == "interrupted"
    store.resume(run)
    die_after(3)
    assert store.resume_interrupted() == ([run], []), "a person helped it"
    assert (store.run(by_hand).state, store.run(trashed).state) == ("interrupted", "interrupted")
