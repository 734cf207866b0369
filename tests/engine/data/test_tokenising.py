"""Text as token ids: what transformers itself gives, cut where it must be, with the cut rows counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.data import tokenising
from engine.data.tokenising import Encoding, encode
from engine.models.load import load_tokenizer
from tests.engine.conftest import WORDS, write_tokenizer

FIRST = ["the cat sat", "a dog", "the big red cat ran on and on and on", ""]
SECOND = ["the cat", "a small dog ran under the tree", "not now", "then"]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_tokenizer(str(write_tokenizer(tmp_path_factory.mktemp("tokenizer"), WORDS)), "tokenizer")


def row(encoding: Encoding, number: int) -> list[int]:
    return encoding.tokens[encoding.starts[number] : encoding.starts[number + 1]].tolist()


@pytest.mark.parametrize("columns", [(FIRST,), (FIRST, SECOND)], ids=["one text", "pairs"])
@pytest.mark.parametrize("max_length", [64, 7])
def test_rows_are_those_of_the_tokenizer(tokenizer: Any, columns: Any, max_length: int) -> None:
    found = encode(tokenizer, columns, max_length)
    assert len(found) == 4 and found.token_types is not None
    for number, texts in enumerate(zip(*columns, strict=True)):
        wanted = tokenizer(*texts, truncation="longest_first", max_length=max_length)
        assert row(found, number) == wanted["input_ids"]
        types = found.token_types[found.starts[number] : found.starts[number + 1]]
        assert types.tolist() == wanted["token_type_ids"]
    assert found.lengths.tolist() == [len(row(found, number)) for number in range(4)]
    assert found.lengths.max() <= max_length
    assert found.padding == tokenizer.pad_token_id


def test_only_rows_that_lost_something_count_as_cut(tokenizer: Any) -> None:
    exact = ["the cat sat", "the cat", "the cat sat on", "the cat sat on a mat"]  # 5, 4, 6 and 8 tokens
    assert encode(tokenizer, (exact,), 8).cut == 0
    assert encode(tokenizer, (exact,), 6).cut == 1
    assert encode(tokenizer, (exact,), 5).cut == 2
    assert encode(tokenizer, (FIRST, SECOND), 64).cut == 0


def test_ids_are_small_and_starts_are_places(tokenizer: Any) -> None:
    found = encode(tokenizer, (FIRST, SECOND), 64)
    assert found.tokens.dtype == np.int32 and found.starts.dtype == np.int64
    assert found.starts[0] == 0 and found.starts[-1] == len(found.tokens)


def test_encoding_again_is_the_same_whatever_was_cut_before(tokenizer: Any) -> None:
    """The fast tokenizer keeps the last truncation it was told; it must not leak into the next call."""
    before = encode(tokenizer, (FIRST,), 64)
    encode(tokenizer, (FIRST,), 5)
    after = encode(tokenizer, (FIRST,), 64)
    assert np.array_equal(before.tokens, after.tokens) and after.cut == 0


def test_a_tokenizer_without_token_types_gives_none(tmp_path: Path) -> None:
    import json

    folder = write_tokenizer(tmp_path, WORDS)
    settings = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    settings["model_input_names"] = ["input_ids", "attention_mask"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), "utf-8")
    assert encode(load_tokenizer(str(folder), "tokenizer"), (FIRST, SECOND), 64).token_types is None


def test_parts_change_nothing(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [FIRST * 4, SECOND * 4]
    whole = encode(tokenizer, texts, 9)
    monkeypatch.setattr(tokenising, "ROWS_AT_ONCE", 6)
    heard: list[int] = []
    parts = encode(tokenizer, texts, 9, heard.append)
    assert parts.digest == whole.digest and parts.cut == whole.cut > 0 and heard == [6, 12, 16]
