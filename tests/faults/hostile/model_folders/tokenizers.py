"""Broken tokenizers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.faults.hostile.case import Place
from tests.faults.hostile.model_folders.changes import (
    Make,
    all_of,
    moved_out,
    special,
    with_file,
    with_settings,
    without,
)


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


def tokenizers() -> dict[str, Make]:
    """“there” is a word of the rows that no vocabulary has: a token that no row uses stops nothing."""
    name, told = "tokenizer.json", "tokenizer_config.json"
    return {
        "tokenizer missing": without(name),
        "tokenizer empty": with_file(name, ""),
        "tokenizer a list": with_file(name, "[]"),
        "tokenizer null": with_file(name, "null"),
        "tokenizer cut": with_file(name, '{"version": "1.0", "model": '),
        "tokenizer nested without end": with_file(name, "[" * 100_000),
        "tokenizer Latin-1": with_file(name, b'{"model": "\xe9"}'),
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
        "no unknown token": all_of(  # BERT's own class would put [UNK] back
            with_settings(told, tokenizer_class="PreTrainedTokenizerFast"),
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
        "tokenizer a folder": special(name, "folder"),
        "tokenizer a pipe": special(name, "pipe"),
        "tokenizer a device without end": special(name, "/dev/zero"),
        "tokenizer out of the folder": moved_out(name),
        "tokenizer the passwords": special(name, "/etc/passwd"),
        "vocab.txt the passwords": all_of(without(name), special("vocab.txt", "/etc/passwd")),
        "its settings empty": with_file(told, ""),
        "its settings a list": with_file(told, "[1]"),
        "its settings a pipe": special(told, "pipe"),
        "its settings out of the folder": moved_out(told),
        "its settings name a file elsewhere": all_of(
            with_settings(told, vocab_file="/etc/passwd", tokenizer_class="BertTokenizer"),
            without(name),
            with_file("vocab.json", "{}"),
        ),
        "its settings name versions elsewhere": with_settings(
            told, fast_tokenizer_files=["../../outside/tokenizer.9.0.json"]
        ),
        "its class is a path": all_of(
            with_settings(told, tokenizer_class="../../os"), without(name), with_file("vocab.txt", "[PAD]\n[UNK]\n")
        ),
        "its class is a number": with_settings(told, tokenizer_class=5),
        "no padding token": with_settings(told, pad_token=None),
        "padding token a number": with_settings(told, pad_token=7),
        "added tokens without text": with_settings(told, added_tokens_decoder={"0": 5}),
        "added token past the model": with_settings(told, added_tokens_decoder={str(10**9): {"content": "there"}}),
    }
