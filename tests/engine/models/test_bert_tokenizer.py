"""BERT's tokenizer without transformers is BERT's tokenizer; what is another one is left to transformers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import AutoTokenizer

from engine.data.reader import tokenizer_hash
from engine.data.tokenising import encode
from engine.models.bert_tokenizer import BertTokenizer, read_bert_tokenizer
from engine.models.load import load_row_tokenizer
from engine.tasks.tickets_tokenizer import write_tokenizer

SHARED = Path(__file__).parents[4] / "shared" / "models" / "all-MiniLM-L6-v2"
TEXTS = [
    "The card was charged twice, please refund it!", "", "  ", "Überweisung — naïve café 12,50 €", "日本語 の 文",
    "😀 [SEP] [PAD] x[MASK]y",
    "a" * 150, "don't\tstop\nnow\x00\u200b\ufffd", "ﬁ ǅ İ ß", "refund " * 60,
]  # fmt: skip
OTHERS = [text[::-1] for text in TEXTS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tokenizer(tmp_path, [text for text in TEXTS if text.isascii()])
    return tmp_path / "tokenizer"


def change(file: Path, **said: Any) -> None:
    content = json.loads(file.read_text()) if file.is_file() else {}
    file.write_text(json.dumps({**content, **said}))


def must_read_alike(folder: Path) -> None:
    ours, theirs = read_bert_tokenizer(folder), AutoTokenizer.from_pretrained(folder)
    assert isinstance(ours, BertTokenizer)
    assert len(ours) == len(theirs) and ours.pad_token_id == theirs.pad_token_id
    for columns in ([TEXTS], [TEXTS, OTHERS]):
        for length in (8, 128):
            found, known = encode(ours, columns, length), encode(theirs, columns, length)
            assert found.cut == known.cut and (known.cut > 0 or length == 128)
            assert found.digest == known.digest
            assert np.array_equal(found.tokens, known.tokens)
    rules = []
    for tokenizer in (ours, theirs):
        assert tokenizer_hash(tokenizer) is not None  # leaves it as it is without truncation
        rules.append(json.loads(tokenizer.backend_tokenizer.to_str()))
    assert rules[0] == rules[1]


def test_the_samples_tokenizer(folder: Path) -> None:
    must_read_alike(folder)


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared models beside the project")
def test_a_published_one() -> None:
    must_read_alike(SHARED)


def test_what_it_writes_is_read_by_both(folder: Path, tmp_path: Path) -> None:
    ours = read_bert_tokenizer(folder)
    assert ours is not None
    before = encode(ours, [TEXTS], 16)
    ours.save_pretrained(tmp_path / "kept")
    must_read_alike(tmp_path / "kept")
    theirs = AutoTokenizer.from_pretrained(tmp_path / "kept")
    assert type(theirs) is type(AutoTokenizer.from_pretrained(folder))
    assert theirs(TEXTS[9], truncation=True, max_length=16)["input_ids"] == before.tokens[before.starts[9] :].tolist()
    assert json.loads((tmp_path / "kept" / "tokenizer.json").read_text())["truncation"]["max_length"] == 16


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer"}),
        ("tokenizer_config.json", {"do_lower_case": False}),
        ("tokenizer_config.json", {"truncation_side": "left"}),
        ("tokenizer_config.json", {"pad_token": "<pad>"}),
        ("tokenizer_config.json", {"additional_special_tokens": ["<x>"]}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": "evil.py"}}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"9999": {"content": "refund"}}}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"0": 5}}),
        ("tokenizer_config.json", {"model_input_names": ["input_ids", "attention_mask"]}),
        ("tokenizer_config.json", {"eos_token": "<x>"}),
        ("tokenizer_config.json", {"model_specific_special_tokens": {"image_token": "<x>"}}),
        ("special_tokens_map.json", {"pad_token": "[MASK]"}),
        ("tokenizer_config.json", {"pad_token": None}),
        ("special_tokens_map.json", {"additional_special_tokens": ["<x>"]}),
        ("config.json", {"model_type": "qwen2"}),
        (
            "tokenizer.json",
            {"truncation": {"direction": "Left", "max_length": 5, "strategy": "LongestFirst", "stride": 0}},
        ),
        ("tokenizer.json", {"normalizer": None}),
        ("tokenizer.json", {"pre_tokenizer": {"type": "Whitespace"}}),
        ("tokenizer.json", {"post_processor": None}),
        ("tokenizer.json", {"added_tokens": []}),
    ],
)
def test_another_one_is_left_to_transformers(folder: Path, file: str, said: dict[str, Any]) -> None:
    change(folder / file, **said)
    assert read_bert_tokenizer(folder) is None


def test_a_token_added_to_it_or_no_file_is_left_to_transformers(folder: Path, tmp_path: Path) -> None:
    content = json.loads((folder / "tokenizer.json").read_text())
    one = {**content["added_tokens"][0], "id": len(content["model"]["vocab"]), "content": "<x>"}
    shutil.copytree(folder, tmp_path / "more")
    change(tmp_path / "more" / "tokenizer.json", added_tokens=[*content["added_tokens"], one])
    assert read_bert_tokenizer(tmp_path / "more") is None
    (folder / "tokenizer.json").unlink()
    assert read_bert_tokenizer(folder) is None
    assert not isinstance(load_row_tokenizer(str(folder), "student.tokenizer"), BertTokenizer)


def test_it_is_kept_as_it_was_read(folder: Path, tmp_path: Path) -> None:
    known = (folder / "tokenizer_config.json").read_bytes()
    ours = read_bert_tokenizer(folder)
    assert ours is not None
    ours.save_pretrained(folder)  # onto itself
    shutil.rmtree(folder)
    ours.save_pretrained(tmp_path / "kept")
    assert (tmp_path / "kept" / "tokenizer_config.json").read_bytes() == known
    must_read_alike(tmp_path / "kept")


def test_it_leaves_transformers_out(folder: Path) -> None:
    code = (
        "import sys; from engine.models.load import load_row_tokenizer\n"
        f"load_row_tokenizer({str(folder)!r}, 'student.tokenizer')(['a refund'])\n"
        "sys.exit(' '.join({'transformers', 'torch'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
