"""TOML, several seeds, and a line for the shell that really runs."""

import shutil
import subprocess

import pytest

from distill_gui.models.compose_draft import Draft
from distill_gui.models.compose_sharing import as_toml, one_a_seed, shell_command, table_of
from engine.config import parse_config
from engine.errors import ConfigError


def ready(**values):
    draft = Draft()
    draft.merge({"task": {"name": "mrpc"}, "teacher": {"model": "owner/t"}, "loss": {"kind": "kl"}})
    for key, value in values.items():
        draft.set(key.replace("__", "."), value)
    return draft


def test_a_draft_in_order_is_written_whole():
    config = parse_config(as_toml(ready().table()))
    assert config.training.epochs == 3
    assert "learning_rate" in as_toml(ready().table())


def test_a_faulty_draft_is_written_as_far_as_it_goes():
    text = as_toml(ready(training__epochs=0).table())
    assert "epochs = 0" in text and "learning_rate" not in text


def test_one_configuration_a_seed():
    configs = [parse_config(text) for text in one_a_seed(ready(), [4, 5])]
    assert [config.training.seed for config in configs] == [4, 5]
    assert [config.name for config in configs] == ["", ""]


def test_named_runs_are_told_apart():
    names = [parse_config(text).name for text in one_a_seed(ready(name="Mine"), [4, 5])]
    assert names == ["Mine · seed 4", "Mine · seed 5"]
    assert parse_config(one_a_seed(ready(name="Mine"), [4])[0]).name == "Mine"


def test_a_faulty_draft_cannot_be_queued():
    with pytest.raises(ConfigError):
        one_a_seed(ready(training__epochs=0), [0])


def test_a_saved_file_is_named_while_it_says_the_same(tmp_path):
    file = tmp_path / "my run.toml"
    toml = as_toml(ready().table())
    file.write_text(toml, encoding="utf-8")
    assert shell_command(toml, [0], file) == f"distill run '{file}'"
    changed = as_toml(ready(training__epochs=7).table())
    assert shell_command(changed, [0], file).startswith("distill run - <<'END_OF_TOML'\n")
    file.unlink()
    assert shell_command(toml, [0], file).startswith("distill run -")


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a POSIX shell")
def test_the_shell_hands_over_the_very_toml_once_a_seed(tmp_path):
    command = tmp_path / "distill"
    command.write_text('#!/bin/sh\necho "$@"\ncat\n')
    command.chmod(0o755)
    toml = as_toml(ready(name='it\'s $HOME `date` \\ "q"').table())
    run = subprocess.run(
        ["sh", "-c", shell_command(toml, [1, 2], None)],
        capture_output=True, text=True, check=True, timeout=30, env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )  # fmt: skip
    assert run.stdout == f"run - --set training.seed=1\n{toml}run - --set training.seed=2\n{toml}"


def test_paths_of_a_file_are_relative_to_it_and_faulty_ones_stay_as_written(tmp_path):
    (tmp_path / "rows").mkdir()
    text = '[task]\nname = "mrpc"\nsource = "rows"\n[teacher]\nmodel = "./gone"\n'
    assert table_of(text, tmp_path) == {
        "task": {"name": "mrpc", "source": str((tmp_path / "rows").resolve())},
        "teacher": {"model": "./gone"},
    }


def test_text_that_is_no_toml_is_refused():
    with pytest.raises(ConfigError, match="not valid TOML"):
        table_of("name = ", ".")
