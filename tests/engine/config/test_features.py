"""Feature terms in a configuration: read, written, changed from the command line; every fault with its key."""

from __future__ import annotations

from typing import Any

import pytest

from engine.config import parse_config, parse_leniently
from engine.errors import ConfigError

BASE = """
[task]
name = "mrpc"
[teacher]
model = "owner/teacher"
training = "fine_tune"
[loss]
kind = "kl"
"""
TERMS = """
[[features]]
kind = "hidden"
weight = 2.5
layers = [[1, 2], [2, "bert.pooler"]]
[[features]]
kind = "hidden"
distance = "cosine"
schedule = "rise"
"""


def faults(text: str, *overrides: str) -> dict[str, str]:
    return {fault.key: fault.message for fault in parse_leniently(text, None, overrides)[1]}


def test_terms_are_read_and_written_back() -> None:
    config = parse_config(BASE + TERMS)
    first, second = config.features
    layers: Any = first.layers  # type: ignore[attr-defined]
    assert (first.weight, layers) == (2.5, ((1, 2), (2, "bert.pooler")))
    assert second.schedule == "rise" and config.needs_teacher
    assert parse_config(config.to_toml()) == config
    assert "features" not in parse_config(BASE).to_dict()


def test_terms_can_be_changed_from_the_command_line() -> None:
    config = parse_config(BASE + TERMS, overrides=["features.2.weight=7", "features.1.layers=skip"])
    assert config.features[1].weight == 7 and config.features[0].layers == "skip"  # type: ignore[attr-defined]
    assert faults(BASE + TERMS, "features.3.weight=1") == {
        "--set": "“features.3.weight”: there are 2 feature terms, counted from 1"
    }


@pytest.mark.parametrize(
    ("typed", "meant"), [("features.weight", 1), ("features[0].weight", 1), ("features[1].weight", 2)]
)
@pytest.mark.parametrize("terms", ["", TERMS])
def test_a_term_without_its_number_is_told_how_to_say_it(typed: str, meant: int, terms: str) -> None:
    assert faults(BASE + terms, f"{typed}=2") == {
        "--set": f"“{typed}” does not name one feature term; they are counted from 1: say features.{meant}.weight"
    }


@pytest.mark.parametrize(
    ("term", "key", "said"),
    [
        ('kind = "hiden"', "features.1.kind", "there is no feature loss “hiden”; choose one of hidden"),
        ("weight = 1.0", "features.1.kind", "this key is missing; choose one of hidden"),
        ('kind = "hidden"\nweight = -1', "features.1.weight", "must be at least 0; it is -1"),
        ('kind = "hidden"\nwight = 1', "features.1.wight", "did you mean “weight”?"),
        (
            'kind = "hidden"\nlayers = "middle"',
            "features.1.layers",
            "must be “uniform”, “skip”, “last”, “final” or pairs",
        ),
        ('kind = "hidden"\nlayers = [[1, 2, 3]]', "features.1.layers", "or pairs of layers"),
        ('kind = "hidden"\nlayers = [[-1, 2]]', "features.1.layers", "or pairs of layers"),
        ('kind = "hidden"\ndistance = "far"', "features.1.distance", "must be one of"),
        ('kind = "hidden"\nschedule_share = 0', "features.1.schedule_share", "must be more than 0"),
    ],
)
def test_each_fault_has_its_key_and_remedy(term: str, key: str, said: str) -> None:
    found = faults(f"{BASE}\n[[features]]\n{term}\n")
    assert said in found[key], found
    assert set(found) == {key}


def test_faults_of_several_terms_and_sections_are_said_at_once() -> None:
    text = BASE.replace('"mrpc"', '"mrcp"') + '[[features]]\nkind = "hidden"\nweight = -1\n[[features]]\nkind = "no"\n'
    assert set(faults(text)) == {"task.name", "features.1.weight", "features.2.kind"}


def test_one_table_in_place_of_a_list_is_said() -> None:
    assert "each under [[features]]" in faults(BASE + '[features]\nkind = "hidden"\n')["features"]


def test_a_feature_term_needs_a_teacher() -> None:
    text = BASE.replace('[teacher]\nmodel = "owner/teacher"\ntraining = "fine_tune"\n', "").replace('"kl"', '"none"')
    found = faults(text + '[student]\ntokenizer = "owner/words"\n[[features]]\nkind = "hidden"\n')
    assert "compares with a teacher; add [teacher]" in found["features.1.kind"]
    with pytest.raises(ConfigError):
        parse_config(text + '[[features]]\nkind = "hidden"\n')


def test_the_name_of_a_run_tells_its_terms() -> None:
    assert parse_config(BASE + TERMS).title == "kl + hidden + hidden · 2x128 · mrpc · seed 0"
