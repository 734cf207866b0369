"""What is compared: the ticked runs or all, on which task, with which baseline; the seeds that are run on request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.models.compare import ALL, GATHER_MS, TICKED, CompareModel
from engine.config import parse_config
from engine.store import RunRecord, ScoreRow

Record = Callable[..., RunRecord]

TOML = """
name = "{name}"
[task]
name = "mrpc"
[teacher]
model = "owner/teacher"
[student]
architecture = "2x128"
[loss]
kind = "{kind}"
[training]
seed = {seed}
"""


@pytest.fixture
def run(record: Record) -> Record:
    """A run of 2x128; ``kind`` and ``seed`` are in its TOML too."""

    def make(number: int, kind: str = "none", seed: int = 0, task: str = "mrpc", **more: Any) -> RunRecord:
        toml = TOML.format(name=f"{kind} run", kind=kind, seed=seed)
        config = parse_config(toml).model_dump(mode="json", by_alias=True, exclude_none=True)
        config["task"]["name"] = task
        return record(number, name=f"{kind} run", loss=kind, seed=seed, toml=toml, config=config, task=task,
                      architecture="2x128", **more)  # fmt: skip

    return make


@pytest.fixture
def model(qtbot: QtBot) -> CompareModel:
    made = CompareModel()
    made.set_in_sight(True)
    return made


def fill(model: CompareModel, runs: list[RunRecord]) -> None:
    model.update(runs)
    done = [run for run in runs if run.state == "finished"]
    metrics = {"mrpc": "f1", "rte": "accuracy"}
    model.set_scores([ScoreRow(run.id, "student", "validation", metrics[run.task], 0.8 + run.id / 100) for run in done])
    model.set_ticked([run.id for run in runs])
    model.rebuild()


def titles(model: CompareModel) -> list[str]:
    return [one.title for one in model.comparison.contenders]


def test_only_ticked_runs_unless_all_are_asked_for(model: CompareModel, run: Record) -> None:
    fill(model, [run(1), run(2, "kl"), run(3, "taylor")])
    model.set_ticked([1, 2])
    model.rebuild()
    assert len(titles(model)) == 2 and titles(model)[0] == "No teacher"
    model.set_scope(ALL)
    assert len(titles(model)) == 3 and model.subtitle() == "3 methods, 3 runs · MRPC · 2 × 128 · validation F1"
    model.set_scope(TICKED)
    assert len(titles(model)) == 2


def test_changes_are_gathered_and_progress_is_none(model: CompareModel, run: Record, qtbot: QtBot) -> None:
    fill(model, [run(1), run(2, "kl", state="running", step=1)])
    told: list[None] = []
    model.changed.connect(lambda: told.append(None))
    model.update([run(2, "kl", state="running", step=9)])
    qtbot.wait(200)
    assert not told
    with qtbot.waitSignal(model.changed):
        model.update([run(2, "kl")])
    assert len(told) == 1


def test_a_comparison_that_takes_long_is_made_less_often(
    model: CompareModel, run: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 0.001, 10.0, 10.4])
    monkeypatch.setattr("distill_gui.models.compare.perf_counter", lambda: next(now))
    waits = []
    for _ in range(2):
        model.rebuild()
        waits.append(model._gathering.interval())
    assert waits == [GATHER_MS, 2000]


def test_nothing_is_made_anew_while_nobody_looks(model: CompareModel, run: Record, qtbot: QtBot) -> None:
    model.set_in_sight(False)
    model.update([run(1)])
    model.set_scores([ScoreRow(1, "student", "validation", "f1", 0.8)])
    model.set_ticked([1])
    qtbot.wait(200)
    assert not titles(model)
    model.set_in_sight(True)
    assert titles(model) == ["No teacher"]


def test_the_baseline_chosen_here_holds_until_another_is_marked_in_the_list(model: CompareModel, run: Record) -> None:
    fill(model, [run(1), run(2, "kl"), run(3, "taylor")])
    assert model.comparison.baseline is not None and model.comparison.baseline.title == "No teacher"
    kl = model.comparison.contenders[1]
    model.set_baseline(kl.key)
    assert model.comparison.baseline is not None and model.comparison.baseline.key == kl.key
    model.set_marked(3)
    model.rebuild()
    assert model.comparison.baseline.runs == (3,)


def test_discarded_and_forgotten_runs_are_out(model: CompareModel, run: Record) -> None:
    fill(model, [run(1), run(2, "kl"), run(3, "taylor")])
    model.update([run(3, "taylor", trashed_at=5.0)])
    model.forget([2])
    model.rebuild()
    assert titles(model) == ["No teacher"] and model.nothing() == ("", "")


def test_an_empty_place_says_what_to_do(model: CompareModel, run: Record) -> None:
    assert model.nothing()[0] == "Nothing to compare yet"
    fill(model, [run(1)])
    model.set_ticked([])
    model.rebuild()
    assert model.nothing()[0] == "No finished run is ticked"


def test_a_task_is_chosen_among_those_with_scores(model: CompareModel, run: Record) -> None:
    fill(model, [run(1), run(2, "kl"), run(3, "kl", task="rte")])
    assert model.comparison.tasks == (("mrpc", "MRPC"), ("rte", "RTE")) and model.comparison.task == "mrpc"
    model.set_task("rte")
    assert model.comparison.task == "rte" and model.comparison.runs == 1


def test_missing_seeds_are_runs_of_the_same_methods(model: CompareModel, run: Record) -> None:
    fill(model, [run(1, started_at=0.0, ended_at=60.0), run(2, "kl", seed=1, started_at=0.0, ended_at=60.0)])
    (verdict,) = model.verdict_lines()
    assert verdict.offer == "Run 4 more seeds each (about 8 min)" and verdict.waits == ""
    assert verdict.about == "Vanilla KD · T 2: seeds 0, 2, 3, 4\nNo teacher: seeds 1, 2, 3, 4"
    tomls, why_not = model.more_seeds(verdict)
    made = [parse_config(toml) for toml in tomls]
    assert why_not == ""
    assert {(config.loss.kind, config.training.seed) for config in made} == {
        ("kl", 0), ("kl", 2), ("kl", 3), ("kl", 4), ("none", 1), ("none", 2), ("none", 3), ("none", 4)
    }  # fmt: skip
    assert made[0].name == "kl run · seed 0" and made[0].student == parse_config(run(2, "kl").toml).student
    assert model.verdict_lines()[0].offer == "" and model.more_seeds(verdict) == ([], ""), (
        "a second click asks for nothing"
    )
    queued = [
        run(10 + place, config.loss.kind, config.training.seed, state="queued") for place, config in enumerate(made)
    ]
    model.update(queued)
    model.rebuild()
    (verdict,) = model.verdict_lines()
    assert verdict.offer == "" and model.more_seeds(verdict) == ([], ""), "they are on their way, ticked or not"
    assert verdict.waits == "More seeds are on their way"
    model.update([replace(record, trashed_at=1.0) for record in queued])  # taken back
    model.rebuild()
    (verdict,) = model.verdict_lines()
    assert verdict.offer.startswith("Run 4 more seeds each") and len(model.more_seeds(verdict)[0]) == 8
    model._asking.timeout.emit()  # the store refused them
    assert model.verdict_lines()[0].offer.startswith("Run 4 more seeds each")


def test_two_lines_do_not_ask_twice_for_the_baselines_seeds(model: CompareModel, run: Record) -> None:
    fill(model, [run(1), run(2, "kl", seed=1), run(3, "taylor", seed=1)])
    first, second = model.verdict_lines()
    asked = [*model.more_seeds(first)[0], *model.more_seeds(model.verdict_lines()[1])[0]]
    assert len(asked) == 12 and len(set(asked)) == 12
    assert model.more_seeds(second) == ([], ""), "a line as it was before the first click"


def test_finished_seeds_that_are_not_ticked_are_ticked_not_run(model: CompareModel, run: Record) -> None:
    fill(
        model,
        [run(1 + at, kind, seed) for at, (kind, seed) in enumerate((k, s) for k in ("none", "kl") for s in range(3))],
    )
    model.set_ticked([1, 4])
    model.rebuild()
    (verdict,) = model.verdict_lines()
    assert verdict.offer == "Tick 4 more runs" and sorted(verdict.left_out) == [2, 3, 5, 6] and not verdict.missing
    assert "4 finished runs of the two left out" in verdict.sure
    model.set_ticked(range(1, 7))
    model.rebuild()
    assert model.verdict_lines()[0].left_out == ()


def test_a_long_name_leaves_room_for_the_seed(model: CompareModel, run: Record) -> None:
    fill(model, [replace(run(1), name="n" * 200), run(2, "kl")])
    tomls, _ = model.more_seeds(model.verdict_lines()[0])
    names = {parse_config(toml).name for toml in tomls}
    assert len(names) == 8 and all(len(name) <= 200 for name in names)


def test_the_best_stand_first_and_what_cannot_be_said_last(model: CompareModel, run: Record) -> None:
    fill(model, [run(1), run(2, "kl"), run(3, "taylor"), run(4, "mse_logits", seed=9)])
    lines = model.verdict_lines()
    assert [line.said.partition(" against ")[0] for line in lines] == titles(model)[2:0:-1] + titles(model)[3:]
    assert {line.tone for line in lines} == {"warn"} and lines[-1].said.endswith("no seed in common")


def test_a_folder_that_is_gone_is_said_and_nothing_queued(model: CompareModel, run: Record) -> None:
    gone = run(2, "kl").toml.replace("owner/teacher", "/gone/teacher")
    fill(model, [run(1), replace(run(2, "kl"), toml=gone)])
    tomls, why_not = model.more_seeds(model.verdict_lines()[0])
    assert tomls == [] and "/gone/teacher" in why_not
