"""A model folder is data of its own: ordinary files, nothing that leads out of it, nothing that wants to be run. Torch-free.

Whoever unpacks or downloads a folder has not read it. What is looked at here is looked at before transformers sees it.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.files import read_bytes
from engine.visible import cut, on_one_line

MOST_JSON_BYTES = 64_000_000  # the largest tokenizer.json of the field has 35 MB
# what reading a file raises that is not what it should be: another kind of JSON value, nested without end, cut off
UNSOUND = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
_READ = (".json", ".txt", ".model", ".safetensors", ".bin", ".jinja", ".py")
_OF_TOKENIZERS = ("vocab_file", "merges_file", "tokenizer_file", "spm_file", "sentencepiece_model_file")


def must_be_contained(folder: Path, key: str) -> None:
    """Raises ModelError where a file of ``folder`` is none, lies outside, names one outside, or brings code along."""
    home = folder.resolve()
    if home.parent.name == "snapshots":  # the hub's cache keeps the files of a snapshot beside it and links to them
        home = home.parent.parent
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise ModelError(f"{key}: the folder {folder} cannot be read: {error.strerror}.") from None
    for file in entries:
        if file.suffix in _READ:
            _must_be_a_file_inside(file, home, key)
    for index in (file for file in entries if file.name.endswith(".index.json")):
        _must_name_files_of(folder, index, key)
    if (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"{key}: the folder {folder} holds an adapter (adapter_config.json), which changes a model that lies elsewhere; "
            "merge it into its model and save that."
        )
    tokenizer = folder / "tokenizer_config.json"
    if tokenizer.is_file():
        _tokenizer_must_stay_inside(json_table(tokenizer, key), folder, key)


def must_bring_no_code(config: dict[str, Any], whose: str, key: str) -> None:
    """Raises ModelError where a model's config.json asks for code that transformers does not bring."""
    if config.get("auto_map"):
        raise ModelError(
            f"{key}: the model {whose} wants to run code of its own (auto_map in config.json), which is never "
            "allowed; use a model of a kind that transformers brings."
        )
    for name in ("attn_implementation", "_attn_implementation", "experts_implementation", "_experts_implementation"):
        if any("/" in word for word in _words(config.get(name))):
            raise ModelError(
                f"{key}: the model {whose} wants to fetch code from the hub ({name} in config.json), which is never "
                "allowed; take that key out of config.json."
            )


def json_table(file: Path, key: str) -> dict[str, Any]:
    """A JSON file that holds a table. Raises ModelError."""
    try:
        content = json.loads(read_bytes(file, MOST_JSON_BYTES).decode("utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{key}: the folder {file.parent} has no {file.name}; choose the folder of a model saved with transformers."
        ) from None
    except UNSOUND as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{key}: {file} cannot be read as JSON ({cut(on_one_line(str(reason)), 200)}).") from None
    if not isinstance(content, dict):
        raise ModelError(f"{key}: {file} holds no table of settings; get it again.")
    return content


def _must_be_a_file_inside(file: Path, home: Path, key: str) -> None:
    try:
        kind = file.stat().st_mode
        place = file.resolve()
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, on Python < 3.13
        raise ModelError(f"{key}: {file} is a link that leads nowhere; put the file itself there.") from None
    if stat.S_ISDIR(kind) and not file.is_symlink():
        if file.name == "config.json" or file.suffix == ".safetensors":
            raise ModelError(f"{key}: {file} is a folder; it must be a file.")
        return
    if not place.is_relative_to(home):
        raise ModelError(
            f"{key}: {file} is a link out of its folder, to {place}; a model is read from its own folder alone. "
            "Put the file itself there."
        )
    if not stat.S_ISREG(kind):
        raise ModelError(f"{key}: {file} is no ordinary file but a pipe, a socket or a device; take it away.")


def _must_name_files_of(folder: Path, index: Path, key: str) -> None:
    """An index of weights names files beside it, as safetensors; a pickle's own index is not read."""
    if index.name != "model.safetensors.index.json":
        return
    named = json_table(index, key).get("weight_map")
    if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
        raise ModelError(f"{key}: {index} has no weight_map from tensors to files; get it again.")
    for name in dict.fromkeys(named.values()):
        if Path(name).name != name or "\\" in name or "\0" in name or not name.endswith(".safetensors"):
            raise ModelError(
                f"{key}: {index} names “{cut(on_one_line(name), 100)}”, which is no safetensors file of its folder; "
                "weights are read from there alone."
            )
        if not (folder / name).is_file():
            raise ModelError(f"{key}: {index} names {on_one_line(name)}, which is not there; get the folder again.")


def _tokenizer_must_stay_inside(settings: dict[str, Any], folder: Path, key: str) -> None:
    if settings.get("auto_map"):
        raise ModelError(
            f"{key}: the tokenizer in {folder} wants to run code of its own (auto_map in tokenizer_config.json), which is "
            "never allowed; use a tokenizer of a kind that transformers brings."
        )
    versions = [name for name in _words(settings.get("fast_tokenizer_files")) if Path(name).name != name]
    # Published folders name files of their author's machine here, to no effect: only one that is there leads out.
    elsewhere = [
        name for entry in _OF_TOKENIZERS for name in _words(settings.get(entry))
        if Path(name).name != name and _is_there(folder / name)
    ]  # fmt: skip
    for name in (*versions, *elsewhere):
        raise ModelError(
            f"{key}: tokenizer_config.json in {folder} names “{cut(on_one_line(name), 100)}”, a file outside; a tokenizer is "
            "read from its own folder alone. Take that key out."
        )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _words(value: Any) -> Iterator[str]:
    """The texts in a value of JSON: itself, or those of a list or table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        yield from (word for word in value if isinstance(word, str))
    elif isinstance(value, dict):
        yield from (word for word in value.values() if isinstance(word, str))
