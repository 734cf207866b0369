"""One configuration over some axes: which runs come of it, in which order, under which names, and all that is wrong."""

import itertools
from pathlib import Path

import pytest

from engine.config import parse_config
from engine.config.sweep import LONGEST_NAME, MOST_RUNS, MOST_RUNS_AT_ALL, Sweep, sweep_over

BASE = """
name = "Mine"
[task]
name = "mrpc"
[teacher]
model = "owner/teacher"
[loss]
kind = "taylor"
lambda = 0.5
gamma = 0.5
[training]
epochs = 2
"""


def sweep(*overs: str, text: str = BASE, **more: object) -> Sweep:
    return sweep_over(text, overs, **more)  # type: ignore[arg-type]


def said(found: Sweep) -> list[str]:
    assert not found.configs and not found.values
    return [str(fault) for fault in found.faults]


def test_every_combination_is_a_run_and_says_what_the_configuration_says() -> None:
    found = sweep("loss.lambda=0:1:0.5", "loss.temperature=1,2", "training.seed=0,1")
    assert found.faults == [] and found.count == len(found.configs) == 12
    mine = [(config.training.seed, config.to_dict()["loss"]["lambda"], config.to_dict()["loss"]["temperature"])
            for config in found.configs]  # fmt: skip
    assert mine == [(seed, weight, heat) for seed in (0, 1) for weight in (0, 0.5, 1) for heat in (1, 2)]
    for config in found.configs:
        typed = [f"loss.lambda={config.to_dict()['loss']['lambda']}", f"training.seed={config.training.seed}",
                 f"loss.temperature={config.to_dict()['loss']['temperature']}", f'name="{config.name}"']  # fmt: skip
        assert parse_config(BASE, overrides=typed) == config  # exactly what --set would have made


def test_runs_that_share_a_teacher_and_tokens_follow_one_another() -> None:
    found = sweep("loss.lambda=0,1", "training.seed=0,1", "teacher.model=a/one,a/two", "task.max_length=64,128")
    shared = [(config.task.max_length, config.teacher.model if config.teacher else "") for config in found.configs]
    changes = sum(one != other for one, other in itertools.pairwise(shared))
    assert changes == 3  # four pairs, each in one stretch
    assert [config.training.seed for config in found.configs[:4]] == [0, 0, 1, 1]  # a whole curve before its repeat


def test_names_tell_the_runs_apart_in_the_order_that_was_typed() -> None:
    names = [config.name for config in sweep("loss.lambda=0.3,0.7", "training.seed=0,1").configs]
    assert names == ["Mine · λ 0.3 · seed 0", "Mine · λ 0.7 · seed 0", "Mine · λ 0.3 · seed 1", "Mine · λ 0.7 · seed 1"]


def test_without_a_name_the_runs_are_called_by_their_choices() -> None:
    found = sweep("loss.kind=none,taylor", "loss.temperature=2", text=BASE.replace('name = "Mine"', ""))
    assert "loss.temperature" in said(found)[0]  # “none” has no temperature
    found = sweep("loss.kind=kl,taylor", "loss.temperature=2,4", text=BASE.replace('name = "Mine"', ""))
    assert [config.name for config in found.configs][:2] == [
        "kl · 2x128 · mrpc · T 2 · seed 0",
        "kl · 2x128 · mrpc · T 4 · seed 0",
    ]


def test_folders_are_named_by_their_last_part_where_that_tells_them_apart() -> None:
    names = [config.name for config in sweep("teacher.model=a/one,b/two").configs]
    assert names == ["Mine · teacher model one", "Mine · teacher model two"]
    names = [config.name for config in sweep("teacher.model=a/one,b/one").configs]
    assert names == ["Mine · teacher model a/one", "Mine · teacher model b/one"]


def test_long_names_stay_within_what_a_name_may_be_and_apart() -> None:
    found = sweep("training.seed=0,1", text=BASE.replace("Mine", "M" * LONGEST_NAME))
    names = [config.name for config in found.configs]
    assert [len(name) for name in names] == [LONGEST_NAME] * 2
    assert [name.rpartition(" · ")[2] for name in names] == ["seed 0", "seed 1"]


def test_settings_of_another_loss_are_left_out_where_the_loss_is_swept_over() -> None:
    found = sweep("loss.kind=none,kl,taylor")
    none, kl, taylor = (config.to_dict()["loss"] for config in found.configs)
    assert none == {"kind": "none"}
    assert kl["lambda"] == 0.5 and "gamma" not in kl
    assert taylor == parse_config(BASE).to_dict()["loss"]
    assert found.left_out == [
        "loss.gamma, loss.lambda are left out for “none”, which has no such setting.",
        "loss.gamma is left out for “kl”, which has no such setting.",
    ]
    assert "loss.gama" in said(sweep("loss.kind=none,kl", text=BASE.replace("gamma", "gama")))[0]  # a slip stays one


def test_who_sweeps_over_a_setting_that_not_every_loss_has_is_not_told_to_set_it() -> None:
    (fault,) = said(sweep("loss.kind=kl,taylor", "loss.gamma=0.5,1"))
    assert "no such setting" in fault and "--set" not in fault
    assert fault.endswith("sweep over it apart, with a loss that has it (with loss.kind = kl)")


def test_all_faults_of_all_runs_are_said_once() -> None:
    found = said(sweep("loss.lambda=0.5,1.5,2", "training.epoch=1,2", "student.architecture=2x128,2x4,99x64"))
    assert found == [
        "training.epoch: unknown key; did you mean “epochs”?",
        "student.architecture: must have a hidden size from 8 to 8192; it has 4",
        "student.architecture: must have 1 to 96 layers; it has 99",
        "loss.lambda: must be at most 1; it is 1.5",
        "loss.lambda: must be at most 1; it is 2",
    ]


def test_a_fault_between_two_keys_says_with_which_value() -> None:
    (only,) = said(sweep("student.architecture=2x128,2x96", "student.heads=2,64", "training.seed=0,1"))
    assert only == (
        "student.heads: 64 heads do not divide the hidden size 96; choose a divisor of it (with student.architecture = 2x96)"
    )


@pytest.mark.parametrize(
    ("overs", "sets", "expected"),
    [
        ([], [], "--over: nothing to sweep over"),
        (["name=a,b"], [], "name: makes no other run"),
        (["loss.lambda=0,1"], ["loss.lambda=0.2"], "loss.lambda: is both set and swept over"),
        (["features.1.weight=1,2"], [], "--over: “features.1.weight”: there are 0 feature terms"),
        (["nonsense=1,2"], [], "nonsense: unknown key"),
        (["loss.lambda=0,1"], ["training.sed=1"], "training.sed: unknown key; did you mean “seed”?"),
        (["loss.lambda=0,1"], ["x.y.z=1"], "--set: “x.y.z=1” is not section.key=value"),
        (["training.seed=", "loss.lambda=3"], [], "training.seed: no values"),
    ],
)
def test_mistakes_in_the_axes_are_sentences(overs: list[str], sets: list[str], expected: str) -> None:
    assert any(fault.startswith(expected) for fault in said(sweep(*overs, overrides=sets)))


def test_a_faulty_axis_does_not_hide_what_else_is_wrong() -> None:
    found = said(sweep("training.seed=", "loss.lambda=3", "training.epochs=0:1:0.3"))
    assert [fault.partition(":")[0] for fault in found] == ["training.seed", "training.epochs", "loss.lambda"]


def test_two_ways_to_write_one_run_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    (only,) = said(sweep("task.source=rows,./rows", folder=tmp_path))
    assert only.startswith("--over: ") and "would be the same run" in only


def test_too_many_runs_want_a_word_and_at_some_number_nothing_helps() -> None:
    assert (
        f"101 runs are more than {MOST_RUNS} at once; say so"
        in said(sweep("training.seed=0:100:1", remedy="say so"))[0]
    )
    assert sweep("training.seed=0:100:1", most=MOST_RUNS_AT_ALL).count == 101
    many = sweep("training.seed=0:999:1", "loss.lambda=0:1:0.1", most=MOST_RUNS_AT_ALL, remedy="say so")
    assert f"11,000 runs are more than {MOST_RUNS_AT_ALL:,} at once; take values out" in said(many)[0]
    assert not many.drafts  # not one was built


def test_where_there_are_too_many_nothing_is_called_wrong_that_is_not() -> None:
    (only,) = said(sweep("loss.kind=none,kl,taylor", "training.seed=0:99:1"))
    assert only.startswith("--over: 300 runs are more than")


def test_broken_toml_is_said_once() -> None:
    (only,) = said(sweep("loss.lambda=0,1", text="[task"))
    assert "not valid TOML" in only
