"""What a model reference holds, read as data and never run: config, weights, size. Torch-free.

A pickle is refused unless a person opts in, code from the hub always.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import is_folder_like
from engine.errors import ModelError
from engine.files import read_bytes
from engine.models.contained import MOST_JSON_BYTES, UNSOUND, json_table, must_be_contained, must_bring_no_code
from engine.models.shape import EncoderShape, must_be_plausible, shape_from_json
from engine.models.weights import headers_of
from engine.visible import cut, on_one_line

PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "spiece.model")
TOKENIZER_FILES = (
    *VOCABULARIES, "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
)  # fmt: skip
# of tokenizer_config.json, what changes how a text is cut
TEXT_SETTINGS = ("do_lower_case", "strip_accents", "tokenize_chinese_chars", "add_prefix_space")

SETTLED_NS = 2_000_000_000
_HASHES: dict[tuple[tuple[str, int, int, int, int, int], ...], str] = {}


@dataclass(frozen=True)
class ModelFacts:
    """A model as found: ``folder`` is None while it still has to be downloaded; ``weights`` are its weight files.

    ``parameters`` is counted from the files' headers where they are safetensors, else None.
    """

    reference: str
    folder: Path | None
    config: dict[str, Any]
    shape: EncoderShape | None
    weights: tuple[Path, ...]
    is_pickle: bool
    parameters: int | None

    @property
    def bytes(self) -> int:
        return sum(file.stat().st_size for file in self.weights)


def is_local(reference: str) -> bool:
    return is_folder_like(reference) or Path(reference).is_dir()


def look_at_model(reference: str, weights_only: bool = False, key: str = "model") -> ModelFacts:
    """Look at a folder, or at the hub's cache on this machine; nothing is downloaded.

    ``key`` names the configuration key in the messages. Raises ModelError for what cannot be used.
    """
    folder = Path(reference) if is_local(reference) else _cached(reference)
    if folder is None:
        return ModelFacts(reference, None, {}, None, (), False, None)
    must_be_contained(folder, key)
    config = json_table(folder / "config.json", key)
    must_bring_no_code(config, reference, key)
    must_be_plausible(config, reference, key)
    weights = _weights_of(folder, key)
    pickles = tuple(folder / name for name in PICKLES if (folder / name).is_file())
    if not weights and not pickles and not is_local(reference):  # so far only its config or tokenizer was downloaded
        return ModelFacts(reference, None, config, shape_from_json(config), (), False, None)
    if not weights and not pickles:
        raise ModelError(
            f"{key}: the folder {folder} has no weights; it needs a model.safetensors, or parts of it that a "
            "model.safetensors.index.json names."
        )
    if not weights and not weights_only:
        raise ModelError(
            f"{key}: the folder {folder} has only {pickles[0].name}, a pickle, which can carry code. Save the model as "
            "safetensors (model.save_pretrained), or opt in with weights_only = true."
        )
    parameters = sum(header.elements for header in headers_of(weights, key).values()) if weights else None
    return ModelFacts(reference, folder, config, shape_from_json(config), weights or pickles, not weights, parameters)


def _weights_of(folder: Path, key: str) -> tuple[Path, ...]:
    """The safetensors files that transformers would read: the one, or those that the index names; others are not looked at."""
    whole, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if whole.is_file():
        return (whole,)
    if not index.is_file():
        return ()
    named = json_table(index, key)["weight_map"].values()  # looked through by must_be_contained
    return tuple(folder / name for name in sorted(set(named)))


def has_tokenizer(reference: str) -> bool:
    """Whether a folder has a tokenizer; a hub id is believed to."""
    if not is_local(reference):
        return True
    return any((Path(reference) / name).is_file() for name in VOCABULARIES)


def vocabulary_size(reference: str, key: str) -> int:
    """Number of tokens of a local tokenizer, added ones counted, read from its files. Raises ModelError."""
    folder = Path(reference)
    must_be_contained(folder, key)
    try:
        if (folder / "tokenizer.json").is_file():
            content = json.loads(_text(folder / "tokenizer.json"))
            vocabulary = content["model"]["vocab"]
            tokens = set(vocabulary) if isinstance(vocabulary, dict) else {entry[0] for entry in vocabulary}
            return len(tokens | {entry["content"] for entry in content.get("added_tokens", [])})
        if (folder / "vocab.txt").is_file():
            return len(_text(folder / "vocab.txt").splitlines())
    except UNSOUND as error:
        plain = isinstance(error, (OSError, ValueError))
        said = cut(on_one_line(str(error)), 200) if plain else "it holds something else than a vocabulary"
        raise ModelError(f"{key}: the tokenizer in {folder} cannot be read ({said}); get it again.") from None
    raise ModelError(f"{key}: {folder} has no tokenizer.json or vocab.txt; give the folder of a tokenizer.")


def same_tokenizer(one: str, other: str) -> bool | None:
    """Whether two references, folders or downloaded hub ids, hold the same tokenizer; None where that cannot be seen.

    Compared are vocabulary, rules and what cuts or changes text, not names, paths or how long a text may be.
    """
    try:
        folders = [Path(reference) if is_local(reference) else _cached(reference) for reference in (one, other)]
        told = [_tokenizer_of(folder) if folder is not None else None for folder in folders]
    except (*UNSOUND, ModelError):
        return None
    if told[0] is None or told[1] is None:
        return None
    (rules, settings), (other_rules, other_settings) = told[0], told[1]
    return rules == other_rules and all(
        settings[key] == other_settings[key] for key in settings.keys() & other_settings
    )


def _tokenizer_of(folder: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """A folder's vocabulary and rules, and the settings it names that change how a text is cut; None without a tokenizer."""
    file = folder / "tokenizer_config.json"
    kept = json.loads(_text(file)) if file.is_file() else {}
    settings = {key: kept[key] for key in TEXT_SETTINGS if key in kept}
    whole = folder / "tokenizer.json"
    if whole.is_file():
        content = json.loads(_text(whole))
        return {key: content[key] for key in content if key not in ("truncation", "padding", "version")}, settings
    named = (*VOCABULARIES, "merges.txt", "added_tokens.json")
    files = [found for found in tokenizer_files(folder) if found.name in named]
    return ({"files": content_hash(files)}, settings) if files else None


def content_hash(files: list[Path]) -> str:
    """SHA-256 over names and contents of files, in the order of their names.

    A process that runs many trainings reads files that have not changed only once.
    """
    files = sorted(files, key=lambda file: file.name)
    looks = [_look_of(file) for file in files]
    if tuple(looks) in _HASHES:
        return _HASHES[tuple(looks)]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    # A file written this very moment may change again without its times changing: clocks of file systems are coarse.
    settled = time.time_ns() - SETTLED_NS
    if looks == [_look_of(file) for file in files] and all(changed < settled for *_, changed in looks):
        _HASHES[tuple(looks)] = digest.hexdigest()
    return digest.hexdigest()


def looks_of(folder: Path) -> list[tuple[str, int, int, int, int, int]]:
    """What changes when a file of a folder does; empty where one was changed just now, and may be again unseen. Raises OSError."""
    looks = sorted(_look_of(file) for file in folder.iterdir() if file.is_file())
    settled = time.time_ns() - SETTLED_NS
    return looks if all(changed < settled for *_, changed in looks) else []


def _look_of(file: Path) -> tuple[str, int, int, int, int, int]:
    """What changes when a file does, the time of its last change of any kind last."""
    status = file.stat()
    return file.name, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def tokenizer_files(folder: Path) -> list[Path]:
    return [folder / name for name in TOKENIZER_FILES if (folder / name).is_file()]


def _cached(reference: str) -> Path | None:
    """The folder in the hub's cache that holds a model's config.json, if it was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(reference, "config.json")
    except ValueError as error:
        raise ModelError(f"“{reference}” is not a hub id (owner/name): {error}.") from None
    return Path(found).parent if isinstance(found, str) else None


def _text(file: Path) -> str:
    return read_bytes(file, MOST_JSON_BYTES).decode("utf-8")
