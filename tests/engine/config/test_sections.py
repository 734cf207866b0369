"""The sections: defaults, TOML there and back, frozen, and free of torch."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from engine import catalog
from engine.config import DistillationConfig, TrainingConfig, parse_config

WHOLE = """
name = "Taylor KD, 3x384 on MRPC"
[task]
name = "mrpc"
max_length = 96
[teacher]
model = "owner/teacher"
training = "fine_tune"
epochs = 4
[student]
architecture = "3x384"
init = "layers"
heads = 6
[loss]
kind = "taylor"
lambda = 0.3
temperature = 2
gamma = 0.25
[training]
epochs = 5
batch_size = 16
learning_rate = 3e-4
seed = 7
keep = "last"
device = "cuda:1"
"""
SMALLEST = '[task]\nname = "rte"\n[student]\ntokenizer = "owner/words"\n[loss]\nkind = "none"\n'


def test_every_value_arrives_where_it_belongs():
    config = parse_config(WHOLE)
    assert config.name == "Taylor KD, 3x384 on MRPC"
    assert (config.task.name, config.task.max_length, config.task.source) == ("mrpc", 96, None)
    assert config.teacher is not None
    assert (config.teacher.model, config.teacher.training, config.teacher.epochs) == ("owner/teacher", "fine_tune", 4)
    assert (config.student.architecture, config.student.init, config.student.heads) == ("3x384", "layers", 6)
    assert (config.loss.label_weight, config.loss.temperature, config.loss.gamma) == (0.3, 2.0, 0.25)
    training = config.training
    assert (training.epochs, training.batch_size, training.learning_rate, training.seed) == (5, 16, 3e-4, 7)
    assert (training.keep, training.device) == ("last", "cuda:1")


def test_what_is_left_out_has_the_documented_default():
    config = parse_config(SMALLEST)
    assert config.teacher is None
    assert (config.task.max_length, config.student.architecture, config.student.init) == (128, "2x128", "random")
    assert config.training == TrainingConfig()
    assert (config.training.epochs, config.training.batch_size, config.training.learning_rate) == (3, 32, 5e-5)
    assert (config.training.seed, config.training.device, config.training.keep) == (0, "auto", "best")


@pytest.mark.parametrize("text", [WHOLE, SMALLEST])
def test_toml_there_and_back_is_the_same_run(text):
    config = parse_config(text)
    again = parse_config(config.to_toml())
    assert again == config
    assert again.to_toml() == config.to_toml()


@pytest.mark.parametrize("kind", ["none", "kl", "taylor", "mse_logits"])
def test_each_loss_keeps_its_own_settings_in_toml(kind):
    config = parse_config(f'[task]\nname="rte"\n[teacher]\nmodel="owner/t"\n[loss]\nkind="{kind}"\n')
    settings = catalog.losses()[kind].settings
    assert type(config.loss) is settings
    assert set(config.to_dict()["loss"]) == {info.alias or name for name, info in settings.model_fields.items()}


def test_names_with_quotes_and_signs_survive_the_way_there_and_back():
    config = parse_config(SMALLEST)
    odd = config.model_copy(update={"name": 'a "b" \\ λ [task] name = "x" # <b>'})
    assert parse_config(odd.to_toml()).name == odd.name


def test_the_title_is_the_name_or_made_from_the_choices():
    config = parse_config(WHOLE)
    assert config.title == "Taylor KD, 3x384 on MRPC"
    assert config.model_copy(update={"name": ""}).title == "taylor · 3x384 · mrpc · seed 7"


def test_a_configuration_cannot_be_changed():
    config = parse_config(SMALLEST)
    with pytest.raises(ValidationError, match="frozen"):
        config.training.seed = 3


def test_every_field_can_be_shown_in_a_form():
    sections = [
        info.annotation for name, info in DistillationConfig.model_fields.items() if name in ("task", "student")
    ]
    sections += [TrainingConfig, *(loss.settings for loss in catalog.losses().values())]
    for section in sections:
        for name, info in section.model_fields.items():
            if name != "kind":
                assert info.title and info.description, f"{section.__name__}.{name} has no title or description"
                assert info.description.endswith("."), f"{section.__name__}.{name}: the description is no sentence"


def test_reading_a_configuration_leaves_torch_alone():
    code = (
        "import sys; from engine.config import parse_leniently, formula_of, loss_settings;"
        'parse_leniently(\'[task]\\nname="mrpc"\\n[loss]\\nkind="taylor"\');'
        "formula_of(loss_settings({'kind': 'taylor'}));"
        "print([name for name in ('torch', 'transformers', 'datasets', 'PySide6') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"
