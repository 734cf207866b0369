"""How faults are worded: unknown keys point to where the key belongs, values are shown as the person wrote them."""

import pytest

from engine import catalog
from engine.config import parse_leniently

TASK, TEACHER, LOSS = '[task]\nname = "mrpc"\n', '[teacher]\nmodel = "owner/t"\n', '[loss]\nkind = "taylor"\n'


def message(text, key):
    found = {fault.key: fault.message for fault in parse_leniently(text)[1]}
    assert set(found) == {key}
    return found[key]


@pytest.mark.parametrize(
    "section, key, meant",
    [
        ("training", "learning_rat", "learning_rate"),
        ("training", "warmup_ratio", "warmup_share"),
        ("teacher", "modell", "model"),
        ("student", "arhitecture", "architecture"),
        ("task", "max_len", "max_length"),
        ("loss", "temprature", "temperature"),
    ],
)
def test_a_misspelt_key_names_the_one_that_was_meant(section, key, meant):
    sections = {"task": TASK, "teacher": TEACHER, "student": "[student]\n", "loss": LOSS, "training": "[training]\n"}
    sections[section] += f"{key} = 1\n"
    assert message("".join(sections.values()), f"{section}.{key}") == f"unknown key; did you mean “{meant}”?"


def test_a_misspelt_section_names_the_one_that_was_meant():
    assert (
        message(TASK + TEACHER + LOSS + "[trainng]\nepochs = 3\n", "trainng") == "unknown key; did you mean “training”?"
    )


def test_a_key_in_the_wrong_section_names_the_right_one():
    text = TASK + TEACHER + LOSS + "[training]\ntemperature = 2.0\n"
    assert message(text, "training.temperature") == "unknown key here; it belongs to [loss]"
    assert message(TASK + "batch_size = 8\n" + TEACHER + LOSS, "task.batch_size") == (
        "unknown key here; it belongs to [teacher] or [training]"
    )


def test_a_key_that_is_nowhere_lists_what_there_is():
    assert (
        message(TASK + "zzz = 1\n" + TEACHER + LOSS, "task.zzz") == "unknown key; known here: name, source, max_length"
    )


def test_a_setting_of_other_losses_names_them():
    text = TASK + TEACHER + '[loss]\nkind = "mse_logits"\ntemperature = 2.0\n'
    having = [name for name, loss in catalog.losses().items() if "temperature" in loss.settings.model_fields]
    assert {"kl", "taylor"} <= set(having) and "mse_logits" not in having
    assert message(text, "loss.temperature") == (
        f"the loss “mse_logits” has no such setting ({', '.join(having)} have); "
        "take the key out (on the command line: --set loss.temperature=)"
    )


@pytest.mark.parametrize(
    "line, said",
    [
        ('weights_only = "yes"', "must be true or false; it is “yes”"),
        ("weights_only = 1", "must be true or false; it is 1"),
        ("epochs = 1001", "must be at most 1000; it is 1001"),
        ("epochs = 3.0", "must be a whole number; it is 3.0"),
        ("learning_rate = 0", "must be more than 0; it is 0"),
        ("learning_rate = nan", "must be a finite number; it is nan"),
        ("learning_rate = inf", "must be a finite number; it is inf"),
        ("learning_rate = false", "must be a number; it is false"),
        ("tokenizer = 2024-05-17", "must be text in quotes; it is datetime.date(2024, 5, 17)"),
        ("tokenizer = [1]", "must be text in quotes; it is [1]"),
    ],
)
def test_types_and_bounds(line, said):
    assert message(TASK + TEACHER + line + "\n" + LOSS, f"teacher.{line.split()[0]}") == said


def test_too_long_a_name_is_called_too_long():
    text = f'name = "{"n" * 201}"\n' + TASK + TEACHER + LOSS
    assert message(text, "name") == "must have at most 200 characters; it has 201"


def test_a_long_faulty_value_is_cut():
    said = message(TASK + TEACHER + f'epochs = "{"x" * 5000}"\n' + LOSS, "teacher.epochs")
    assert said.startswith("must be a whole number; it is “xxx") and len(said) < 130
