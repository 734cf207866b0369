"""Which settings make another method, another recipe, or only another seed."""

from __future__ import annotations

from collections.abc import Callable

from engine import catalog
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


def test_titles_name_what_is_unusual_or_asked_for(make_run: MakeRun) -> None:
    losses = catalog.losses()
    paper = methods.method_of(make_run(kind="taylor").config)
    assert methods.title_of(paper, methods.unusual_loss_settings(paper, losses), losses) == "Taylor KD"
    config = {"loss.temperature": 2.0, "loss.lambda": 0.3, "training.epochs": 1}
    hot = methods.method_of(make_run(kind="kl", config=config).config)
    shown = methods.unusual_loss_settings(hot, losses) | {"training.epochs"}
    assert methods.title_of(hot, shown, losses) == "Vanilla KD · T 2 · λ .3 · 1 epoch"


def test_a_loss_that_is_gone_keeps_its_name_and_settings() -> None:
    lost = methods.Method("older_loss", {"loss.beta": 0.25})
    assert methods.title_of(lost, methods.unusual_loss_settings(lost, {}), {}) == "older_loss · beta 0.25"


def test_settings_in_few_characters() -> None:
    text = methods.setting_text
    assert (
        text("loss.lambda", 0.0) == "λ 0" and text("loss.lambda", 1.0) == "λ 1" and text("loss.gamma", 0.05) == "γ .05"
    )
    assert text("training.learning_rate", 3e-4) == "lr 0.0003"
    assert text("teacher.model", "/home/x/models/all-MiniLM-L6-v2") == "teacher all-MiniLM-L6-v2"
    assert text("student.heads", 4) == "student heads 4"
    assert text("student.tokenizer", "google/bert") == "student tokenizer bert"
    assert text("student.heads", None) == ""


def test_reproducing_settings_put_a_run_of_another_task_into_the_same_row(make_run: MakeRun) -> None:
    run = make_run(kind="taylor", config={"training.seed": 7})
    settings = methods.reproducing_settings(run.config)
    assert settings["loss.gamma"] == 1.0 and settings["student.architecture"] == "2x128"
    assert not {"name", "task.name", "task.source", "training.seed", "teacher.seed", "training.device"} & set(settings)


def test_architectures_and_teachers_are_named_for_reading(make_run: MakeRun) -> None:
    assert methods.architecture_title("4x312") == "4 × 312"
    assert methods.architecture_title("/models/my-student") == "my-student"
    settings = methods.teacher_settings(make_run(kind="kl").config)
    assert methods.teacher_title(settings, ()) == "big · fine-tuned"
    assert methods.teacher_title(settings | {"teacher.model": "2x128"}, ()) == "2 × 128 · trained from scratch"
    assert methods.teacher_title(settings, {"teacher.epochs"}) == "big · fine-tuned · 3 epochs"


def test_a_name_tells_the_first_differences_and_counts_the_rest() -> None:
    config = {
        "loss": {"kind": "kl", "lambda": 0.3, "temperature": 2.0},
        "student": {"tokenizer": "/somewhere/tokenizer", "init": "random"},
        "training": {"epochs": 6, "learning_rate": 0.002, "batch_size": 64},
    }
    method = methods.method_of(config)
    title = methods.title_of(method, methods.flat(config), catalog.losses())
    assert title.startswith("Vanilla KD · T 2 · λ .3 · ") and title.endswith(" · 3 more differ")
    assert "tokenizer" not in title and title.count(" · ") == 5
