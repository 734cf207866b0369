"""Verdicts against the paired t test of another implementation, and the cases that a formula alone gets wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from scipy import stats

from engine.analysis.compare.comparison import compare
from engine.analysis.compare.verdict import Verdict, holm
from engine.store.records import RunRecord, ScoreRow
from engine.types import Task

MakeRun = Callable[..., RunRecord]
Scored = Callable[..., ScoreRow]
Judge = Callable[..., dict[str, Verdict]]


@pytest.fixture
def judge(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> Judge:
    """Verdicts by title, of {loss: {seed: F1 in percent}} on MRPC; ``teacher`` is every run's teacher's score."""

    def of(figures: Mapping[str, Mapping[int, float]], teacher: float = 0.9, **more: Any) -> dict[str, Verdict]:
        runs, scores = [], []
        for kind, by_seed in figures.items():
            for seed, value in by_seed.items():
                runs.append(make_run(kind=kind, config={"training.seed": seed}, **more))
                scores += [scored(runs[-1], value / 100), scored(runs[-1], teacher, model="teacher")]
        return {verdict.contender.title: verdict for verdict in compare(runs, scores, tasks=tasks).verdicts}

    return of


BASE = {0: 80.0, 1: 81.0, 2: 79.0, 3: 80.5, 4: 80.2}
BETTER = {0: 82.0, 1: 83.4, 2: 80.9, 3: 82.2, 4: 82.4}
NOISY = {0: 81.0, 1: 80.0, 2: 80.5, 3: 79.5, 4: 80.9}


def test_a_difference_that_holds_in_every_seed_is_one(judge: Judge) -> None:
    (verdict,) = judge({"none": BASE, "kl": BETTER}).values()
    differences = [BETTER[seed] - BASE[seed] for seed in BASE]
    expected = stats.ttest_rel(list(BETTER.values()), list(BASE.values()))
    assert verdict.kind == "better" and verdict.seeds == 5
    assert verdict.difference == pytest.approx(sum(differences) / 5)
    assert verdict.spread == pytest.approx(stats.tstd(differences))
    assert verdict.p == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert verdict.interval == (pytest.approx(interval.low), pytest.approx(interval.high))
    assert verdict.gap_closed == pytest.approx(verdict.difference / (90 - 80.14)) and verdict.missing is None


def test_worse_is_said_too_and_chance_is_not_a_difference(judge: Judge) -> None:
    swapped = judge({"none": BETTER, "kl": BASE})["Vanilla KD"]
    assert swapped.kind == "worse" and swapped.difference is not None and swapped.difference < 0
    noisy = judge({"none": BASE, "kl": NOISY})["Vanilla KD"]
    assert noisy.kind == "no difference" and noisy.p is not None and noisy.p > 0.5


def test_only_common_seeds_are_pairs(judge: Judge) -> None:
    (verdict,) = judge({"none": BASE, "kl": {seed: BETTER[seed] for seed in (1, 2, 3)} | {9: 10.0}}).values()
    assert verdict.seeds == 3 and verdict.difference == pytest.approx((2.4 + 1.9 + 1.7) / 3)


@pytest.mark.parametrize("seeds", [(), (0,), (0, 1)])
def test_fewer_than_three_common_seeds_leave_it_open_and_name_what_to_run(judge: Judge, seeds: tuple[int, ...]) -> None:
    (verdict,) = judge({"none": {0: 80.0, 1: 81.0}, "kl": {seed: 85.0 + seed for seed in seeds} or {7: 85.0}}).values()
    assert verdict.kind == "open" and verdict.p is None and verdict.seeds == len(seeds)
    assert (verdict.difference is None) == (not seeds)
    assert verdict.missing is not None
    (control,) = [its for key, its in verdict.missing.items() if key != verdict.contender.key]
    have = [{0, 1} | set(control), (set(seeds) or {7}) | set(verdict.missing.get(verdict.contender.key, ()))]
    assert len(have[0] & have[1]) == 5


def test_what_is_queued_is_not_asked_for_again(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    done = [make_run(kind=kind, config={"training.seed": 0}) for kind in ("none", "kl")]
    queued = [
        make_run(kind=kind, state="queued", config={"training.seed": seed})
        for kind in ("none", "kl")
        for seed in range(1, 5)
    ]
    runs = [*done, *queued[:-1]]
    scores = [scored(run, 0.8) for run in done]
    (verdict,) = compare(runs, scores, tasks=tasks).verdicts
    assert verdict.missing == {verdict.contender.key: (4,)}
    (verdict,) = compare([*done, *queued], scores, tasks=tasks).verdicts
    assert verdict.kind == "open" and verdict.missing is None


def test_the_same_scores_in_every_seed_are_called_the_same(judge: Judge) -> None:
    (verdict,) = judge({"none": BASE, "taylor": BASE}).values()
    assert verdict.kind == "same" and verdict.difference == 0 and verdict.missing is None


def test_differences_that_are_all_alike_have_a_sign_test_not_a_p_of_zero(judge: Judge) -> None:
    shifted = {seed: value + 0.5 for seed, value in BASE.items()}
    (verdict,) = judge({"none": BASE, "kl": shifted}).values()
    assert verdict.by_sign and verdict.p == pytest.approx(1 / 16) and verdict.kind == "no difference"
    many = {seed: 80.0 + seed for seed in range(8)}
    (verdict,) = judge({"none": many, "kl": {seed: value + 0.5 for seed, value in many.items()}}).values()
    assert verdict.kind == "better" and verdict.p == pytest.approx(2 / 2**8)


def test_several_comparisons_make_each_less_sure(judge: Judge) -> None:
    alone = judge({"none": BASE, "kl": BETTER})["Vanilla KD"]
    among = judge({"none": BASE, "kl": BETTER, "taylor": NOISY})["Vanilla KD"]
    assert alone.p is not None and among.p == pytest.approx(2 * alone.p) and among.tests == 2


def test_holm_against_its_definition() -> None:
    assert holm([0.04, 0.01, 0.03]) == [pytest.approx(value) for value in (0.06, 0.03, 0.06)]
    assert holm([0.9, 0.8]) == [1.0, 1.0] and holm([]) == []


def test_a_gap_is_only_closed_towards_a_better_teacher(judge: Judge) -> None:
    assert judge({"none": BASE, "kl": BETTER}, teacher=0.5)["Vanilla KD"].gap_closed is None
    assert judge({"kl": BASE, "taylor": BETTER})["Taylor KD"].gap_closed is None, "the baseline had a teacher itself"


def test_other_data_or_budget_is_named(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [make_run(kind="none"), make_run(kind="kl", config={"training.epochs": 5, "student.architecture": "4x312"})]
    (verdict,) = compare(runs, [scored(run, 0.8) for run in runs], tasks=tasks).verdicts
    assert verdict.also_differ == ("another student", "5 epochs")


def test_an_interval_without_nought_goes_with_no_doubtful_verdict(judge: Judge) -> None:
    """Alone it is a clear difference; as one of three it is not, and its interval says the same."""
    slight = {0: 80.6, 1: 82.4, 2: 79.3, 3: 81.5, 4: 80.5}
    alone = judge({"none": BASE, "kl": slight})["Vanilla KD"]
    among = judge({"none": BASE, "kl": slight, "taylor": NOISY, "mse_logits": NOISY})["Vanilla KD"]
    assert alone.kind == "better" and alone.interval is not None and alone.interval[0] > 0
    assert among.kind == "no difference" and among.interval is not None and among.interval[0] < 0 < among.interval[1]
    error = stats.sem([slight[seed] - BASE[seed] for seed in BASE])
    assert among.difference is not None
    assert among.interval[1] - among.difference == pytest.approx(stats.t.isf(0.05 / 3 / 2, 4) * error)


def test_the_gap_is_that_of_the_same_seeds_and_student(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task], judge: Judge
) -> None:
    verdict = judge({"none": BASE | {9: 10.0}, "kl": BETTER})["Vanilla KD"]
    assert verdict.difference is not None and verdict.gap_closed == pytest.approx(verdict.difference / (90 - 80.14))
    runs = [
        make_run(kind=kind, architecture=student, config={"training.seed": seed})
        for kind, student in (("none", "2x128"), ("kl", "4x312"))
        for seed in range(3)
    ]
    scores = [scored(run, 0.8 + at / 100) for at, run in enumerate(runs)] + [
        scored(run, 0.9, model="teacher") for run in runs
    ]
    (larger,) = compare(runs, scores, tasks=tasks).verdicts
    assert larger.gap_closed is None and larger.also_differ == ("another student",)


def test_what_only_the_baseline_has_set_is_named(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [make_run(kind="none", config={"student.tokenizer": "/own/words"}), make_run(kind="kl")]
    (verdict,) = compare(runs, [scored(run, 0.8) for run in runs], tasks=tasks).verdicts
    assert "baseline with student tokenizer words" in verdict.also_differ


def test_a_score_that_is_no_number_is_none(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [make_run(kind=kind, config={"training.seed": seed}) for kind in ("none", "kl") for seed in (0, 1)]
    found = compare(runs, [scored(run, 0.8 if run.id != 4 else float("nan")) for run in runs], tasks=tasks)
    assert [dict(one.by_seed) for one in found.contenders] == [{0: 80, 1: 80}, {0: 80}] and found.runs == 3
    assert compare(runs[3:], [scored(runs[3], float("nan"))], tasks=tasks).task == ""


def test_finished_runs_left_out_are_said_and_not_run_again(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    runs = [make_run(kind=kind, config={"training.seed": seed}) for kind in ("none", "kl") for seed in range(3)]
    other = make_run(kind="kl", config={"training.seed": 7, "loss.lambda": 0.1})
    scores = [scored(run, 0.8) for run in [*runs, other]]
    again = make_run(kind="kl", config={"training.seed": 0})  # says nothing new of its seed
    scores.append(scored(again, 0.8))
    few = [run for run in runs if run.id in (1, 4)]
    rest = [run for run in runs if run.id not in (1, 4)]
    (verdict,) = compare(few, scores, tasks=tasks, elsewhere=[*rest, other, again]).verdicts
    assert verdict.kind == "open" and verdict.missing is None and sorted(verdict.elsewhere) == [2, 3, 5, 6]
    (verdict,) = compare(few, scores, tasks=tasks, elsewhere=[other]).verdicts
    assert verdict.elsewhere == () and verdict.missing is not None


def test_a_run_that_was_resumed_tells_no_time(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [
        make_run(kind="kl", config={"training.seed": seed}, started_at=0.0, ended_at=seconds, attempt=attempt)
        for seed, (seconds, attempt) in enumerate(((30.0, 1), (2.0, 2), (1.0, 3)))
    ]
    (one,) = compare(runs, [scored(run, 0.8) for run in runs], tasks=tasks).contenders
    assert one.seconds == 30.0
