"""A sweep in the making: what is offered, which runs come of it, and where each mistake is said."""

import pytest
from PySide6.QtWidgets import QApplication

from distill_gui.models.compose_draft import Draft
from distill_gui.models.compose_sweep import CHOICES, LIST, RANGE, SweepModel
from distill_gui.models.sweep_files import LATER, LOOKING
from engine.config import parse_config

KL = {"task": {"name": "mrpc"}, "teacher": {"model": "owner/t"}, "loss": {"kind": "kl"}}


def sweep(table: dict = KL, seeds: tuple[int, ...] = (0,)) -> SweepModel:
    draft = Draft()
    draft.take(table)
    return SweepModel(draft, seeds)


@pytest.fixture
def model(qapp: QApplication) -> SweepModel:
    return sweep()


def test_it_begins_with_the_whole_of_lambda_and_the_seeds_of_the_form(qapp: QApplication) -> None:
    model = sweep(seeds=(3, 5))
    (weight, seeds) = model.rows()
    assert (weight.setting.key, weight.mode, weight.over()) == ("loss.lambda", RANGE, "loss.lambda=0:1:0.25")
    assert (seeds.mode, seeds.text) == (LIST, "3, 5")
    assert model.main_text() == "Add 10 runs to the queue" and model.heading() == "10 runs"
    configs = [parse_config(toml) for toml in model.tomls()]
    assert [(c.training.seed, c.to_dict()["loss"]["lambda"]) for c in configs] == [
        (seed, weight) for seed in (3, 5) for weight in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert [config.name for config in configs] == model.names()


def test_all_else_is_as_in_the_form(qapp: QApplication) -> None:
    table = KL | {"training": {"epochs": 7}, "features": [{"kind": "cka", "weight": 2.0}], "name": "Mine"}
    model = sweep(table)
    for toml, name in zip(model.tomls(), model.names(), strict=True):
        config = parse_config(toml)
        assert config.training.epochs == 7 and config.features[0].weight == 2.0 and name.startswith("Mine · λ ")


def test_offered_are_the_settings_of_the_form_once(model: SweepModel) -> None:
    offered = {setting.key: setting for setting in model.offered()}
    assert "loss.lambda" not in offered and "loss.lambda" in {setting.key for setting in model.offered(0)}
    assert {"loss.kind", "loss.temperature", "training.seed", "student.architecture", "task.max_length"} <= set(offered)
    assert "loss.gamma" not in offered and "teacher.epochs" not in offered  # not in the form now
    assert dict(offered["loss.kind"].choices)["taylor"] == "Taylor KD" and offered["loss.kind"].now == "kl"
    assert offered["training.learning_rate"].limits == "a number above 0 to 1"
    assert offered["task.max_length"].limits == "a whole number from 8 to 512"
    terms = {setting.key: setting.title for setting in sweep(KL | {"features": [{"kind": "cka"}]}).offered()}
    assert terms["features.1.weight"] == "Term 1, cka · Weight"


def test_every_setting_offered_is_a_sweep_as_it_stands(model: SweepModel) -> None:
    """What a new row begins with is what the form says, so that nobody starts from a mistake."""
    for setting in model.offered(0):
        if setting.now:
            model.choose(0, setting.key)
            model.look()
            assert not model.faults() and not model.fault(0), (setting.key, model.fault(0))


def test_ways_and_choices(model: SweepModel) -> None:
    model.add("loss.kind")
    assert model.rows()[1].mode == CHOICES and model.rows()[1].chosen == ["kl"]
    model.set_chosen(1, "none", True)
    model.remove(0)
    model.look()
    assert [parse_config(toml).loss.kind for toml in model.tomls()] == ["none", "kl"]
    model.set_chosen(0, "none", False)
    model.set_chosen(0, "kl", False)
    model.look()
    assert model.fault(0).startswith("No values") and not model.can_queue()
    model.choose(0, "loss.temperature")
    model.set_mode(0, LIST)
    model.set_part(0, "text", "1, 2, 4 ")
    model.look()
    assert [parse_config(toml).to_dict()["loss"]["temperature"] for toml in model.tomls()] == [1, 2, 4]


def test_each_mistake_is_said_at_its_row_as_the_engine_words_it(model: SweepModel) -> None:
    model.add("training.seed")
    model.set_part(0, "last", "2")
    model.set_part(1, "text", "0, 0")
    assert not model.can_queue()  # not before it has looked again
    model.look()
    assert model.fault(1) == "“0” stands there twice; take one out."
    model.set_part(1, "text", "0, 1")
    model.look()
    assert model.fault(0).splitlines()[0] == "Must be at most 1; it is 1.25." and model.fault(1) == ""
    assert model.main_text() == "Mend 4 things" and model.tomls() == []


def test_runs_in_which_the_teacher_does_nothing_are_counted(qapp: QApplication) -> None:
    model = sweep(KL | {"loss": {"kind": "taylor"}})
    assert "the teacher does not change the gradient" in model.notes() and not model.notes().endswith("runs.)")
    model.add("loss.gamma")
    model.set_part(1, "text", "0.5, 1")
    model.set_mode(1, LIST)
    model.look()
    assert model.notes().endswith("(5 of the 10 runs.)")


def asked(model: SweepModel) -> list[tuple[int, str, list[str], bool]]:
    """What it asks the engine from now on."""
    found: list[tuple[int, str, list[str], bool]] = []
    model.files_wanted.connect(lambda *question: found.append(question))
    return found


def test_what_only_files_and_models_can_tell_is_asked_before_it_can_be_queued(model: SweepModel) -> None:
    questions = asked(model)
    model.choose(0, "student.architecture")
    model.set_part(0, "text", "2x128, 4x312")
    model.look()
    ((number, toml, overs, many),) = questions
    assert (
        number
        and parse_config(toml).task.name == "mrpc"
        and overs == ["student.architecture=2x128, 4x312"]
        and not many
    )
    assert len(model.names()) == 2 and not model.can_queue() and model.main_text() == LOOKING
    model.take_files(number - 1, {"runs": [], "faults": []})
    assert not model.can_queue(), "the answer to an older question"
    found = [
        {"key": "student.architecture", "message": "is no folder (first in “b”)"},
        {"key": "task.source", "message": "x"},
    ]
    model.take_files(number, {"runs": ["a", "b"], "faults": found, "notices": []})
    assert model.fault(0) == "Is no folder (first in “b”)." and model.words_of_faults() == "task.source: x."
    assert model.main_text() == "Mend 2 things" and not model.can_queue()
    model.set_part(0, "text", "2x128, 2x64")
    model.look()
    assert not model.fault(0) and len(questions) == 2 and questions[1][0] > number
    model.take_files(
        questions[1][0], {"runs": ["a", "b"], "faults": [], "notices": [{"level": "look", "text": "Beware."}]}
    )
    assert model.can_queue() and model.notes() == "Beware."


def test_numbers_of_loss_and_training_ask_for_no_files(model: SweepModel) -> None:
    questions = asked(model)
    model.set_part(0, "step", "0.5")
    model.add("training.epochs")
    model.look()
    assert questions == [] and model.can_queue()
    model.choose(1, "loss.kind")
    model.look()
    assert [number > 0 for number, *_ in questions] == [True]
    model.remove(1)
    model.look()
    assert questions[1][0] == 0 and model.can_queue(), "the answer is not wanted any more"


def test_an_engine_that_cannot_be_asked_keeps_nobody_from_queueing(model: SweepModel) -> None:
    questions = asked(model)
    model.add("task.max_length")
    model.look()
    fault = {"key": "", "message": "The engine has not answered within 60 s."}
    model.take_files(questions[0][0], {"ready": False, "faults": [fault], "notices": []})
    assert model.can_queue() and model.notes() == f"The engine has not answered within 60 s. {LATER}"


def test_many_runs_are_a_question(model: SweepModel) -> None:
    model.set_part(0, "step", "0.005")
    model.look()
    assert "201 runs are more than 100" in model.words_of_faults() and not model.can_queue()
    assert model.words_of_faults().count("\n") == 0
    assert model.many() == "Queue all 201 runs" and model.heading() == "201 runs"
    model.allow_many(True)
    assert model.can_queue() and len(model.tomls()) == 201 and model.allows_many()
    model.add("training.epochs")
    model.look()
    assert model.can_queue(), "as many as were meant"
    model.set_part(1, "text", "1, 2")
    model.look()
    assert model.heading() == "402 runs" and not model.can_queue() and not model.allows_many()
    model.remove(1)
    model.look()
    assert not model.can_queue(), "it is asked anew"
    model.allow_many(True)
    model.set_part(0, "step", "0.0005")
    model.look()
    assert "2,001 runs are more than 1,000" in model.words_of_faults() or "more than 1,000 values" in model.fault(0)


def test_no_setting_is_said(model: SweepModel) -> None:
    model.remove(0)
    model.look()
    assert model.main_text() == "Choose a setting" and not model.can_queue()
