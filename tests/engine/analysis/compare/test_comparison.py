"""What is compared with what: tasks, contenders, the baseline, differences in settings, swept values, cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.analysis.compare.comparison import compare
from engine.analysis.compare.config_diff import value_text
from engine.analysis.compare.pareto import frontier
from engine.store.records import RunRecord, ScoreRow
from engine.types import Task

MakeRun = Callable[..., RunRecord]
Scored = Callable[..., ScoreRow]


def test_nothing_scored_is_nothing_to_compare(make_run: MakeRun, tasks: dict[str, Task]) -> None:
    found = compare([make_run(state="running"), make_run()], [], tasks=tasks)
    assert found.task == "" and not found.contenders and not found.verdicts


def test_the_task_with_most_runs_unless_another_is_asked_for(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    runs = [make_run("mrpc"), make_run("rte", "kl"), make_run("rte")]
    scores = [scored(runs[0], 0.8), *(scored(run, 0.6, "accuracy") for run in runs[1:])]
    found = compare(runs, scores, tasks=tasks)
    assert (found.task, found.metric, found.tasks) == ("rte", "accuracy", (("rte", "RTE"), ("mrpc", "MRPC")))
    assert [one.title for one in found.contenders] == ["No teacher", "Vanilla KD"] and found.runs == 2
    assert compare(runs, scores, "mrpc", tasks=tasks).contenders[0].runs == (1,)
    assert compare(runs, scores, "stsb", tasks=tasks).task == "rte", "there is nothing of that one"


def test_two_parts_of_a_task_count_by_their_mean_and_a_student_names_itself_among_others(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    runs = [make_run("mnli", "kl", config={"training.seed": 3}), make_run("mnli", "kl", architecture="4x312")]
    scores = [
        scored(run, value, "accuracy", f"validation_{part}")
        for run in runs
        for part, value in (("matched", 0.7), ("mismatched", 0.72))
    ]
    found = compare(runs, scores, tasks=tasks)
    assert [one.title for one in found.contenders] == ["2 × 128 · Vanilla KD", "4 × 312 · Vanilla KD"]
    assert dict(found.contenders[0].by_seed) == {3: pytest.approx(71.0)}


def test_a_seed_with_two_teachers_is_one_pair(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [make_run(kind="kl", config={"teacher.seed": seed}) for seed in (0, 1)]
    (one,) = compare(runs, [scored(runs[0], 0.8), scored(runs[1], 0.9)], tasks=tasks).contenders
    assert dict(one.by_seed) == {0: pytest.approx(85.0)} and len(one.runs) == 2 and one.spread is None


def test_the_baseline_is_the_chosen_runs_contender_else_the_one_without_a_teacher(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    runs = [make_run(kind=kind, config={"training.seed": seed}) for kind in ("kl", "none") for seed in (0, 1)]
    again = make_run(kind="kl")  # a repeat of a seed: it stands for its method all the same
    scores = [scored(run, 0.8) for run in [*runs, again]]

    def baseline(wanted: int | None) -> str:
        found = compare([*runs, again], scores, baseline=wanted, tasks=tasks).baseline
        assert found is not None
        return found.title

    assert baseline(None) == "No teacher" == baseline(99)
    assert baseline(1) == baseline(again.id) == "Vanilla KD"


def test_time_size_and_teacher_are_measured_ones(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [
        make_run(kind="kl", config={"training.seed": seed}, started_at=100.0, ended_at=100.0 + seconds)
        for seed, seconds in enumerate((10, 30, 20))
    ]
    none = make_run(kind="none", started_at=100.0, ended_at=90.0)  # a clock was set back
    scores = [scored(run, 0.8) for run in [*runs, none]] + [scored(run, 0.9, model="teacher") for run in [*runs, none]]
    control, taught = compare([*runs, none], scores, tasks=tasks, bytes_of={3: 1000, 4: None}.get).contenders
    assert (taught.seconds, taught.bytes, taught.teacher, taught.teacher_parameters_m) == (20.0, 1000, 90.0, 22.7)
    assert (control.seconds, control.bytes, control.teacher) == (None, None, None)


def test_the_difference_in_settings_leaves_out_what_is_alike_seeds_and_names(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    runs = [
        make_run(kind="none"),
        make_run(kind="kl", config={"loss.temperature": 2.0, "training.seed": 4}),
        make_run(kind="kl", features=[{"kind": "hidden", "weight": 2.0}]),
    ]
    found = compare(runs, [scored(run, 0.8) for run in runs], tasks=tasks)
    rows = {row.key: row for row in found.diff}
    assert list(rows)[:4] == ["loss.kind", "features", "loss.lambda", "loss.temperature"]
    assert rows["loss.kind"].values == ("none", "kl", "kl") and rows["loss.kind"].differs == (False, True, True)
    assert rows["loss.temperature"].values == ("—", "2", "1")
    assert rows["features"].values[:2] == ("—", "—") and rows["features"].values[2].startswith("2·hidden")
    assert not {"training.seed", "name", "training.epochs", "training.device"} & set(rows)
    runs.append(make_run(kind="kl", config={"training.epochs": 9}, architecture="4x312"))
    more = compare(runs, [scored(run, 0.8) for run in runs], tasks=tasks)
    assert {"training.epochs", "student.architecture"} <= {row.key for row in more.diff}


def test_values_are_written_as_in_a_toml() -> None:
    texts = [value_text(value) for value in (None, True, 0.30000000000000004, 5e-05, 3, "2x128", [1, "a"], {"b": 0.5})]
    assert texts == ["—", "true", "0.3", "5e-05", "3", "2x128", "[1, a]", "b = 0.5"]


def test_a_number_with_all_else_alike_makes_a_curve(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [
        make_run(kind="kl", config={"loss.lambda": value, "loss.temperature": 2.0, "training.seed": seed})
        for value in (1.0, 0.0, 0.5)
        for seed in (0, 1)
    ]
    runs += [make_run(kind="taylor", config={"loss.lambda": value}) for value in (0.0, 0.5, 1.0)]
    runs += [make_run(kind="kl", config={"loss.lambda": 0.3, "training.epochs": 9}), make_run(kind="none")]
    (sweep,) = compare(runs, [scored(run, 0.8) for run in runs], tasks=tasks).sweeps
    assert (sweep.key, sweep.sign) == ("loss.lambda", "λ")
    labels = {series.label: [point.value for point in series.points] for series in sweep.series}
    assert len(labels) == 2 and all(values == [0.0, 0.5, 1.0] for values in labels.values())
    assert all("λ" not in label for label in labels) and any("T 2" in label for label in labels)
    assert [len(point.contender.by_seed) for point in sweep.series[0].points] == [2, 2, 2]


def test_the_frontier() -> None:
    assert frontier([3, 1, 2, 2, 5], [80, 70, 75, 78, 79]) == [1, 3, 0]
    assert frontier([1, 1], [70, 70]) == [0] and frontier([], []) == []
