"""Model folders are data: what is refused, and that each refusal says what to do."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import torch

from engine import catalog
from engine.errors import ModelError
from engine.models import folder as folder_module
from engine.models.folder import content_hash, look_at_model, same_tokenizer, vocabulary_size
from engine.models.load import load_classifier, load_tokenizer, output_order
from engine.models.outline import must_hold, outline_of

MRPC = catalog.tasks()["mrpc"]


@pytest.fixture
def model(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny / "teacher", tmp_path / "model"))


def as_pickle(folder: Path) -> None:
    from safetensors.torch import load_file

    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def test_facts_of_a_sound_folder(model: Path) -> None:
    from transformers import BertModel

    facts = look_at_model(str(model))
    assert facts.parameters == sum(p.numel() for p in BertModel.from_pretrained(model).parameters())
    assert facts.shape is not None and (facts.shape.layers, facts.shape.hidden, facts.shape.heads) == (4, 32, 4)
    assert facts.bytes == (model / "model.safetensors").stat().st_size


def test_no_config_no_weights_and_broken_weights(model: Path) -> None:
    weights = (model / "model.safetensors").read_bytes()
    (model / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ModelError, match="not a sound safetensors file.*cut off"):
        look_at_model(str(model))
    (model / "model.safetensors").write_bytes(b"\xff" * 64)
    with pytest.raises(ModelError, match="not a sound safetensors file"):
        look_at_model(str(model))
    (model / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="has no weights"):
        look_at_model(str(model))
    (model / "config.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read as JSON"):
        look_at_model(str(model))
    (model / "config.json").unlink()
    with pytest.raises(ModelError, match=r"no config\.json"):
        look_at_model(str(model))


def test_a_pickle_is_refused_unless_opted_in(model: Path) -> None:
    as_pickle(model)
    with pytest.raises(ModelError, match="a pickle, which can carry code.*weights_only"):
        look_at_model(str(model))
    with pytest.raises(ModelError, match="a pickle"):
        load_classifier(str(model), MRPC, "teacher.model", weights_only=False, trained_head=False)
    loaded = load_classifier(str(model), MRPC, "teacher.model", weights_only=True, trained_head=False)
    assert loaded.config.num_labels == 2


def test_a_pickle_with_code_does_not_run_even_when_opted_in(model: Path, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "ran",))

    (model / "model.safetensors").unlink()
    torch.save({"bert.embeddings.word_embeddings.weight": Evil()}, model / "pytorch_model.bin")
    with pytest.raises(ModelError):
        load_classifier(str(model), MRPC, "teacher.model", weights_only=True, trained_head=False)
    assert not (tmp_path / "ran").exists()


def test_code_of_the_models_own_is_never_run(model: Path, tmp_path: Path) -> None:
    content = json.loads((model / "config.json").read_text())
    content["auto_map"] = {"AutoModelForSequenceClassification": "evil.Model"}
    (model / "config.json").write_text(json.dumps(content))
    (model / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ModelError, match="run code of its own"):
        load_classifier(str(model), MRPC, "teacher.model", weights_only=False, trained_head=False)
    assert not (tmp_path / "ran").exists()


def test_a_folder_without_tokenizer(model: Path) -> None:
    assert vocabulary_size(str(model), "teacher.tokenizer") == 25
    for file in model.glob("*token*"):
        file.unlink()
    with pytest.raises(ModelError, match=r"no tokenizer\.json"):
        vocabulary_size(str(model), "teacher.tokenizer")
    with pytest.raises(ModelError, match=r"^teacher\.tokenizer: .*has no tokenizer"):
        load_tokenizer(str(model), "teacher.tokenizer")


def test_a_hub_model_that_is_not_here(tmp_path: Path) -> None:
    assert look_at_model("someone/some-model").folder is None
    with pytest.raises(ModelError, match="Without a network, give the folder"):
        load_classifier("someone/some-model", MRPC, "teacher.model", weights_only=False, trained_head=False)


def test_a_hub_model_in_the_cache_is_found_by_its_id(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real hub code over a cache folder laid out as the hub's client does."""
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    commit = "a" * 40
    snapshot = cache / "models--someone--some-model" / "snapshots" / commit
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(model, snapshot)
    (cache / "models--someone--some-model" / "refs").mkdir()
    (cache / "models--someone--some-model" / "refs" / "main").write_text(commit)
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.setattr(constants, name, str(cache), raising=False)
    import huggingface_hub.file_download as download

    monkeypatch.setattr(download.constants, "HF_HUB_CACHE", str(cache))
    facts = look_at_model("someone/some-model")
    assert facts.folder == snapshot and facts.shape is not None and facts.shape.layers == 4
    (snapshot / "model.safetensors").unlink()  # only its config and tokenizer were downloaded: the weights will be
    facts = look_at_model("someone/some-model")
    assert facts.folder is None and not facts.weights


def test_order_of_the_outputs_is_read_from_the_label_names() -> None:
    mnli = catalog.tasks()["mnli"]
    assert output_order({0: "entailment", 1: "neutral", 2: "contradiction"}, mnli, "x", "k") is None
    assert output_order({0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, mnli, "x", "k") is None
    # contradiction, entailment, neutral: entailment is output 1, neutral 2, contradiction 0
    assert output_order({0: "CONTRADICTION", 1: "Entailment", 2: "neutral"}, mnli, "x", "k") == [1, 2, 0]


def test_a_body_of_other_sizes_than_its_config_says_is_refused(model: Path) -> None:
    """transformers would draw such weights anew without a word."""
    content = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**content, "intermediate_size": 64}))
    with pytest.raises(ModelError, match="other sizes than its config.json says"):
        load_classifier(str(model), MRPC, "teacher.model", weights_only=False, trained_head=False)


def test_a_head_of_another_size_is_drawn_anew(model: Path) -> None:
    load_classifier(
        str(model), catalog.tasks()["mnli"], "teacher.model", weights_only=False, trained_head=False
    ).save_pretrained(model)
    loaded = load_classifier(str(model), MRPC, "teacher.model", weights_only=False, trained_head=False)
    assert loaded.classifier.out_features == 2


@pytest.mark.parametrize(
    "changed",
    [{"num_attention_heads": 0}, {"max_position_embeddings": "x"}, {"architectures": 5}, {"hidden_size": 10**9}],
)
def test_a_config_of_odd_values_is_refused_before_anything_is_loaded(model: Path, changed: dict) -> None:
    content = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**content, **changed}))
    with pytest.raises(ModelError, match=rf"^teacher\.model: config\.json of .*{next(iter(changed))}"):
        look_at_model(str(model), key="teacher.model")


def test_a_config_that_transformers_refuses_is_refused_in_a_sentence(model: Path) -> None:
    content = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**content, "id2label": 5}))
    look_at_model(str(model))
    with pytest.raises(ModelError, match=r"^teacher\.model: .* cannot be loaded: "):
        load_classifier(str(model), MRPC, "teacher.model", weights_only=False, trained_head=False)


def test_files_that_are_json_of_another_kind_are_refused_in_a_sentence(model: Path) -> None:
    (model / "tokenizer.json").write_text('{"model": {"vocab": [[]]}}')
    with pytest.raises(ModelError, match="cannot be read"):
        vocabulary_size(str(model), "teacher.tokenizer")
    (model / "tokenizer.json").write_text('{"model": {"vocab": {}}}')
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_tokenizer(str(model), "teacher.tokenizer")
    header = b'{"a": {"shape": [1], "data_offsets": [0]}}'
    (model / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelError, match="not a sound safetensors file"):
        look_at_model(str(model))
    (model / "config.json").write_text("[" * 200_000)
    with pytest.raises(ModelError, match="cannot be read as JSON"):
        look_at_model(str(model))


def test_tokens_and_places_a_model_does_not_have_are_refused_in_a_sentence(model: Path) -> None:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    loaded = outline_of(load_classifier(str(model), MRPC, "k", weights_only=False, trained_head=False))
    must_hold(loaded, 25, 64, "k")
    with pytest.raises(ModelError, match="k: .* knows 25 tokens"):
        must_hold(loaded, 26, 64, "k")
    with pytest.raises(ModelError, match="task.max_length to 64 or less"):
        must_hold(loaded, 25, 65, "k")
    must_hold(loaded, 25, 64, "k", texts=2)
    with pytest.raises(ModelError, match=r"k: .* token types up to 2, but the model knows 2 \(type_vocab_size\)"):
        must_hold(loaded, 25, 64, "k", texts=3)
    shape = {
        "vocab_size": 9,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "intermediate_size": 8,
    }
    counted_from_two = outline_of(RobertaForSequenceClassification(RobertaConfig(**shape, max_position_embeddings=18)))
    must_hold(counted_from_two, 9, 16, "k")
    with pytest.raises(ModelError, match="at most 16"):
        must_hold(counted_from_two, 9, 17, "k")


def test_a_model_that_wants_to_give_more_than_logits_can_be_saved_again(model: Path, tmp_path: Path) -> None:
    wanting = json.loads((model / "config.json").read_text()) | {
        "output_attentions": True,
        "output_hidden_states": True,
    }
    (model / "config.json").write_text(json.dumps(wanting))
    loaded = load_classifier(str(model), MRPC, "k", weights_only=False, trained_head=False)
    loaded.save_pretrained(tmp_path / "kept")
    assert (tmp_path / "kept" / "model.safetensors").is_file()


def write_over(file: Path, content: bytes) -> None:
    """Other bytes in the same file, of the same length and with the same time of modification."""
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    with file.open("r+b") as stream:
        stream.write(content)
    os.utime(file, ns=times)


def test_the_hash_is_that_of_names_and_contents(tmp_path: Path) -> None:
    for name, content in (("a", b"one"), ("b", b"two"), ("c", b"one")):
        (tmp_path / name).write_bytes(content)
    a, b, c = (tmp_path / name for name in "abc")
    assert content_hash([a, b]) == content_hash([b, a])
    assert len({content_hash(files) for files in ([a], [b], [c], [a, b], [a, c], [])}) == 6


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"one")
    just_written = content_hash([file])
    write_over(file, b"two")
    second = content_hash([file])
    assert second != just_written, "a file of this moment is not believed to stay as it is"
    monkeypatch.setattr(folder_module, "SETTLED_NS", -(10**15))  # as if it had been written long ago
    assert content_hash([file]) == second
    with monkeypatch.context() as closed:
        closed.setattr(Path, "open", lambda *given: pytest.fail("read again"))
        assert content_hash([file]) == second
    time.sleep(0.05)  # the clock of the file system moves on
    write_over(file, b"six")
    assert content_hash([file]) != second


def test_tokenizers_are_compared_by_what_they_do(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    content = json.loads((copy / "tokenizer.json").read_text())
    (copy / "tokenizer.json").write_text(json.dumps(content | {"truncation": {"max_length": 9}}, indent=3))
    assert same_tokenizer(str(model), str(copy))
    for folder, lower in ((model, True), (copy, False)):
        (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": lower, "name_or_path": str(folder)}))
    assert same_tokenizer(str(model), str(copy)) is False
    (copy / "tokenizer_config.json").write_text("{}")
    content["model"]["vocab"]["another"] = len(content["model"]["vocab"])
    (copy / "tokenizer.json").write_text(json.dumps(content))
    assert same_tokenizer(str(model), str(copy)) is False
    (copy / "tokenizer.json").write_text("no JSON")
    assert same_tokenizer(str(model), str(copy)) is None
