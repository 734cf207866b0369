"""What cannot be loaded is said by the configuration's key before anything is stored."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from engine.config import parse_leniently
from engine.training.preflight import preview
from tests.engine.conftest import SPECIAL, WORDS, write_berts_tokenizer


def faults(text: str, *overrides: str) -> dict[str, str]:
    found = preview(*parse_leniently(text, None, overrides), thorough=True)
    return {fault["key"]: fault["message"] for fault in found.faults}


@pytest.fixture
def own(tiny: Path, toml: str, tmp_path: Path) -> str:
    """The configuration with a copy of the teacher in tmp_path/teacher, to be spoilt."""
    shutil.copytree(tiny / "teacher", tmp_path / "teacher")
    return toml.replace((tiny / "teacher").as_posix(), (tmp_path / "teacher").as_posix())


def add_token(folder: Path, word: str) -> None:
    """An added token whose number is past the model's last."""
    file = folder / "tokenizer.json"
    held = json.loads(file.read_text(encoding="utf-8"))
    held["added_tokens"].append({**held["added_tokens"][0], "id": len(SPECIAL + WORDS), "content": word})
    file.write_text(json.dumps(held), encoding="utf-8")


@pytest.mark.parametrize("init", ["random", "layers", "pretrained"])
def test_what_is_sound_is_ready(toml: str, tiny: Path, init: str) -> None:
    architecture = {"random": "2x16", "layers": "2x32", "pretrained": str(tiny / "teacher")}[init]
    feature = "\n[[features]]\nkind = 'hidden'\n"
    assert faults(toml + feature, f"student.init={init}", f"student.architecture={architecture}") == {}


def test_a_token_past_the_model_stops_the_run_only_where_rows_use_it(own: str, tmp_path: Path) -> None:
    add_token(tmp_path / "teacher", "unheard")
    assert faults(own) == {}
    add_token(tmp_path / "teacher", "small")
    shutil.copyfile(tmp_path / "teacher" / "tokenizer.json", tmp_path / "kept.json")
    held = json.loads((tmp_path / "kept.json").read_text(encoding="utf-8"))
    del held["model"]["vocab"]["small"]
    (tmp_path / "teacher" / "tokenizer.json").write_text(json.dumps(held), encoding="utf-8")
    assert "token numbers up to" in faults(own)["teacher.model"]


def test_a_model_that_does_not_tell_two_texts_apart_is_refused_for_pairs(own: str, tmp_path: Path) -> None:
    file, settings = tmp_path / "teacher" / "model.safetensors", tmp_path / "teacher" / "config.json"
    weights = load_file(file)
    name = next(name for name in weights if name.endswith("token_type_embeddings.weight"))
    save_file({**weights, name: weights[name][:1].copy()}, file, metadata={"format": "pt"})
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "type_vocab_size": 1}))
    assert "token types up to 1, but the model knows 1" in faults(own)["teacher.model"]


@pytest.mark.parametrize("init", ["random", "layers"])
def test_weights_that_are_not_the_model_s_are_named(own: str, tmp_path: Path, init: str) -> None:
    file = tmp_path / "teacher" / "model.safetensors"
    name = "encoder.layer.1.output.dense.weight"
    held = load_file(file)
    chosen = ("student.init=layers", "student.architecture=2x32", "loss.kind=none") if init == "layers" else ()
    save_file({**held, name: held[name][:, :8].copy()}, file)
    assert f"the weights of {name} are 32 × 8" in faults(own, *chosen)["teacher.model"]
    save_file({key: value for key, value in held.items() if key != name}, file)
    assert f"lacks the weights of {name}" in faults(own, *chosen)["teacher.model"]
    save_file(held, file)
    assert faults(own, *chosen) == {}


def test_a_teacher_used_as_it_is_must_bring_its_head(own: str, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(1)
    whole = AutoModelForSequenceClassification.from_pretrained(tmp_path / "teacher")
    whole.save_pretrained(tmp_path / "teacher")
    chosen = "teacher.training=as_is"
    assert faults(own, chosen) == {}
    file = tmp_path / "teacher" / "model.safetensors"
    held = load_file(file)
    for name in ("classifier.weight", "bert.pooler.dense.bias"):
        save_file({key: value for key, value in held.items() if key != name}, file)
        said = faults(own, chosen)["teacher.model"]
        assert f"lacks the weights of {name.removeprefix('bert.')}" in said and "fine_tune" in said
        assert faults(own) == {}  # one that is fine-tuned gets a new one
    save_file({**held, "classifier.weight": held["classifier.weight"][:, :8].copy()}, file)
    assert "the weights of classifier.weight are 2 × 8" in faults(own, chosen)["teacher.model"]


def test_a_module_that_a_term_names_is_looked_for(own: str) -> None:
    term = "\n[[features]]\nkind = 'rkd'\nlayers = [['bert.{}', 'bert.pooler']]\n"
    assert faults(own + term.format("pooler")) == {}
    assert "has no module “bert.poler”" in " ".join(faults(own + term.format("poler")).values())


@pytest.mark.parametrize("feature", ["", "\n[[features]]\nkind = 'hidden'\n"])
def test_of_berts_nothing_is_imported_to_say_so(own: str, tmp_path: Path, feature: str) -> None:
    write_berts_tokenizer(tmp_path / "teacher")
    file = tmp_path / "teacher" / "model.safetensors"
    held = load_file(file)
    name = "encoder.layer.1.output.dense.weight"
    save_file({key: value for key, value in held.items() if key != name}, file)
    code = """
import sys
from engine.config import parse_leniently
from engine.training.preflight import preview
found = preview(*parse_leniently(sys.stdin.read()), thorough=True)
print([fault["message"] for fault in found.faults], sorted({"torch", "transformers"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], input=own + feature, capture_output=True, text=True, timeout=60)
    assert f"lacks the weights of {name}" in done.stdout and done.stdout.endswith("[]\n"), done.stdout + done.stderr


def test_a_row_that_comes_late_is_read_where_it_may_not_fit(own: str, tiny: Path, tmp_path: Path) -> None:
    """A tokenizer with more tokens than the model knows, used by the last row of the validation split alone."""
    add_token(tmp_path / "teacher", "unheard")
    shutil.copytree(tiny / "pairs", tmp_path / "pairs")
    text = own.replace((tiny / "pairs").as_posix(), (tmp_path / "pairs").as_posix())
    file = tmp_path / "pairs" / "validation.csv"
    some = file.read_text(encoding="utf-8") + "the cat,a dog,0\n" * 80
    file.write_text(some, encoding="utf-8")
    assert faults(text) == {}
    file.write_text(f"{some}the unheard cat,a dog,0\n", encoding="utf-8")
    assert "token numbers up to 25, but the model knows 25" in faults(text)["teacher.model"]


def test_tokens_that_are_compared_must_be_the_same_ones(own: str, tmp_path: Path) -> None:
    """Two tokenizers of one size, which number their words in another order."""
    write_berts_tokenizer(tmp_path / "teacher")
    shutil.copytree(tmp_path / "teacher", tmp_path / "other")
    file = tmp_path / "other" / "tokenizer.json"
    held = json.loads(file.read_text(encoding="utf-8"))
    words = held["model"]["vocab"]
    words["cat"], words["mat"] = words["mat"], words["cat"]
    file.write_text(json.dumps(held), encoding="utf-8")
    chosen = f"student.tokenizer={tmp_path / 'other'}"
    assert faults(own, chosen) == {}
    term = "\n[[features]]\nkind = '{}'\n"
    assert "compares token by token" in faults(own + term.format("hidden"), chosen)["features.1"]
    assert faults(own + term.format("rkd"), chosen) == {}
