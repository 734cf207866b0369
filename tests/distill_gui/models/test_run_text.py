"""What a person reads about a run."""

from collections.abc import Callable

import pytest

from distill_gui.models import run_text
from engine.store import RunRecord

Make = Callable[..., RunRecord]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (48.4, "48 s"),
        (59.6, "1 min"),
        (118, "1 min 58 s"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (187_200, "2 d 4 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert run_text.duration_text(seconds) == text


def test_scores_and_metrics() -> None:
    assert run_text.score_text(0.8516) == "85.2"
    assert run_text.score_text(None) == "—"
    assert [run_text.metric_text(name) for name in ("f1", "accuracy", "")] == ["F1", "Accuracy", "Score"]
    assert [run_text.metric_word(name) for name in ("f1", "accuracy", "")] == ["F1", "accuracy", "score"]


def test_a_training_run(record: Make) -> None:
    run = record(
        1,
        state="running",
        phase="training",
        step=214,
        total_steps=345,
        steps_per_epoch=115,
        started_at=100.0,
        ended_at=None,
    )
    assert run_text.summary(run) == "training · 62 %"
    text = run_text.progress_text(run, eta_s=72, now=218.0)
    assert text == "step 214 / 345 · epoch 1.86 · 1 min 58 s · ETA 1 min 12 s"


def test_another_phase_counts_its_own_progress(record: Make) -> None:
    run = record(
        1,
        state="running",
        phase="fine-tuning the teacher",
        phase_done=30,
        phase_total=120,
        total_steps=0,
        step=0,
        started_at=None,
    )
    assert run_text.fraction(run) == 0.25
    assert run_text.progress_text(run) == "30 / 120"


def test_a_queued_run_waits(record: Make) -> None:
    assert run_text.progress_text(record(1, state="queued")) == "waiting for its turn"


def test_a_failed_run_says_why_in_one_line(record: Make) -> None:
    run = record(1, state="failed", reason="The total loss is nan at step 41: astray. Lower it.\nmore")
    assert run_text.summary(run) == "failed · The total loss is nan at step 41: astray"


def test_what_only_announces_the_reason_is_not_the_reason(record: Make) -> None:
    run = record(
        1, state="failed", reason="2 things to mend:\n  task.source: there is no folder x; give one.\n  more: y"
    )
    assert run_text.summary(run) == "failed · task.source: there is no folder x; give one"
    assert run_text.first_sentence("\n") == "" and run_text.first_sentence("alone:") == "alone:"


def test_where_there_is_less_room_step_and_eta_stay(record: Make) -> None:
    run = record(1, state="running", phase="training", step=9, total_steps=20, started_at=10.0, ended_at=None)
    texts = run_text.progress_texts(run, eta_s=5.0, now=18.0)
    assert texts[0] == run_text.progress_text(run, eta_s=5.0, now=18.0) == "step 9 / 20 · epoch 1.80 · 8 s · ETA 5 s"
    assert texts[1:] == ["step 9 / 20 · 8 s · ETA 5 s", "step 9 / 20 · ETA 5 s"]
    ended = run_text.progress_texts(record(1, started_at=10.0, ended_at=20.0))
    assert ended[-1] == "step 10 / 10 · took 10 s"


def test_a_stopped_run_is_not_full(record: Make) -> None:
    assert run_text.fraction(record(1, state="stopped", step=5, total_steps=10)) == 0.5
    assert run_text.fraction(record(1, state="finished", step=0, total_steps=0)) == 1.0
    assert run_text.progress_text(record(1, state="stopped", started_at=10.0, ended_at=20.0)).endswith("took 10 s")


def test_what_a_resumed_run_took_is_counted_from_there_and_says_so(record: Make) -> None:
    for ended_at, words in ((20.0, "took 10 s since resumed"), (None, " · 8 s since resumed · ETA 5 s")):
        state = "running" if ended_at is None else "stopped"
        run = record(1, state=state, phase="training", started_at=10.0, ended_at=ended_at, attempt=2, total_steps=9)
        assert run_text.progress_text(run, eta_s=5.0, now=18.0).endswith(words)


def test_a_run_with_feature_terms_is_no_control_and_says_them(record: Make) -> None:
    alone = record(1, loss="none")
    inside = record(1, loss="none", config={"features": [{"kind": "hidden"}, {"kind": "pkd"}]})
    assert run_text.is_control(alone) and not run_text.is_control(inside) and not run_text.is_control(record(1))
    assert run_text.loss_text(alone) == "none" and run_text.loss_text(inside) == "none + hidden + pkd"
