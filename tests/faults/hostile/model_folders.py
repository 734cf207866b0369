"""Malformed model folders: broken files, files that want to be code, files that lead out of their folder."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.hostile.case import Case, Place, replace_file, replaced

GROUP = "model"
Make = Callable[[Place], None]


class Touch:
    """Unpickled, it makes the marker: the proof that something out of a file was run."""

    def __init__(self, marker: Path) -> None:
        self._marker = str(marker)

    def __reduce__(self) -> tuple[Any, tuple[str, int]]:
        return os.mknod, (self._marker, 0o600)


# ── config.json ─────────────────────────────────────────────────────────────────────────────────────────────────
def _settings(file: str = "config.json", **changes: Any) -> Make:
    """The file's settings with some changed; … takes one out."""

    def make(place: Place) -> None:
        path = place.teacher / file
        held = json.loads(path.read_text(encoding="utf-8"))
        held.update(changes)
        held = {key: value for key, value in held.items() if value is not ...}
        path.write_text(json.dumps(held), encoding="utf-8")

    return make


def _file(name: str, content: str | bytes) -> Make:
    return lambda place: place.write(content, f"teacher/{name}")


def _without(*names: str) -> Make:
    def make(place: Place) -> None:
        for name in names:
            (place.teacher / name).unlink()

    return make


def _all_of(*parts: Make) -> Make:
    def make(place: Place) -> None:
        for part in parts:
            part(place)

    return make


def _special(name: str, kind: str) -> Make:
    """A file of the model replaced by a folder, a pipe, a loop of links, or a link to ``kind``."""
    return lambda place: replace_file(place.teacher / name, kind)


def _moved_out(name: str) -> Make:
    """The file itself is sound, but lies outside and is only linked."""

    def make(place: Place) -> None:
        shutil.move(place.teacher / name, place.outside / name)
        (place.teacher / name).symlink_to(place.outside / name)

    return make


def _of_config() -> dict[str, Make]:
    name = "config.json"
    nested = '{"a":' * 50_000
    return {
        "config missing": _without(name),
        "config empty": _file(name, ""),
        "config cut": _file(name, '{"model_type": "bert", '),
        "config a list": _file(name, "[]"),
        "config null": _file(name, "null"),
        "config a string": _file(name, '"bert"'),
        "config nested without end": _file(name, nested),
        "config Latin-1": _file(name, b'{"model_type": "b\xe9rt"}'),
        "config UTF-16": _file(name, '{"model_type": "bert"}'.encode("utf-16")),
        "config NUL bytes": _file(name, b"\0" * 100),
        "config of 5,000 digits": _file(name, '{"hidden_size": ' + "9" * 5000 + "}"),
        "config of 10 MB": _file(name, '{"x": "' + "y" * 10_000_000 + '"}'),
        "config a folder": _special(name, "folder"),
        "config a pipe": _special(name, "pipe"),
        "config a loop of links": _special(name, "loop"),
        "config a device without end": _special(name, "/dev/zero"),
        "config out of the folder": _moved_out(name),
        "config the passwords": _special(name, "/etc/passwd"),
        "no kind of model": _settings(model_type=...),
        "an unknown kind of model": _settings(model_type="no_such_kind"),
        "a kind that is a path": _settings(model_type="../../../outside"),
        "a kind that is a number": _settings(model_type=7),
        "a kind that is a list": _settings(model_type=["bert"]),
        "a kind that is no classifier": _settings(model_type="vit"),
        "a kind of 10,000 letters": _settings(model_type="b" * 10_000),
        "a kind with an escape sequence": _settings(model_type="\x1b[2Jbert"),
        "hidden size a billion": _settings(hidden_size=10**9),
        "hidden size past 64 bits": _settings(hidden_size=2**70),
        "hidden size 0": _settings(hidden_size=0),
        "hidden size below 0": _settings(hidden_size=-16),
        "hidden size text": _settings(hidden_size="16"),
        "hidden size a list": _settings(hidden_size=[16]),
        "hidden size a fraction": _settings(hidden_size=16.5),
        "hidden size true": _settings(hidden_size=True),
        "hidden size null": _settings(hidden_size=None),
        "hidden size not a number": _file(
            name, '{"model_type": "bert", "hidden_size": NaN, "num_hidden_layers": 2, "vocab_size": 15}'
        ),
        "layers a billion": _settings(num_hidden_layers=10**9),
        "layers 0": _settings(num_hidden_layers=0),
        "layers more than there are": _settings(num_hidden_layers=5),
        "heads that do not divide": _settings(num_attention_heads=3),
        "heads 0": _settings(num_attention_heads=0),
        "heads a billion": _settings(num_attention_heads=10**9),
        "vocabulary a billion": _settings(vocab_size=10**9),
        "vocabulary too small": _settings(vocab_size=4),
        "vocabulary 0": _settings(vocab_size=0),
        "positions a billion": _settings(max_position_embeddings=10**9),
        "feed-forward of another size": _settings(intermediate_size=99),
        "an activation that is none": _settings(hidden_act="__import__('os')"),
        "an activation of another type": _settings(hidden_act=5),
        "dropout 7": _settings(hidden_dropout_prob=7),
        "dropout text": _settings(hidden_dropout_prob="much"),
        "dropout NaN": _settings(hidden_dropout_prob=float("nan")),
        "layer norm text": _settings(layer_norm_eps="small"),
        "a data type that is none": _settings(dtype="float3"),
        "a data type that is code": _settings(dtype="os.system"),
        "padding past the vocabulary": _settings(pad_token_id=10**6),
        "padding below 0": _settings(pad_token_id=-(10**6)),
        "classes of another type": _settings(id2label=[1, 2]),
        "classes a number": _settings(id2label=5),
        "classes without numbers": _settings(id2label={"x": "y"}),
        "architectures of another type": _settings(architectures=5),
        "a key named as what the program does with it": _settings(to_dict=5, reshaped=5, base_model=5),
    }


def _of_code() -> dict[str, Make]:
    """Files that ask to be run."""

    def module(place: Place) -> None:
        text = f"import pathlib\npathlib.Path({str(place.marker)!r}).touch()\n\nclass M: ...\n"
        place.write(text, "teacher/modeling_own.py")

    def pickled(place: Place) -> None:
        content = pickle.dumps({"x": Touch(place.marker)})
        place.write(content, "teacher/pytorch_model.bin")
        (place.teacher / "model.safetensors").unlink()

    def zipped(place: Place) -> None:
        import torch

        (place.teacher / "model.safetensors").unlink()
        torch.save({"x": Touch(place.marker)}, place.teacher / "pytorch_model.bin")

    def honest(place: Place) -> None:
        import torch
        from safetensors.torch import load_file

        torch.save(load_file(place.teacher / "model.safetensors"), place.teacher / "pytorch_model.bin")
        (place.teacher / "model.safetensors").unlink()

    opted = replaced(('training = "fine_tune"', 'weights_only = true\ntraining = "fine_tune"'))
    own = {"AutoConfig": "modeling_own.M", "AutoModelForSequenceClassification": "modeling_own.M"}

    def opt_in(place: Place) -> None:
        place.write(opted)

    def pickled_as_safetensors(place: Place) -> None:
        place.write(pickle.dumps({"x": Touch(place.marker)}), "teacher/model.safetensors")

    return {
        "code of its own": _all_of(module, _settings(auto_map=own)),
        "code of its own in a list": _all_of(module, _settings(auto_map=["modeling_own.M"])),
        "code from elsewhere": _settings(auto_map={"AutoModelForSequenceClassification": "owner/name--modeling.M"}),
        "code of its own, an unknown kind": _all_of(module, _settings(model_type="own", auto_map=own)),
        "trust_remote_code in the config": _all_of(module, _settings(trust_remote_code=True, auto_map=own)),
        "code of its own in the tokenizer": _all_of(
            module, _settings("tokenizer_config.json", auto_map={"AutoTokenizer": ["modeling_own.M", None]})
        ),
        "attention out of a repository": _settings(attn_implementation="owner/kernels"),
        "attention out of a repository, as saved": _settings(_attn_implementation="owner/kernels:flash"),
        "attention in parts out of a repository": _settings(attn_implementation={"text": "owner/kernels"}),
        "a pickle that is code": pickled,
        "a pickle that is code, in a zip": zipped,
        "a pickle of weights alone": honest,
        "a pickle that is code, opted in": _all_of(pickled, opt_in),
        "a pickle that is code, in a zip, opted in": _all_of(zipped, opt_in),
        "a pickle called safetensors": pickled_as_safetensors,
        "an adapter of another model": _all_of(
            _file("adapter_config.json", '{"base_model_name_or_path": "/etc", "peft_type": "LORA"}'),
            _without("model.safetensors"),
        ),
    }


# ── weights ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _weights(change: Callable[[bytes], bytes]) -> Make:
    def make(place: Place) -> None:
        file = place.teacher / "model.safetensors"
        file.write_bytes(change(file.read_bytes()))

    return make


def _header(change: Callable[[dict[str, Any]], Any]) -> Make:
    """The weights with another header over the same bytes."""

    def apply(content: bytes) -> bytes:
        (length,) = struct.unpack("<Q", content[:8])
        held = json.loads(content[8 : 8 + length])
        told = change(held)
        text = json.dumps(held if told is None else told).encode()
        return struct.pack("<Q", len(text)) + text + content[8 + length :]

    return _weights(apply)


def _first(**changes: Any) -> Make:
    """The first tensor's entry with some changed."""

    def change(header: dict[str, Any]) -> None:
        name = min(name for name in header if name != "__metadata__")
        header[name] = {**header[name], **changes}

    return _header(change)


def _tensors(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Make:
    def make(place: Place) -> None:
        from safetensors.torch import load_file, save_file

        file = place.teacher / "model.safetensors"
        held = change(load_file(file))
        file.unlink()
        save_file({name: tensor.contiguous() for name, tensor in held.items()}, file)

    return make


def _index(weight_map: Any) -> Make:
    def make(place: Place) -> None:
        (place.teacher / "model.safetensors").rename(place.teacher / "model-00001-of-00002.safetensors")
        content = {"metadata": {"total_size": 1}, "weight_map": weight_map}
        place.write(json.dumps(content), "teacher/model.safetensors.index.json")

    return make


def _index_outside(place: Place) -> None:
    shutil.copyfile(place.teacher / "model.safetensors", place.outside / "model.safetensors")
    _index({"embeddings.word_embeddings.weight": "../../outside/model.safetensors"})(place)


def _of_weights() -> dict[str, Make]:
    name = "model.safetensors"

    def numbers(held: dict[str, Any]) -> dict[str, Any]:
        import torch

        return {name: tensor.to(torch.int64) for name, tensor in held.items()}

    return {
        "weights missing": _without(name),
        "weights empty": _weights(lambda content: b""),
        "weights of 5 bytes": _weights(lambda content: content[:5]),
        "weights cut in the header": _weights(lambda content: content[:100]),
        "weights cut": _weights(lambda content: content[:-100]),
        "weights longer than told": _weights(lambda content: content + b"x" * 1000),
        "weights zeros": _weights(lambda content: bytes(len(content))),
        "weights random": _weights(lambda content: bytes((n * 41 + 3) % 256 for n in range(5000))),
        "weights a zip": _weights(lambda content: b"PK\x03\x04" * 300),
        "weights HTML": _weights(lambda content: b"<!doctype html><html>Sign in</html>" * 9),
        "a header without end": _weights(lambda content: struct.pack("<Q", 2**63) + content[8:]),
        "a header of 90 MB that is not there": _weights(lambda content: struct.pack("<Q", 90_000_000) + content[8:]),
        "a header that is no JSON": _weights(lambda content: content[:8] + b"\xff" * 40 + content[48:]),
        "a header nested without end": _weights(lambda content: struct.pack("<Q", 300_000) + b'{"a":' * 60_000),
        "a header that is a list": _header(lambda header: [1]),
        "a header without tensors": _header(lambda header: {}),
        "a tensor past the end": _first(data_offsets=[0, 2**50]),
        "a tensor that ends before it begins": _first(data_offsets=[64, 0]),
        "a tensor below 0": _first(data_offsets=[-8, 8]),
        "a tensor over others": _first(data_offsets=[16, 80]),
        "a shape below 0": _first(shape=[-1, 16]),
        "a shape without end": _first(shape=[2**40, 2**40]),
        "a shape of text": _first(shape=["16"]),
        "a shape missing": _first(shape=None),
        "a data type unknown": _first(dtype="F7"),
        "a data type of code": _first(dtype="os.system"),
        "weights of another model": _tensors(lambda held: {f"other.{name}": tensor for name, tensor in held.items()}),
        "weights of another width": _tensors(
            lambda held: {name: (tensor[..., :8] if tensor.dim() else tensor) for name, tensor in held.items()}
        ),
        "weights turned": _tensors(
            lambda held: {name: (tensor.T if tensor.dim() == 2 else tensor) for name, tensor in held.items()}
        ),
        "a layer of weights missing": _tensors(
            lambda held: {name: tensor for name, tensor in held.items() if "layer.1." not in name}
        ),
        "weights whole numbers": _tensors(numbers),
        "weights a folder": _special(name, "folder"),
        "weights a pipe": _special(name, "pipe"),
        "weights a loop of links": _special(name, "loop"),
        "weights a device without end": _special(name, "/dev/zero"),
        "weights out of the folder": _moved_out(name),
        "weights linked to nothing": _special(name, "../nowhere.safetensors"),
        "an index to the passwords": _index({"embeddings.word_embeddings.weight": "../../../../../../etc/passwd"}),
        "an index to an absolute path": _index({"embeddings.word_embeddings.weight": "/etc/passwd"}),
        "an index out of the folder": _index_outside,
        "an index to a file that is not there": _index(
            {"embeddings.word_embeddings.weight": "model-00002-of-00002.safetensors"}
        ),
        "an index to a pickle": _all_of(
            _file("model-x.bin", pickle.dumps(1)), _index({"embeddings.word_embeddings.weight": "model-x.bin"})
        ),
        "an index of another type": _index([1, 2]),
        "an index of numbers": _index({"embeddings.word_embeddings.weight": 5}),
        "an index with a NUL": _index({"x": "a\0b"}),
        "an index that is empty": _all_of(_index({}), _file("model.safetensors.index.json", "")),
        "an index that is a pipe": _all_of(_index({}), _special("model.safetensors.index.json", "pipe")),
    }


# ── tokenizer ───────────────────────────────────────────────────────────────────────────────────────────────────
def _tokenizer(change: Callable[[dict[str, Any]], Any]) -> Make:
    def make(place: Place) -> None:
        file = place.teacher / "tokenizer.json"
        held = json.loads(file.read_text(encoding="utf-8"))
        told = change(held)
        file.write_text(json.dumps(held if told is None else told), encoding="utf-8")

    return make


def _vocabulary(value: Any) -> Callable[[dict[str, Any]], None]:
    def change(held: dict[str, Any]) -> None:
        held["model"]["vocab"] = value

    return change


def _of_tokenizer() -> dict[str, Make]:
    """“there” is a word of the rows that no vocabulary has: a token that no row uses stops nothing."""
    name, told = "tokenizer.json", "tokenizer_config.json"
    return {
        "tokenizer missing": _without(name),
        "tokenizer empty": _file(name, ""),
        "tokenizer a list": _file(name, "[]"),
        "tokenizer null": _file(name, "null"),
        "tokenizer cut": _file(name, '{"version": "1.0", "model": '),
        "tokenizer nested without end": _file(name, "[" * 100_000),
        "tokenizer Latin-1": _file(name, b'{"model": "\xe9"}'),
        "tokenizer without a model": _tokenizer(lambda held: {"version": "1.0"}),
        "tokenizer of an unknown kind": _tokenizer(lambda held: held["model"].update(type="Magic")),
        "vocabulary a list of numbers": _tokenizer(_vocabulary([1, 2])),
        "vocabulary a number": _tokenizer(_vocabulary(5)),
        "vocabulary none": _tokenizer(_vocabulary({})),
        "token numbers below 0": _tokenizer(_vocabulary({"[PAD]": -1, "[UNK]": -2})),
        "token numbers past the model": _tokenizer(lambda held: held["model"]["vocab"].update(cat=10**6)),
        "token numbers text": _tokenizer(_vocabulary({"[PAD]": "0"})),
        "token numbers past 64 bits": _tokenizer(lambda held: held["model"]["vocab"].update(cat=2**70)),
        "added tokens of another type": _tokenizer(lambda held: held.update(added_tokens=[5])),
        "added tokens past the model": _tokenizer(
            lambda held: held["added_tokens"].append({**held["added_tokens"][0], "id": 10**6, "content": "there"})
        ),
        "no unknown token": _all_of(  # BERT's own class would put [UNK] back
            _settings(told, tokenizer_class="PreTrainedTokenizerFast"),
            _tokenizer(lambda held: held["model"].update(unk_token="nowhere")),
        ),
        "a normaliser unknown": _tokenizer(
            lambda held: held.update(normalizer={"type": "Shell", "command": "touch executed"})
        ),
        "a pattern that is none": _tokenizer(
            lambda held: held.update(
                pre_tokenizer={"type": "Split", "pattern": {"Regex": "("}, "behavior": "Removed", "invert": False}
            )
        ),
        "tokenizer a folder": _special(name, "folder"),
        "tokenizer a pipe": _special(name, "pipe"),
        "tokenizer a device without end": _special(name, "/dev/zero"),
        "tokenizer out of the folder": _moved_out(name),
        "tokenizer the passwords": _special(name, "/etc/passwd"),
        "vocab.txt the passwords": _all_of(_without(name), _special("vocab.txt", "/etc/passwd")),
        "its settings empty": _file(told, ""),
        "its settings a list": _file(told, "[1]"),
        "its settings a pipe": _special(told, "pipe"),
        "its settings out of the folder": _moved_out(told),
        "its settings name a file elsewhere": _all_of(
            _settings(told, vocab_file="/etc/passwd", tokenizer_class="BertTokenizer"),
            _without(name),
            _file("vocab.json", "{}"),
        ),
        "its settings name versions elsewhere": _settings(
            told, fast_tokenizer_files=["../../outside/tokenizer.9.0.json"]
        ),
        "its class is a path": _all_of(
            _settings(told, tokenizer_class="../../os"), _without(name), _file("vocab.txt", "[PAD]\n[UNK]\n")
        ),
        "its class is a number": _settings(told, tokenizer_class=5),
        "no padding token": _settings(told, pad_token=None),
        "padding token a number": _settings(told, pad_token=7),
        "added tokens without text": _settings(told, added_tokens_decoder={"0": 5}),
        "added token past the model": _settings(told, added_tokens_decoder={str(10**9): {"content": "there"}}),
    }


def cases() -> list[Case]:
    """All of them."""
    groups = (_of_config(), _of_code(), _of_weights(), _of_tokenizer())
    return [Case(GROUP, name, make) for group in groups for name, make in group.items()]
