"""The form's fields come from the engine's: titles, help, bounds, choices, what is advanced and what depends."""

import pytest

from distill_gui.models.compose_fields import GROUPS, group_fields, loss_fields, loss_kind_field
from engine import catalog


def by_key(fields):
    return {spec.key: spec for spec in fields}


def test_every_key_of_a_configuration_has_a_field():
    for section, model in GROUPS.items():
        assert set(by_key(group_fields(section))) == {f"{section}.{name}" for name in model.model_fields}


@pytest.mark.parametrize("kind", list(catalog.losses()))
def test_every_setting_of_a_loss_has_a_field_under_its_toml_key(kind):
    settings = catalog.losses()[kind].settings.model_fields
    assert set(by_key(loss_fields(kind))) == {f"loss.{info.alias or n}" for n, info in settings.items() if n != "kind"}


def test_a_slider_has_the_bounds_of_the_setting_and_the_ends_of_its_track():
    fields = by_key(loss_fields("taylor"))
    weight, temperature = fields["loss.lambda"], fields["loss.temperature"]
    assert (weight.bounds, weight.track, weight.step, weight.decimals) == ((0, 1), (0, 1), 0.05, 2)
    assert temperature.bounds == (0.01, 64)  # more than 0
    assert temperature.track == (0.5, 16)
    assert "alpha" in weight.help


def test_numbers_without_a_slider_have_no_track():
    assert all(spec.track is None for section in GROUPS for spec in group_fields(section))


def test_kinds_follow_the_types():
    kinds = {spec.key: spec.kind for section in GROUPS for spec in group_fields(section)}
    assert kinds["training.epochs"] == "whole"
    assert kinds["student.heads"] == "whole"  # int | None
    assert kinds["training.learning_rate"] == "number"
    assert kinds["teacher.weights_only"] == "flag"
    assert kinds["teacher.training"] == "choice"
    assert kinds["teacher.model"] == kinds["task.source"] == kinds["student.architecture"] == "path"
    assert kinds["training.seed"] == "seeds"
    assert kinds["training.device"] == "text"


def test_choices_carry_the_words_a_person_reads():
    training = by_key(group_fields("teacher"))["teacher.training"]
    assert training.choices == (("as_is", "Use as it is (the paper)", ""), ("fine_tune", "Fine-tune on the task", ""))
    tasks = by_key(group_fields("task"))["task.name"]
    assert ("mrpc", "MRPC", catalog.tasks()["mrpc"].about) in tasks.choices
    assert [value for value, _, _ in loss_kind_field().choices] == list(catalog.losses())


def test_advanced_fields_come_last():
    for section in GROUPS:
        advanced = [spec.advanced for spec in group_fields(section)]
        assert advanced == sorted(advanced)


def test_what_depends_and_what_is_required_is_told():
    teacher = by_key(group_fields("teacher"))
    assert teacher["teacher.epochs"].only_if == {"training": "fine_tune"}
    assert teacher["teacher.model"].required and not teacher["teacher.epochs"].required
    assert by_key(group_fields("training"))["training.batch_size"].unit == "rows"


def test_an_unknown_loss_is_an_error():
    with pytest.raises(KeyError):
        loss_fields("tailor")
