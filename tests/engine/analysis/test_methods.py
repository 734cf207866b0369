"""Which settings make another method, another recipe, or only another seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.analysis import methods
from engine.store.records import RunRecord

MakeRun = Callable[..., RunRecord]


def test_seed_name_and_machine_do_not_make_another_method(make_run: MakeRun) -> None:
    one = make_run(kind="kl")
    other = make_run(kind="kl", config={"training.seed": 3, "training.device": "cuda", "teacher.seed": 4})
    assert methods.method_of(one.config) == methods.method_of(other.config)
    assert methods.seeds_of(one.config) == (0, 0) and methods.seeds_of(other.config) == (3, 4)


def test_budget_is_part_of_the_recipe_and_the_loss_is_not(make_run: MakeRun) -> None:
    one, longer = (methods.method_of(make_run(kind="kl", config=c).config) for c in ({}, {"training.epochs": 9}))
    hotter = methods.method_of(make_run(kind="kl", config={"loss.temperature": 4.0}).config)
    assert methods.differing([one.recipe, longer.recipe]) == {"training.epochs"}
    assert one.recipe == hotter.recipe and one.loss != hotter.loss


def test_a_teacher_counts_for_no_teacher_only_as_weights_or_tokenizer(make_run: MakeRun) -> None:
    own_words = {"student.tokenizer": "bert-base-uncased"}
    plain = methods.method_of(make_run(config=own_words).config)
    assert plain.teacher == {} and not any(key.startswith("teacher.") for key in plain.recipe)
    layers = methods.method_of(make_run(config=own_words | {"student.init": "layers"}).config)
    assert layers.recipe["teacher.model"] == "/models/big" and "teacher.training" not in layers.recipe


def test_how_an_untrained_teacher_would_be_trained_does_not_count(make_run: MakeRun) -> None:
    ways = [{"teacher.training": "as_is", "teacher.epochs": epochs} for epochs in (1, 5)]
    one, other = (methods.method_of(make_run(kind="kl", config=way).config) for way in ways)
    assert one == other
    assert methods.seeds_of(make_run(kind="kl", config=ways[0]).config) == (0, None)


def test_reproducing_settings_put_a_run_of_another_task_into_the_same_row(make_run: MakeRun) -> None:
    run = make_run(kind="taylor", config={"training.seed": 7})
    settings = methods.reproducing_settings(run.config)
    assert settings["loss.gamma"] == 1.0 and settings["student.architecture"] == "2x128"
    assert not {"name", "task.name", "task.source", "training.seed", "teacher.seed", "training.device"} & set(settings)


def test_feature_terms_are_part_of_the_objective_and_their_order_is_not(make_run: MakeRun) -> None:
    hidden, embedding = {"kind": "hidden", "weight": 2.0, "layers": [[1, 2]]}, {"kind": "embedding"}
    both = [
        methods.method_of(make_run(kind="kl", features=terms).config)
        for terms in ([hidden, embedding], [embedding, hidden])
    ]
    assert both[0].objective == both[1].objective and both[0].recipe == both[1].recipe
    others: list[list[dict[str, Any]]] = [
        [], [hidden], [hidden, hidden], [hidden, {**embedding, "weight": 2}], [{**hidden, "layers": [[1, 4]]}, embedding],
        [{**hidden, "distance": "l1"}, embedding], [{**hidden, "dynamic": True}, embedding],
    ]  # fmt: skip
    found = {methods.method_of(make_run(kind="kl", features=terms).config).objective for terms in others}
    assert len(found) == len(others) and both[0].objective not in found


def test_feature_terms_alone_bring_a_teacher(make_run: MakeRun) -> None:
    alone = make_run(features=[{"kind": "hidden"}])
    assert methods.method_of(alone.config).has_teacher and methods.method_of(alone.config).teacher
    assert methods.seeds_of(alone.config) == (0, 0), "its teacher was trained, so that one's seed counts"
    assert not methods.method_of(make_run().config).has_teacher


def test_a_setting_that_came_later_counts_as_its_default(make_run: MakeRun) -> None:
    old = methods.method_of(make_run(kind="kl").config)
    new = {"training.precision": "auto", "loss.standardise": False, "student.init": "random"}
    assert methods.method_of(make_run(kind="kl", config=new).config) == old
    half = methods.method_of(make_run(kind="kl", config={"training.precision": "bfloat16"}).config)
    assert methods.differing([old.recipe, half.recipe]) == {"training.precision"}


def test_a_run_that_fills_a_row_has_its_feature_terms(make_run: MakeRun) -> None:
    terms = [{"kind": "hidden", "weight": 2.0}]
    assert methods.reproducing_settings(make_run(kind="kl", features=terms).config)["features"] == terms
    assert methods.reproducing_settings(make_run(kind="kl").config)["features"] == [], (
        "none, whatever stood there before"
    )
