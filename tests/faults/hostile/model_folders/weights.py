"""Broken weights: headers, tensors, indexes."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
from collections.abc import Callable
from typing import Any

from tests.faults.hostile.case import Place
from tests.faults.hostile.model_folders.changes import (
    Make,
    all_of,
    moved_out,
    special,
    with_file,
    without,
)


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


def weights() -> dict[str, Make]:
    name = "model.safetensors"

    def numbers(held: dict[str, Any]) -> dict[str, Any]:
        import torch

        return {name: tensor.to(torch.int64) for name, tensor in held.items()}

    return {
        "weights missing": without(name),
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
        "weights a folder": special(name, "folder"),
        "weights a pipe": special(name, "pipe"),
        "weights a loop of links": special(name, "loop"),
        "weights a device without end": special(name, "/dev/zero"),
        "weights out of the folder": moved_out(name),
        "weights linked to nothing": special(name, "../nowhere.safetensors"),
        "an index to the passwords": _index({"embeddings.word_embeddings.weight": "../../../../../../etc/passwd"}),
        "an index to an absolute path": _index({"embeddings.word_embeddings.weight": "/etc/passwd"}),
        "an index out of the folder": _index_outside,
        "an index to a file that is not there": _index(
            {"embeddings.word_embeddings.weight": "model-00002-of-00002.safetensors"}
        ),
        "an index to a pickle": all_of(
            with_file("model-x.bin", pickle.dumps(1)), _index({"embeddings.word_embeddings.weight": "model-x.bin"})
        ),
        "an index of another type": _index([1, 2]),
        "an index of numbers": _index({"embeddings.word_embeddings.weight": 5}),
        "an index with a NUL": _index({"x": "a\0b"}),
        "an index that is empty": all_of(_index({}), with_file("model.safetensors.index.json", "")),
        "an index that is a pipe": all_of(_index({}), special("model.safetensors.index.json", "pipe")),
    }
