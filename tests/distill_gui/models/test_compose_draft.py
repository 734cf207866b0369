"""The draft: defaults, presets as the base, what cannot apply, and the table it writes."""

import pytest

from distill_gui.models.compose_draft import Draft, flatten


def draft(**values):
    made = Draft()
    for key, value in values.items():
        made.set(key.replace("__", "."), value)
    return made


def test_a_new_draft_says_only_its_loss():
    assert Draft().table() == {"loss": {"kind": "taylor"}}
    assert Draft().value("training.epochs") == 3 and Draft().value("teacher.model") is None


def test_only_what_differs_from_the_default_is_written():
    made = draft(training__epochs=5, training__batch_size=32)
    assert made.table() == {"loss": {"kind": "taylor"}, "training": {"epochs": 5}}
    made.set("training.epochs", 3)
    assert made.table() == {"loss": {"kind": "taylor"}}
    made.set("task.max_length", 64)
    made.set("task.max_length", None)
    assert made.table() == {"loss": {"kind": "taylor"}}


def test_a_changed_value_can_be_reset():
    made = draft(training__epochs=5)
    assert made.is_changed("training.epochs") and not made.is_changed("training.batch_size")
    made.reset("training.epochs")
    assert made.value("training.epochs") == 3 and not made.is_changed("training.epochs")


def test_what_must_be_chosen_is_not_called_changed():
    made = draft(teacher__model="owner/t", task__name="mrpc")
    assert not made.is_changed("teacher.model") and not made.is_changed("task.name")


def test_a_method_preset_is_the_base_of_its_section_and_leaves_the_others():
    made = draft(teacher__model="owner/t", training__epochs=5, loss__gamma=0.5)
    made.take_preset({"loss": {"kind": "kl", "lambda": 0.1}}, whole=False)
    assert (made.loss_kind, made.value("loss.lambda"), made.value("teacher.model")) == ("kl", 0.1, "owner/t")
    assert (
        not made.is_changed("loss.lambda") and not made.is_changed("loss.kind") and made.is_changed("training.epochs")
    )
    made.set("loss.lambda", 0.5)
    assert made.is_changed("loss.lambda")  # the engine's default, but not the preset's value
    made.reset("loss.lambda")
    assert made.value("loss.lambda") == 0.1
    made.set("loss.kind", "taylor")
    assert made.is_changed("loss.kind") and made.value("loss.gamma") == 1.0


def test_a_whole_preset_forgets_everything_else():
    made = draft(teacher__model="owner/t", training__epochs=5, name="mine")
    table = {"task": {"name": "mrpc"}, "teacher": {"model": "4x128"}, "loss": {"kind": "kl"}, "training": {"seed": 4}}
    made.take_preset(table, whole=True)
    assert made.table(4) == {**table, "teacher": {"model": "4x128", "training": "fine_tune"}}
    assert not any(made.is_changed(key) for key in ("training.seed", "teacher.model", "task.name", "training.epochs"))
    made.set("task.name", "rte")
    assert made.is_changed("task.name")
    made.reset("task.name")
    assert made.value("task.name") == "mrpc"


def test_another_loss_keeps_the_settings_it_shares_and_drops_the_others():
    made = draft(loss__temperature=4.0, loss__gamma=0.5)
    made.set("loss.kind", "kl")
    assert made.table()["loss"] == {"kind": "kl", "temperature": 4.0}
    made.set("loss.kind", "mse_logits")
    assert made.table()["loss"] == {"kind": "mse_logits"}
    made.set("loss.kind", "taylor")
    assert made.table()["loss"] == {"kind": "taylor", "temperature": 4.0, "gamma": 0.5}


def test_the_default_of_a_shared_setting_is_that_of_the_loss():
    made = draft(loss__kind="kl")
    assert made.value("loss.temperature") == 2.0
    made.set("loss.kind", "taylor")
    assert made.value("loss.temperature") == 1.0


@pytest.mark.parametrize(
    "values, key, visible",
    [
        ({}, "teacher.epochs", False),
        ({"teacher.training": "fine_tune"}, "teacher.epochs", True),
        ({"teacher.training": "fine_tune", "loss.kind": "none"}, "teacher.epochs", False),
        ({"loss.kind": "none"}, "teacher.training", False),
        ({"loss.kind": "none"}, "teacher.model", True),
        ({"student.architecture": "3x384"}, "student.heads", True),
        ({"student.architecture": "owner/model"}, "student.heads", False),
        ({"teacher.model": "4x128"}, "teacher.weights_only", False),
        ({"teacher.model": "owner/model"}, "teacher.weights_only", True),
    ],
)
def test_what_cannot_apply_is_hidden(values, key, visible):
    made = Draft()
    for name, value in values.items():
        made.set(name, value)
    assert made.is_visible(key) is visible


def test_what_does_not_apply_is_not_written_but_remembered():
    made = draft(student__heads=6, teacher__model="owner/t", teacher__training="fine_tune", teacher__epochs=9)
    made.set("student.architecture", "owner/small")
    made.set("teacher.training", "as_is")
    table = made.table()
    assert table["student"] == {"architecture": "owner/small", "init": "pretrained"}
    assert table["teacher"] == {"model": "owner/t"}
    made.set("student.architecture", "3x384")
    made.set("teacher.training", "fine_tune")
    assert made.table()["student"] == {"architecture": "3x384", "heads": 6}
    assert made.table()["teacher"]["epochs"] == 9


def test_a_control_keeps_how_its_teacher_was_trained():
    made = draft(teacher__model="owner/t", teacher__training="fine_tune", loss__kind="none")
    assert made.table()["teacher"] == {"model": "owner/t", "training": "fine_tune"}


def test_only_possible_choices_are_offered_and_the_wish_is_kept_while_typing():
    made = draft(student__architecture="3x384", student__init="layers")
    assert [value for value, _, _ in made.choices("student.init")] == ["random", "layers"]
    made.set("student.architecture", "3")  # on the way to 3x512: for now the name of a model
    assert made.value("student.init") == "pretrained"
    assert [value for value, _, _ in made.choices("student.init")] == ["pretrained"]
    made.set("student.architecture", "3x512")
    assert made.value("student.init") == "layers"
    made.set("teacher.model", "4x128")
    assert made.value("teacher.training") == "fine_tune"
    assert made.value("student.init") == "random", "a teacher from scratch has no layers to give"


def test_an_unknown_value_of_a_file_is_offered_so_that_it_can_be_seen():
    made = Draft()
    assert made.take({"task": {"name": "mrpx"}, "loss": {"kind": "tailor", "lambda": 0.5}}) == ["loss.lambda"]
    assert made.choices("task.name")[-1] == ("mrpx", "mrpx (unknown)", "")
    assert made.choices("loss.kind")[-1][0] == "tailor"
    assert [spec.key for spec in made.fields("loss")] == ["loss.kind"]
    assert made.table() == {"task": {"name": "mrpx"}, "loss": {"kind": "tailor"}}


def test_a_teacher_without_a_model_is_not_written_unless_stood_in_for():
    made = draft(teacher__training="fine_tune", teacher__epochs=0)
    assert "teacher" not in made.table()
    assert made.table(0, {"teacher.model": "o/t"})["teacher"] == {"training": "fine_tune", "epochs": 0, "model": "o/t"}


def test_taking_a_table_starts_over_and_names_what_no_form_knows():
    made = draft(training__epochs=9)
    left_out = made.take(
        {"colour": 1, "task": {"name": "rte", "x": 1}, "loss": {"kind": "kl"}, "training": {"seed": 7}}
    )
    assert left_out == ["colour", "task.x"]
    assert made.value("training.epochs") == 3 and made.value("training.seed") == "7"
    assert made.is_changed("training.seed")


def test_merging_keeps_the_rest():
    made = draft(teacher__model="owner/t", loss__kind="kl")
    made.merge({"task": {"name": "rte"}, "student": {"architecture": "4x312"}})
    assert made.table() == {
        "teacher": {"model": "owner/t"},
        "student": {"architecture": "4x312"},
        "task": {"name": "rte"},
        "loss": {"kind": "kl"},
    }


def test_seeds_stay_text_until_a_table_is_made_for_one():
    made = draft(training__seed="1, 2")
    assert "training" not in made.table()
    assert made.table(2)["training"] == {"seed": 2}


def test_true_is_not_one():
    made = draft(training__epochs=True)
    assert made.table()["training"] == {"epochs": True}


def test_an_unknown_key_is_an_error():
    with pytest.raises(KeyError):
        Draft().value("loss.nothing")
    with pytest.raises(KeyError):
        Draft().value("nothing")


def test_flatten():
    assert flatten({"name": "n", "loss": {"kind": "kl"}, "task": {}}) == {"name": "n", "loss.kind": "kl"}
