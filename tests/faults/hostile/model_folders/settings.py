"""Broken settings, and files that want to be code or lead out of their folder."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

from tests.faults.hostile.case import Place, replaced
from tests.faults.hostile.model_folders.changes import (
    Make,
    all_of,
    moved_out,
    special,
    with_file,
    with_settings,
    without,
)


class Touch:
    """Unpickled, it makes the marker: the proof that something out of a file was run."""

    def __init__(self, marker: Path) -> None:
        self._marker = str(marker)

    def __reduce__(self) -> tuple[Any, tuple[str, int]]:
        return os.mknod, (self._marker, 0o600)


def settings() -> dict[str, Make]:
    name = "config.json"
    nested = '{"a":' * 50_000
    return {
        "config missing": without(name),
        "config empty": with_file(name, ""),
        "config cut": with_file(name, '{"model_type": "bert", '),
        "config a list": with_file(name, "[]"),
        "config null": with_file(name, "null"),
        "config a string": with_file(name, '"bert"'),
        "config nested without end": with_file(name, nested),
        "config Latin-1": with_file(name, b'{"model_type": "b\xe9rt"}'),
        "config UTF-16": with_file(name, '{"model_type": "bert"}'.encode("utf-16")),
        "config NUL bytes": with_file(name, b"\0" * 100),
        "config of 5,000 digits": with_file(name, '{"hidden_size": ' + "9" * 5000 + "}"),
        "config of 10 MB": with_file(name, '{"x": "' + "y" * 10_000_000 + '"}'),
        "config a folder": special(name, "folder"),
        "config a pipe": special(name, "pipe"),
        "config a loop of links": special(name, "loop"),
        "config a device without end": special(name, "/dev/zero"),
        "config out of the folder": moved_out(name),
        "config the passwords": special(name, "/etc/passwd"),
        "no kind of model": with_settings(model_type=...),
        "an unknown kind of model": with_settings(model_type="no_such_kind"),
        "a kind that is a path": with_settings(model_type="../../../outside"),
        "a kind that is a number": with_settings(model_type=7),
        "a kind that is a list": with_settings(model_type=["bert"]),
        "a kind that is no classifier": with_settings(model_type="vit"),
        "a kind of 10,000 letters": with_settings(model_type="b" * 10_000),
        "a kind with an escape sequence": with_settings(model_type="\x1b[2Jbert"),
        "hidden size a billion": with_settings(hidden_size=10**9),
        "hidden size past 64 bits": with_settings(hidden_size=2**70),
        "hidden size 0": with_settings(hidden_size=0),
        "hidden size below 0": with_settings(hidden_size=-16),
        "hidden size text": with_settings(hidden_size="16"),
        "hidden size a list": with_settings(hidden_size=[16]),
        "hidden size a fraction": with_settings(hidden_size=16.5),
        "hidden size true": with_settings(hidden_size=True),
        "hidden size null": with_settings(hidden_size=None),
        "hidden size not a number": with_file(
            name, '{"model_type": "bert", "hidden_size": NaN, "num_hidden_layers": 2, "vocab_size": 15}'
        ),
        "layers a billion": with_settings(num_hidden_layers=10**9),
        "layers 0": with_settings(num_hidden_layers=0),
        "layers more than there are": with_settings(num_hidden_layers=5),
        "heads that do not divide": with_settings(num_attention_heads=3),
        "heads 0": with_settings(num_attention_heads=0),
        "heads a billion": with_settings(num_attention_heads=10**9),
        "vocabulary a billion": with_settings(vocab_size=10**9),
        "vocabulary too small": with_settings(vocab_size=4),
        "vocabulary 0": with_settings(vocab_size=0),
        "positions a billion": with_settings(max_position_embeddings=10**9),
        "feed-forward of another size": with_settings(intermediate_size=99),
        "an activation that is none": with_settings(hidden_act="__import__('os')"),
        "an activation of another type": with_settings(hidden_act=5),
        "dropout 7": with_settings(hidden_dropout_prob=7),
        "dropout text": with_settings(hidden_dropout_prob="much"),
        "dropout NaN": with_settings(hidden_dropout_prob=float("nan")),
        "layer norm text": with_settings(layer_norm_eps="small"),
        "a data type that is none": with_settings(dtype="float3"),
        "a data type that is code": with_settings(dtype="os.system"),
        "padding past the vocabulary": with_settings(pad_token_id=10**6),
        "padding below 0": with_settings(pad_token_id=-(10**6)),
        "classes of another type": with_settings(id2label=[1, 2]),
        "classes a number": with_settings(id2label=5),
        "classes without numbers": with_settings(id2label={"x": "y"}),
        "architectures of another type": with_settings(architectures=5),
        "a key named as what the program does with it": with_settings(to_dict=5, reshaped=5, base_model=5),
    }


def code() -> dict[str, Make]:
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
        "code of its own": all_of(module, with_settings(auto_map=own)),
        "code of its own in a list": all_of(module, with_settings(auto_map=["modeling_own.M"])),
        "code from elsewhere": with_settings(auto_map={"AutoModelForSequenceClassification": "owner/name--modeling.M"}),
        "code of its own, an unknown kind": all_of(module, with_settings(model_type="own", auto_map=own)),
        "trust_remote_code in the config": all_of(module, with_settings(trust_remote_code=True, auto_map=own)),
        "code of its own in the tokenizer": all_of(
            module, with_settings("tokenizer_config.json", auto_map={"AutoTokenizer": ["modeling_own.M", None]})
        ),
        "attention out of a repository": with_settings(attn_implementation="owner/kernels"),
        "attention out of a repository, as saved": with_settings(_attn_implementation="owner/kernels:flash"),
        "attention in parts out of a repository": with_settings(attn_implementation={"text": "owner/kernels"}),
        "a pickle that is code": pickled,
        "a pickle that is code, in a zip": zipped,
        "a pickle of weights alone": honest,
        "a pickle that is code, opted in": all_of(pickled, opt_in),
        "a pickle that is code, in a zip, opted in": all_of(zipped, opt_in),
        "a pickle called safetensors": pickled_as_safetensors,
        "an adapter of another model": all_of(
            with_file("adapter_config.json", '{"base_model_name_or_path": "/etc", "peft_type": "LORA"}'),
            without("model.safetensors"),
        ),
    }
