"""BERT's tokenizer out of a folder through the tokenizers library alone, token for token as transformers' BertTokenizer.

Importing transformers for it takes as long as half of importing torch. Whatever is not BERT's own rules (Devlin et al. 2019, §3:
WordPiece over lower-cased or cased words) is left to transformers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_SPECIAL = {
    "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]",
}  # fmt: skip
_SETTINGS = {"padding_side": "right", "truncation_side": "right", "split_special_tokens": False}
_NAMES = ("BertTokenizer", "BertTokenizerFast")
_MODEL = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
_KEPT = ("tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


class BertTokenizer:
    """A fast tokenizer as far as rows are read with it; ``len`` is the number of its tokens, added ones counted."""

    model_input_names = ("input_ids", "token_type_ids", "attention_mask")
    truncation_side = "right"
    pad_token_type_id = 0
    split_special_tokens = False

    def __init__(self, backend: Tokenizer, folder: Path, kept: dict[str, bytes]) -> None:
        self.backend_tokenizer = backend
        self.name_or_path = str(folder)
        self.pad_token_id = int(backend.token_to_id("[PAD]") or 0)
        self._kept = kept  # as they were when it was read: the folder may change, or go, while a run trains

    def __len__(self) -> int:
        return int(self.backend_tokenizer.get_vocab_size())

    def __call__(
        self, *columns: Sequence[str], truncation: bool = False, max_length: int = 0, **settings: Any
    ) -> dict[str, list[list[int]]]:
        """Token ids and types of rows of one or two texts, with the special tokens, not padded."""
        backend = self.backend_tokenizer
        backend.no_padding()
        if truncation:
            backend.enable_truncation(max_length, direction=self.truncation_side)
        else:
            backend.no_truncation()
        rows = list(columns[0]) if len(columns) == 1 else list(zip(*columns, strict=True))
        found = backend.encode_batch(rows)
        return {"input_ids": [row.ids for row in found], "token_type_ids": [row.type_ids for row in found]}

    def save_pretrained(self, folder: Path) -> None:
        """Write the tokenizer with the truncation it has now, and its settings as they were given."""
        folder.mkdir(parents=True, exist_ok=True)
        self.backend_tokenizer.save(str(folder / "tokenizer.json"))
        for name, content in self._kept.items():
            (folder / name).write_bytes(content)


def read_bert_tokenizer(folder: Path) -> BertTokenizer | None:
    """The tokenizer of a folder; None where it is not BERT's own, or something about it is not as expected."""
    from tokenizers import Tokenizer

    try:
        told, content = _table(folder / "tokenizer_config.json"), _table(folder / "tokenizer.json")
        marks = _optional(folder / "special_tokens_map.json")
        if not _is_berts(folder, told, content) or not _are_berts(told) or not _are_berts(marks):
            return None
        if _optional(folder / "config.json").get("model_type", "bert") != "bert":  # whose kind counts for more
            return None
        kept = {name: (folder / name).read_bytes() for name in _KEPT if (folder / name).is_file()}
        backend = Tokenizer.from_str(json.dumps({**content, "truncation": None, "padding": None}))
    except Exception:  # whatever is wrong with it: transformers reads it, or says so
        return None
    known = {backend.id_to_token(number) for number in range(backend.get_vocab_size())}
    return BertTokenizer(backend, folder, kept) if set(_SPECIAL.values()) <= known and None not in known else None


def _is_berts(folder: Path, told: dict[str, Any], content: dict[str, Any]) -> bool:
    model = content["model"]
    rules = {
        "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": told.get("tokenize_chinese_chars", True),
        "strip_accents": told.get("strip_accents"), "lowercase": told.get("do_lower_case", True),
    }  # fmt: skip
    added = {entry["id"]: entry for entry in content["added_tokens"]}
    return (
        told.get("tokenizer_class") in _NAMES
        and "auto_map" not in told
        and not (folder / "added_tokens.json").exists()
        and told.get("model_input_names", list(BertTokenizer.model_input_names)) == list(BertTokenizer.model_input_names)
        and all((content.get(name) or {}).get("direction", "Right") == "Right" for name in ("truncation", "padding"))
        and all(told.get(name, value) == value for name, value in _SETTINGS.items())
        and not told.get("never_split")
        and all(_is_known(number, entry, added) for number, entry in told.get("added_tokens_decoder", {}).items())
        and {key: model.get(key) for key in _MODEL} == _MODEL
        and content["normalizer"] == rules
        and content["pre_tokenizer"] == {"type": "BertPreTokenizer"}
        and content["post_processor"] == _template(model["vocab"])
        and {entry["content"] for entry in added.values()} == set(_SPECIAL.values())
        and {number: _word(entry) for number, entry in told.get("added_tokens_decoder", {}).items()}.items()
        <= {str(number): entry["content"] for number, entry in added.items()}.items()
        and all(_is_special(entry) and model["vocab"].get(entry["content"]) == number for number, entry in added.items())
    )  # fmt: skip


def _are_berts(marks: dict[str, Any]) -> bool:
    """Whether the special tokens that a file of settings names are BERT's five and no more."""
    more = [name for name, value in marks.items() if value and name.endswith(("_tokens", "_special_tokens"))]
    named = {
        name: _word(value)
        for name, value in marks.items()
        if name in _SPECIAL or (name.endswith("_token") and value is not None)
    }
    return not more and named.items() <= _SPECIAL.items()


def _is_known(number: str, entry: dict[str, Any], added: dict[int, dict[str, Any]]) -> bool:
    """Whether an added token of the settings is that of the tokenizer itself."""
    known = added.get(int(number), {})
    return all(known.get(name) == value for name, value in entry.items())


def _template(vocabulary: dict[str, int]) -> dict[str, Any]:
    """How BERT puts rows together, [CLS] first [SEP] second [SEP], as the tokenizers library writes it."""

    def mark(word: str, kind: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": word, "type_id": kind}}

    def text(name: str, kind: int) -> dict[str, Any]:
        return {"Sequence": {"id": name, "type_id": kind}}

    single = [mark("[CLS]", 0), text("A", 0), mark("[SEP]", 0)]
    marks = {word: {"id": word, "ids": [vocabulary[word]], "tokens": [word]} for word in ("[CLS]", "[SEP]")}
    pair = [*single, text("B", 1), mark("[SEP]", 1)]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": marks}


def _is_special(entry: dict[str, Any]) -> bool:
    """Whether an added token is found as it stands and nothing around it."""
    return bool(entry["special"]) and not any(entry[name] for name in ("single_word", "lstrip", "rstrip", "normalized"))


def _word(token: Any) -> Any:
    """A special token's text: it is given as such, or as a table."""
    return token.get("content") if isinstance(token, dict) else token


def _optional(file: Path) -> dict[str, Any]:
    return _table(file) if file.is_file() else {}


def _table(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{file} is not a table")
    return content
