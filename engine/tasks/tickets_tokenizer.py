"""Makes the sample's WordPiece tokenizer from the sample's own text; knows nothing of labels or models.

The trainer of the ``tokenizers`` library breaks ties by the order of a hash map and gives another vocabulary on every
call, so the merges are counted here, ties going to the alphabet: the same text gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SIZE = 1200


def vocabulary(texts: Iterable[str], size: int = SIZE) -> list[str]:
    """The pieces by number: special tokens, single characters, then the most frequent merges until there are ``size``."""
    counts = Counter(word for text in texts for word in re.findall(r"[a-z0-9]+|[^\sa-z0-9]", text.lower()))
    words = {word: [word[0], *("##" + letter for letter in word[1:])] for word in sorted(counts)}
    pieces = [*SPECIAL_TOKENS, *sorted({piece for parts in words.values() for piece in parts})]
    known = set(pieces)
    while len(pieces) < size:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, parts in words.items():
            for pair in pairwise(parts):
                pairs[pair] += counts[word]
        if not pairs:
            break
        first, second = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merged = first + second.removeprefix("##")
        if merged not in known:  # two different pairs can spell the same piece
            known.add(merged)
            pieces.append(merged)
        for word, parts in words.items():
            if merged.removeprefix("##") in word:
                words[word] = _merge(parts, first, second, merged)
    return pieces


def _merge(parts: list[str], first: str, second: str, merged: str) -> list[str]:
    joined: list[str] = []
    for part in parts:
        if joined and joined[-1] == first and part == second:
            joined[-1] = merged
        else:
            joined.append(part)
    return joined


def write_tokenizer(folder: Path, texts: Sequence[str]) -> list[Path]:
    """Write ``tokenizer/`` below ``folder`` as transformers reads it: tokenizer.json, tokenizer_config.json, vocab.txt."""
    pieces = vocabulary(texts)
    ids = {piece: number for number, piece in enumerate(pieces)}
    target = folder / "tokenizer"
    target.mkdir(parents=True, exist_ok=True)
    contents = {
        "tokenizer.json": json.dumps(_description(ids), indent=1) + "\n",
        "tokenizer_config.json": json.dumps(_settings(), indent=1) + "\n",
        "vocab.txt": "\n".join(pieces) + "\n",
    }
    for name, text in contents.items():
        (target / name).write_text(text, encoding="utf-8", newline="\n")
    return [target / name for name in contents]


def _settings() -> dict[str, object]:
    names = {f"{token.strip('[]').lower()}_token": token for token in SPECIAL_TOKENS}
    return {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 128, **names}


def _description(ids: dict[str, int]) -> dict[str, object]:
    """The tokenizer in the JSON form of the ``tokenizers`` library, as BERT's uncased ones are written."""

    def template(*parts: tuple[str, str, int]) -> list[object]:
        return [{kind: {"id": name, "type_id": side}} for kind, name, side in parts]

    head, first_end = ("SpecialToken", "[CLS]", 0), ("SpecialToken", "[SEP]", 0)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token in SPECIAL_TOKENS
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template(head, ("Sequence", "A", 0), first_end),
            "pair": template(head, ("Sequence", "A", 0), first_end, ("Sequence", "B", 1), ("SpecialToken", "[SEP]", 1)),
            "special_tokens": {
                token: {"id": token, "ids": [ids[token]], "tokens": [token]} for token in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
    }
