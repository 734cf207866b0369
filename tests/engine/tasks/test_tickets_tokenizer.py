"""The sample's tokenizer: transformers reads it, it knows the tickets, and it is made of the most frequent merges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import catalog
from engine.data.rows import load_rows
from engine.models.load import load_tokenizer
from engine.tasks.tickets_tokenizer import SPECIAL_TOKENS, vocabulary, write_tokenizer

FOLDER = catalog.assets_folder() / "sample" / "tokenizer"


def test_merges_go_to_the_most_frequent_pair_and_ties_to_the_alphabet() -> None:
    pieces = vocabulary(["ab ab ab cd cd ef ef"], size=100)
    assert pieces[:5] == list(SPECIAL_TOKENS)
    assert pieces[5:11] == ["##b", "##d", "##f", "a", "c", "e"]
    assert pieces[11:] == ["ab", "cd", "ef"]


def test_the_size_is_kept() -> None:
    assert len(vocabulary(["some words and some other words"], size=25)) == 25


def test_a_piece_is_never_listed_twice() -> None:
    pieces = vocabulary(["banana bandana ananas anna nan", "an ban nab"], size=200)
    assert len(pieces) == len(set(pieces))


def test_transformers_reads_it_and_knows_every_ticket() -> None:
    tokenizer = load_tokenizer(str(FOLDER), "tokenizer")
    assert tokenizer.is_fast and len(tokenizer) == 1200
    assert tokenizer.convert_tokens_to_ids(list(SPECIAL_TOKENS)) == [0, 1, 2, 3, 4]
    for rows in load_rows(catalog.tasks()["tickets"], None).values():
        ids = tokenizer(rows.texts[0])["input_ids"]
        assert not any(tokenizer.unk_token_id in row for row in ids)
        assert max(map(len, ids)) <= 128, "no ticket is cut off at the usual length"


def test_it_is_the_wordpiece_of_its_vocabulary_file(tmp_path: Path) -> None:
    """The written JSON gives what transformers' own BERT tokenizer makes of vocab.txt."""
    from transformers import BertTokenizer

    ours = load_tokenizer(str(FOLDER), "tokenizer")
    (tmp_path / "vocab.txt").write_bytes((FOLDER / "vocab.txt").read_bytes())
    (tmp_path / "tokenizer_config.json").write_bytes((FOLDER / "tokenizer_config.json").read_bytes())
    theirs = BertTokenizer.from_pretrained(tmp_path)
    pairs = (["My refund of $38 hasn't arrived, HELP!", "naïve 漢字 x"], ["second text", "…"])
    assert ours(*pairs)["input_ids"] == theirs(*pairs)["input_ids"]
    assert ours(*pairs)["token_type_ids"] == theirs(*pairs)["token_type_ids"]
    assert ours.decode(ours("my refund has not arrived")["input_ids"]) == "[CLS] my refund has not arrived [SEP]"


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_no_code_comes_with_it(tmp_path: Path, name: str) -> None:
    write_tokenizer(tmp_path, ["a few words"])
    assert "auto_map" not in json.loads((tmp_path / "tokenizer" / name).read_text("utf-8"))
