"""Tokens from the cache: the same to the bit as read anew, found by content alone, and never by a look at the texts again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import reader
from engine.data.array_cache import ArrayCache
from engine.data.reader import Reader, texts_hash, tokenizer_hash
from engine.data.tokenising import Encoding, encode
from engine.models.load import load_tokenizer
from tests.engine.conftest import WORDS, write_tokenizer

TEXTS = (["the cat sat", "a dog", "the big red cat ran on and on and on"], ["the cat", "a small dog", "not now"])


@pytest.fixture
def tokenizer_folder(tmp_path: Path) -> Path:
    return write_tokenizer(tmp_path / "tokenizer", WORDS)


def load(folder: Path) -> Any:
    return load_tokenizer(str(folder), "tokenizer")


def same(left: Encoding, right: Encoding) -> bool:
    arrays = ((left.tokens, right.tokens), (left.starts, right.starts), (left.token_types, right.token_types))
    numbers = (left.cut, left.padding, left.padding_type) == (right.cut, right.padding, right.padding_type)
    return numbers and all(
        (ours is None and theirs is None)
        or (ours is not None and theirs is not None and ours.dtype == theirs.dtype and np.array_equal(ours, theirs))
        for ours, theirs in arrays
    )


def make_types_go(folder: Path) -> None:
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text("utf-8"))
    settings["model_input_names"] = ["input_ids", "attention_mask"]
    file.write_text(json.dumps(settings), "utf-8")


@pytest.mark.parametrize("with_types", [True, False])
@pytest.mark.parametrize("max_length", [64, 7])
def test_kept_tokens_are_those_read_anew(
    tokenizer_folder: Path, tmp_path: Path, max_length: int, with_types: bool
) -> None:
    if not with_types:
        make_types_go(tokenizer_folder)
    anew = encode(load(tokenizer_folder), TEXTS, max_length)
    cache = ArrayCache(tmp_path / "cache")
    for _ in range(2):
        kept = Reader(load(tokenizer_folder), max_length, cache).read(TEXTS, "pairs", "train")
        assert same(kept, anew) and kept.digest == anew.digest
    assert (anew.token_types is not None) == with_types
    assert same(Reader(load(tokenizer_folder), max_length, None).read(TEXTS, "pairs", "train"), anew)


def test_a_second_run_does_not_tokenise(
    tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = ArrayCache(tmp_path / "cache")
    first = Reader(load(tokenizer_folder), 64, cache).read(TEXTS, "pairs", "train")
    elsewhere = Path(shutil.copytree(tokenizer_folder, tmp_path / "elsewhere"))
    monkeypatch.setattr(reader, "encode", lambda *given: pytest.fail("read again"))
    assert same(Reader(load(elsewhere), 64, cache).read(TEXTS, "other", "test"), first)


def test_other_texts_lengths_or_tokenizers_are_read_anew(tokenizer_folder: Path, tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path / "cache")
    other = write_tokenizer(tmp_path / "other", WORDS[::-1])
    without = Path(shutil.copytree(tokenizer_folder, tmp_path / "without"))
    make_types_go(without)
    for texts in (TEXTS, TEXTS[:1], TEXTS[::-1]):
        for folder in (tokenizer_folder, other, without):
            for max_length in (64, 9):
                kept = Reader(load(folder), max_length, cache).read(texts, "pairs", "train")
                assert same(kept, encode(load(folder), texts, max_length))
    assert len(list((tmp_path / "cache").glob("*.arrays"))) == 18


def test_the_kept_tokenizer_does_not_depend_on_the_cache(tokenizer_folder: Path, tmp_path: Path) -> None:
    """A tokenizer's file holds the truncation it was told last."""
    cache, kept = ArrayCache(tmp_path / "cache"), []
    for number, (used, texts) in enumerate([(None, TEXTS), (cache, TEXTS), (cache, TEXTS), (None, TEXTS[1:])]):
        tokenizer = load(tokenizer_folder)
        Reader(tokenizer, 7, used).read(texts, "pairs", "train")
        tokenizer.save_pretrained(tmp_path / str(number))
        kept.append((tmp_path / str(number) / "tokenizer.json").read_text("utf-8"))
    assert len(set(kept)) == 1 and json.loads(kept[0])["truncation"]["max_length"] == 7


def test_a_tokenizers_hash_is_that_of_what_it_does(tokenizer_folder: Path, tmp_path: Path) -> None:
    tokenizer = load(tokenizer_folder)
    before = tokenizer_hash(tokenizer)
    tokenizer(["the cat"], truncation=True, max_length=5, padding="max_length")
    assert tokenizer_hash(tokenizer) == before
    changed = []
    for name, change in {"side": lambda t: setattr(t, "truncation_side", "left"),
                         "token": lambda t: t.add_tokens(["mouse"]),
                         "special": lambda t: setattr(t, "split_special_tokens", True)}.items():  # fmt: skip
        tokenizer = load(Path(shutil.copytree(tokenizer_folder, tmp_path / name)))
        change(tokenizer)
        changed.append(tokenizer_hash(tokenizer))
    assert len({before, *changed}) == 4
    assert tokenizer_hash(object()) is None


def test_a_tokenizer_that_cannot_be_told_from_another_is_asked_every_time(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    class Slow:
        """Written in Python, say: it has no description to hash."""

        def __init__(self) -> None:
            self._inner = load(tokenizer_folder)
            self.pad_token_id = self._inner.pad_token_id

        def __call__(self, *given: Any, **options: Any) -> Any:
            return self._inner(*given, **options)

    cache = ArrayCache(tmp_path / "cache")
    assert same(Reader(Slow(), 64, cache).read(TEXTS, "pairs", "train"), encode(load(tokenizer_folder), TEXTS, 64))
    assert not (tmp_path / "cache").exists()


def test_texts_that_differ_anywhere_have_another_hash() -> None:
    columns = [
        (["ab", "c"],),
        (["a", "bc"],),
        (["ab", "c", ""],),
        (["ab"], ["c"]),
        (["c", "ab"],),
        (["ab", "d"],),
        ([],),
        (),
    ]
    assert len({texts_hash(column) for column in columns}) == len(columns)
    assert texts_hash((["ä"],)) != texts_hash((["a"],))


def test_the_digest_of_an_encoding_is_that_of_what_a_model_reads(tokenizer_folder: Path) -> None:
    found = encode(load(tokenizer_folder), TEXTS, 64)
    assert found.token_types is not None
    changed = [
        {"tokens": found.tokens + 1}, {"token_types": None}, {"token_types": 1 - found.token_types}, {"padding": 9},
        {"padding_type": 9}, {"starts": np.array([0, 1, 2, len(found.tokens)])},
    ]  # fmt: skip
    parts = {
        name: getattr(found, name) for name in ("tokens", "token_types", "starts", "cut", "padding", "padding_type")
    }
    digests = {Encoding(**{**parts, **change}).digest for change in changed}
    assert len(digests) == len(changed) and found.digest not in digests
    assert Encoding(**{**parts, "cut": 99}).digest == found.digest
