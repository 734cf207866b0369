"""From text to a configuration: overrides, files, and every fault at once."""

import pytest

from engine import catalog
from engine.config import parse_config, parse_leniently, read_config
from engine.errors import ConfigError

GOOD = '[task]\nname = "mrpc"\n[teacher]\nmodel = "owner/teacher"\n[loss]\nkind = "taylor"\n'


def faults_of(text, *overrides, folder=None):
    """{key: message} of all faults; fails where two faults have one key."""
    faults = parse_leniently(text, folder, overrides)[1]
    found = {fault.key: fault.message for fault in faults}
    assert len(found) == len(faults), faults
    return found


def test_all_faults_are_said_at_once_each_with_its_key_and_remedy(tmp_path):
    text = """
    colour = "blue"
    [task]
    name = "mprc"
    source = "nowhere"
    [teacher]
    model = "owner/teacher"
    training = "sometimes"
    [student]
    architecture = "./nothing"
    heads = 0
    [loss]
    kind = "kl"
    lamda = 0.5
    temperature = -1
    gamma = 1.0
    [training]
    epochs = "three"
    batch_size = 1.5
    learning_rate = 2
    seed = true
    device = "gpu"
    """
    found = faults_of(text, folder=tmp_path)
    assert set(found) == {
        "colour", "task.name", "task.source", "teacher.training", "student.architecture", "student.heads",
        "loss.lamda", "loss.temperature", "loss.gamma", "training.epochs", "training.batch_size",
        "training.learning_rate", "training.seed", "training.device",
    }  # fmt: skip
    assert found["colour"] == "unknown key; known here: name, task, teacher, student, loss, features, training"
    assert found["task.name"] == "there is no task “mprc”; choose one of mrpc, rte"
    assert str(tmp_path / "nowhere") in found["task.source"] and "leave the key out" in found["task.source"]
    assert found["teacher.training"] == "must be one of as_is or fine_tune; it is “sometimes”"
    assert str(tmp_path / "nothing") in found["student.architecture"]
    assert found["student.heads"] == "must be at least 1; it is 0"
    assert found["loss.lamda"] == "unknown key; did you mean “lambda”?"
    assert found["loss.temperature"] == "must be at least 0.01; it is -1"
    assert (
        "“kl” has no such setting (" in found["loss.gamma"]
        and "taylor" in found["loss.gamma"]
        and "--set loss.gamma=" in found["loss.gamma"]
    )
    assert found["training.epochs"] == "must be a whole number; it is “three”"
    assert found["training.batch_size"] == "must be a whole number; it is 1.5"
    assert found["training.learning_rate"] == "must be at most 1; it is 2"
    assert found["training.seed"] == "must be a whole number; it is true"
    assert found["training.device"] == "must be auto, cpu, cuda or cuda:N; it is “gpu”"


def test_the_error_counts_and_lists_them():
    with pytest.raises(ConfigError) as caught:
        parse_config(
            '[task]\nname = "mrpc"\n[loss]\nkind = "none"\n[training]\nepochs = 0\nseed = -1\n', where="a.toml"
        )
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 things to mend in a.toml:"
    assert "  training.epochs: must be at least 1; it is 0" in lines
    assert "  training.seed: must be at least 0; it is -1" in lines
    assert [fault.key for fault in caught.value.faults].count("student.tokenizer") == 1


@pytest.mark.parametrize("section", ["task", "teacher", "student", "loss", "training"])
def test_a_section_that_is_a_value_is_one_fault(section):
    text = "\n".join(
        f"{name} = 3" if name == section else "" for name in ("task", "teacher", "student", "loss", "training")
    )
    rest = {
        "task": '[task]\nname = "mrpc"\n',
        "teacher": '[teacher]\nmodel = "owner/t"\n',
        "loss": '[loss]\nkind = "kl"\n',
    }
    found = faults_of(text + "\n" + "".join(part for name, part in rest.items() if name != section))
    assert found == {section: "must be a section; it is 3"}


def test_missing_sections_and_keys_say_what_to_add():
    found = faults_of("")
    assert found["task"] == "this section is missing; add [task]"
    assert found["loss"] == "this section is missing; add [loss]"
    found = faults_of("[task]\n[teacher]\n[loss]\n")
    assert found == {
        "task.name": "this key is missing; add “name = …”",
        "teacher.model": "this key is missing; add “model = …”",
        "loss.kind": f"this key is missing; choose one of {', '.join(catalog.losses())}",
    }


def test_an_unknown_loss_is_a_fault_of_its_kind():
    found = faults_of('[task]\nname = "mrpc"\n[teacher]\nmodel = "owner/t"\n[loss]\nkind = "tailor"\nlambda = 7\n')
    assert found == {"loss.kind": f"there is no loss “tailor”; choose one of {', '.join(catalog.losses())}"}


def test_faulty_keys_fall_back_and_the_rest_is_kept():
    config, faults = parse_leniently(GOOD + "gamma = 9\nlambda = 0.25\n[training]\nepochs = 0\nseed = 5\n")
    assert config is not None and len(faults) == 2
    assert (config.loss.gamma, config.loss.label_weight) == (1.0, 0.25)
    assert (config.training.epochs, config.training.seed) == (3, 5)


@pytest.mark.parametrize(
    "text", ["", "[task]\n" + GOOD[len('[task]\nname = "mrpc"\n') :], GOOD.replace("taylor", "tailor")]
)
def test_without_a_task_or_a_loss_there_is_no_configuration(text):
    config, faults = parse_leniently(text)
    assert config is None and faults


def test_a_teacher_without_a_usable_model_is_left_out_and_said_once(tmp_path):
    config, faults = parse_leniently(GOOD.replace("owner/teacher", "./gone"), tmp_path)
    assert config is not None and config.teacher is None
    assert [fault.key for fault in faults] == ["teacher.model"]


def test_overrides_win_over_the_file_and_may_add_sections():
    config = parse_config(
        GOOD, overrides=["loss.lambda=0.3", "training.seed = 4", "training.device=cpu", "name=second try"]
    )
    assert (config.loss.label_weight, config.training.seed, config.training.device) == (0.3, 4, "cpu")
    assert config.name == "second try"


def test_an_empty_override_takes_the_key_out():
    text = GOOD + "gamma = 0.5\n"
    assert faults_of(text, "loss.kind=kl") != {}
    assert faults_of(text, "loss.kind=kl", "loss.gamma=") == {}
    assert parse_config(text, overrides=["loss.gamma="]).loss.gamma == 1.0
    assert faults_of(text, "loss.nothing=") == {}
    assert faults_of(GOOD, "teacher=", "loss.kind=none", "student.tokenizer=owner/words") == {}


@pytest.mark.parametrize(
    "override, words",
    [
        ("loss.lambda", "not section.key=value"),
        ("=3", "not section.key=value"),
        ("loss.=3", "not section.key=value"),
        ("loss.a.b=3", "not section.key=value"),
        ("name.first=x", "“name” is a value"),
    ],
)
def test_an_override_that_is_none_is_a_fault(override, words):
    found = faults_of('name = "n"\n' + GOOD, override)
    assert set(found) == {"--set"} and words in found["--set"]


def test_an_override_brings_one_value_and_nothing_else():
    assert "loss.lambda" in faults_of(GOOD, "loss.lambda=1\n[training]\nepochs=7")


@pytest.mark.parametrize("typed", ["0x64", "0b10", "0o7"])
def test_an_architecture_mistyped_is_no_other_number(typed):
    assert "100" not in str(faults_of(GOOD, f"student.architecture={typed}"))
    assert f"“{typed}”" in faults_of(GOOD, f"training.epochs={typed}")["training.epochs"]


def test_a_faulty_override_does_not_hide_the_others():
    found = faults_of(GOOD, "nonsense", "training.epochs=0", "loss.gamma=maybe")
    assert set(found) == {"--set", "training.epochs", "loss.gamma"}


@pytest.mark.parametrize(
    "text",
    ["name = Taylor", '[task]\nname = "a"\nname = "b"', "a = " + "[" * 5000, "a = " + "9" * 5000, "= 3", "\x00"],
    ids=["no quotes", "twice", "deep", "long number", "no key", "null"],
)
def test_text_that_is_no_toml_is_one_sentence(text):
    config, faults = parse_leniently(text)
    assert config is None
    assert len(faults) == 1 and faults[0].message.startswith("not valid TOML:")


def test_a_file_is_read_and_its_paths_are_relative_to_it(tmp_path, monkeypatch):
    (tmp_path / "rows").mkdir()
    (tmp_path / "models" / "teacher").mkdir(parents=True)
    (tmp_path / "configs").mkdir()
    file = tmp_path / "configs" / "run.toml"
    file.write_text('[task]\nname="rte"\nsource="../rows"\n[teacher]\nmodel="../models/teacher"\n[loss]\nkind="kl"\n')
    monkeypatch.chdir(tmp_path / "rows")
    config = read_config(file)
    assert config.task.source == str((tmp_path / "rows").resolve())
    assert config.teacher is not None and config.teacher.model == str((tmp_path / "models" / "teacher").resolve())
    assert parse_config(config.to_toml(), tmp_path / "elsewhere") == config


def test_a_byte_order_mark_is_no_fault(tmp_path):
    file = tmp_path / "run.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert read_config(file).task.name == "mrpc"


def test_files_that_cannot_be_read_say_so(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    cases = {
        tmp_path / "gone.toml": "there is no file",
        tmp_path: "is a folder",
        tmp_path / "latin.toml": "byte 11 is not UTF-8; save the file as UTF-8",
        tmp_path / ("x" * 300): "cannot be read",
        "nul\0l": "cannot be read",
    }
    for path, words in cases.items():
        with pytest.raises(ConfigError, match=words):
            read_config(path)


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parse_leniently(GOOD + "[training]\nepochs = 0\n")
    assert list(tmp_path.iterdir()) == []
