"""Means, spreads, ranks and differences of one's own runs, and who is compared with whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.analysis.cells import Cell, Row, Table, remarks
from engine.analysis.gradient_share import LABELS_SHARE
from engine.analysis.table import build_table
from engine.store.records import RunRecord, ScoreRow
from engine.types import Task

MakeRun = Callable[..., RunRecord]
Scored = Callable[..., ScoreRow]


def row_of(table: Table, title: str) -> Row:
    rows = [row for block in table.blocks for row in block.rows if row.title == title]
    assert len(rows) == 1, [row.title for block in table.blocks for row in block.rows]
    return rows[0]


def cell_of(table: Table, title: str, task: str = "mrpc") -> Cell:
    return row_of(table, title).cells[task]


def test_mean_and_sample_deviation_over_seeds(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    values = [0.80, 0.82, 0.87]
    runs = [make_run(kind="kl", config={"training.seed": seed}) for seed in range(3)]
    scores = [scored(run, value) for run, value in zip(runs, values, strict=True)]
    scores += [scored(run, value - 0.1, "accuracy") for run, value in zip(runs, values, strict=True)]
    cell = cell_of(build_table(runs, scores, tasks=tasks), "Vanilla KD")
    assert cell.state == "result" and cell.seeds == 3 and cell.runs == (3, 2, 1)
    assert cell.values == (pytest.approx(83.0),)
    assert cell.spreads == (pytest.approx(100 * np.std(values, ddof=1)),)
    (accuracy,) = cell.others
    assert accuracy.name == "accuracy" and accuracy.mean == pytest.approx(73.0)


def test_a_test_split_with_labels_stands_beside_and_never_in_the_figure(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    run = make_run(kind="kl")
    cell = cell_of(build_table([run], [scored(run, 0.8), scored(run, 0.7, split="test")], tasks=tasks), "Vanilla KD")
    assert cell.values == (pytest.approx(80.0),)
    assert [(other.name, other.mean) for other in cell.others] == [("F1 (test)", pytest.approx(70.0))]


def test_one_seed_has_no_spread_and_a_repeat_counts_once(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    first, again = make_run(kind="kl"), make_run(kind="kl")
    table = build_table([first, again], [scored(first, 0.5), scored(again, 0.6)], tasks=tasks)
    cell = cell_of(table, "Vanilla KD")
    assert cell.seeds == 1 and cell.spreads == (None,)
    assert cell.values == (pytest.approx(60.0),) and cell.runs == (again.id,), "the newest of a repeated seed counts"


def test_rank_and_delta_inside_a_block(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    none, kl, taylor = (make_run(kind=kind) for kind in ("none", "kl", "taylor"))
    table = build_table(
        [none, kl, taylor], [scored(none, 0.80), scored(kl, 0.84), scored(taylor, 0.79)], tasks=tasks
    )  # fmt: skip
    base, best, worst = (cell_of(table, title) for title in ("No teacher", "Vanilla KD", "Taylor KD"))
    assert (base.rank, best.rank, worst.rank) == (2, 1, 0)
    assert base.delta is None
    assert best.delta == pytest.approx(4.0) and worst.delta == pytest.approx(-1.0)
    assert [row.title for row in table.blocks[0].rows] == ["No teacher", "Vanilla KD", "Taylor KD"]


def test_equal_bests_share_the_rank(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    none, kl, taylor = (make_run(kind=kind) for kind in ("none", "kl", "taylor"))
    table = build_table([none, kl, taylor], [scored(none, 0.7), scored(kl, 0.8), scored(taylor, 0.8)], tasks=tasks)
    assert [cell_of(table, title).rank for title in ("No teacher", "Vanilla KD", "Taylor KD")] == [2, 1, 1]


def test_a_lone_figure_is_not_the_best_of_anything(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    run = make_run(kind="kl")
    cell = cell_of(build_table([run], [scored(run, 0.9)], tasks=tasks), "Vanilla KD")
    assert cell.rank == 0 and cell.delta is None


def test_students_are_not_ranked_against_each_other(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    small = make_run(kind="kl")
    large = make_run(kind="kl", config={"student.architecture": "6x768"}, parameters=66_000_000)
    table = build_table([large, small], [scored(small, 0.7), scored(large, 0.9)], tasks=tasks)
    assert [block.title for block in table.blocks] == ["2 × 128", "6 × 768"], "smallest first"
    assert all(row.cells["mrpc"].rank == 0 for block in table.blocks for row in block.rows)


def test_unequal_budgets_are_separate_rows_and_not_compared(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    none = make_run()
    kl, longer = make_run(kind="kl"), make_run(kind="kl", config={"training.epochs": 10})
    table = build_table([none, kl, longer], [scored(none, 0.8), scored(kl, 0.81), scored(longer, 0.9)], tasks=tasks)
    assert cell_of(table, "Vanilla KD · 10 epochs").delta is None
    assert cell_of(table, "Vanilla KD · 10 epochs").rank == 0
    assert cell_of(table, "Vanilla KD · 3 epochs").delta == pytest.approx(1.0)
    assert cell_of(table, "Vanilla KD · 3 epochs").rank == 1


def test_a_budget_that_differs_only_between_tasks_keeps_one_row(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    short, long = make_run("mrpc", "kl"), make_run("rte", "kl", config={"training.epochs": 10})
    table = build_table([short, long], [scored(short, 0.8), scored(long, 0.6, "accuracy")], tasks=tasks)
    row = row_of(table, "Vanilla KD")
    assert row.cells["mrpc"].seeds == row.cells["rte"].seeds == 1


def test_teachers_split_rows_and_are_named(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    own_words = {"student.tokenizer": "words"}
    runs = [make_run(config=own_words)]
    runs += [make_run(kind="kl", config=own_words | {"teacher.training": way}) for way in ("as_is", "fine_tune")]
    table = build_table(runs, [scored(run, 0.5 + 0.1 * run.id) for run in runs], tasks=tasks)
    tuned = [row for row in table.blocks[-1].rows if "fine-tuned teacher" in row.title]
    assert len(tuned) == 1 and tuned[0].cells["mrpc"].delta == pytest.approx(20.0), "one baseline serves both teachers"


def test_settings_that_differ_anywhere_are_named_everywhere(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    runs = [make_run(kind="taylor", config={"loss.gamma": gamma}) for gamma in (0.5, 1.0)]
    table = build_table(runs, [scored(run, 0.5) for run in runs], tasks=tasks)
    assert {row.title for row in table.blocks[0].rows} == {"Taylor KD · γ .5", "Taylor KD · γ 1"}


def test_a_sweep_stands_in_the_order_of_its_numbers_and_its_seeds_are_one_figure(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    swept = [(weight, seed) for weight in (1, 0.5, 0.05, 0, 0.1) for seed in (0, 1)]
    runs = [make_run(kind="kl", config={"loss.lambda": weight, "training.seed": seed}) for weight, seed in swept]
    table = build_table(runs, [scored(run, 0.5 + run.id / 100) for run in runs], tasks=tasks)
    rows = table.blocks[-1].rows
    assert [row.title.rpartition(" ")[2] for row in rows] == ["0", ".05", ".1", ".5", "1"]
    assert all(row.cells["mrpc"].seeds == 2 for row in rows)


def test_running_queued_and_failed_cells(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    done = make_run("mrpc", "kl")
    running = make_run("rte", "kl", "running", step=62, total_steps=100)
    queued = make_run("stsb", "kl", "queued")
    failed = make_run("mnli", "kl", "failed")
    stopped = make_run("cola", "kl", "stopped")
    table = build_table([done, running, queued, failed, stopped], [scored(done, 0.8)], tasks=tasks)
    row = row_of(table, "Vanilla KD")
    assert {key: cell.state for key, cell in row.cells.items()} == {
        "mrpc": "result", "rte": "running", "stsb": "queued", "mnli": "failed", "cola": "stopped",
    }  # fmt: skip
    assert row.cells["rte"].progress == pytest.approx(0.62) and row.cells["rte"].runs == (running.id,)


def test_a_stopped_run_never_counts_as_a_result(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    full, stopped = make_run(kind="kl"), make_run(kind="kl", state="stopped", config={"training.seed": 1})
    table = build_table([full, stopped], [scored(full, 0.8), scored(stopped, 0.2)], tasks=tasks)
    assert cell_of(table, "Vanilla KD").values == (pytest.approx(80.0),)
    assert cell_of(table, "Vanilla KD").left_out == ("stopped",), "and that is said"
    lost = make_run("rte", "taylor", "failed")
    everything = build_table([full, stopped, lost], [scored(full, 0.8)], tasks=tasks)
    assert everything.left_out == ("stopped", "failed"), "also where its row is not shown"
    assert "Not counted, as they ended before their last step: 1 stopped, 1 failed." in remarks(everything)


def test_feature_terms_make_rows_of_their_own(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    kinds: list[list[dict[str, Any]]] = [
        [], [{"kind": "hidden"}], [{"kind": "hidden", "distance": "cosine"}], [{"kind": "hidden", "weight": 10.0}],
        [{"kind": "minilm", "version": "2"}, {"kind": "embedding"}],
    ]  # fmt: skip
    runs = [make_run(kind="kl", features=terms, config={"training.seed": seed}) for terms in kinds for seed in range(3)]
    none, alone = make_run(), make_run(features=[{"kind": "pkd"}])
    scores = [scored(run, 0.7 + 0.01 * run.id) for run in [*runs, none, alone]]
    table = build_table([*runs, none, alone], scores, tasks=tasks)
    assert [(row.title, row.cells["mrpc"].seeds) for row in table.blocks[-1].rows] == [
        ("No teacher", 1), ("Labels + pkd", 1), ("Vanilla KD", 3), ("Vanilla KD + 1·hidden (cosine)", 3),
        ("Vanilla KD + 1·hidden (mse)", 3), ("Vanilla KD + 10·hidden (mse)", 3), ("Vanilla KD + embedding + minilm (v2)", 3),
    ]  # fmt: skip
    assert [row.title for row in table.blocks[-1].rows if row.is_baseline] == ["No teacher"]
    assert cell_of(table, "Labels + pkd").delta == pytest.approx(1.0), "its baseline has no teacher at all"


def test_the_gradient_share_is_of_the_runs_that_count(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    first, second = (make_run(kind="kl", config={"training.seed": seed}) for seed in (0, 1))
    stopped, none = make_run(kind="kl", state="stopped", config={"training.seed": 2}), make_run()
    means = {run.id: {LABELS_SHARE: share} for run, share in ((first, 0.2), (second, 0.4), (stopped, 0.9))}
    runs, scores = [first, second, stopped, none], [scored(run, 0.8) for run in (first, second, none)]
    table = build_table(runs, scores, tasks=tasks, curve_means=means)
    assert table.has_gradient and row_of(table, "Vanilla KD").gradient.share == pytest.approx(70.0)
    assert row_of(table, "Vanilla KD").gradient.runs == 2 and row_of(table, "No teacher").gradient.share is None
    assert not build_table(runs, scores, tasks=tasks).has_gradient


def test_a_further_seed_in_training_shows_beside_the_figure(
    make_run: MakeRun, scored: Scored, tasks: dict[str, Task]
) -> None:
    done = make_run(kind="kl")
    running = make_run(kind="kl", state="running", step=1, total_steps=4, config={"training.seed": 1})
    cell = cell_of(build_table([done, running], [scored(done, 0.8)], tasks=tasks), "Vanilla KD")
    assert cell.state == "result" and cell.active == 1 and cell.progress == pytest.approx(0.25)


def test_a_row_of_failures_alone_is_not_shown(make_run: MakeRun, tasks: dict[str, Task]) -> None:
    assert build_table([make_run(kind="kl", state="failed")], [], tasks=tasks).blocks == ()


def test_both_parts_of_mnli_and_a_missing_one(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    none, kl = make_run("mnli"), make_run("mnli", "kl")
    scores = [
        scored(run, value, "accuracy", split)
        for run, pair in ((none, (0.70, 0.72)), (kl, (0.74, 0.72)))
        for split, value in zip(("validation_matched", "validation_mismatched"), pair, strict=True)
    ]
    cell = cell_of(build_table([none, kl], scores, tasks=tasks), "Vanilla KD", "mnli")
    assert cell.values == (pytest.approx(74.0), pytest.approx(72.0)) and cell.spreads == (None, None)
    assert cell.delta == pytest.approx(2.0), "compared by the mean of both parts"
    half = build_table([none, kl], scores[:3], tasks=tasks)
    assert cell_of(half, "Vanilla KD", "mnli").values == (pytest.approx(74.0), None)
    assert cell_of(half, "Vanilla KD", "mnli").delta is None, "half a figure is not compared with a whole one"


def test_a_teacher_is_shown_once_with_its_own_scores(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    runs = [make_run(kind="kl"), make_run(kind="taylor")]
    scores = [scored(run, 0.8) for run in runs] + [scored(run, 0.9, model="teacher") for run in runs]
    table = build_table(runs, scores, tasks=tasks)
    row = row_of(table, "big · fine-tuned")
    assert table.blocks[0].title == "" and row.kind == "own teacher"
    assert row.cells["mrpc"].values == (pytest.approx(90.0),) and row.cells["mrpc"].seeds == 1
    assert row.parameters_m == pytest.approx(22.7)


def test_runs_of_an_unknown_task_are_left_out(make_run: MakeRun, scored: Scored, tasks: dict[str, Task]) -> None:
    run = replace(make_run(kind="kl"), task="gone")
    assert build_table([run], [scored(run, 0.5)], tasks=tasks).blocks == ()
