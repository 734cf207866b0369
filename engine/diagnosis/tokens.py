"""How the tokenizers read real rows: as the model was trained, alike for teacher and student, whole words, nothing cut.

Knows tokenizers and texts; no model, no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.diagnosis.finding import Finding, Level, shown
from engine.diagnosis.sample import Sample

UNKNOWN_SHARE = 0.02  # of the tokens: more is worth a look
BLIND_SHARE = 0.5  # of the tokens: the model sees next to nothing
CUT_SHARE = 0.01  # of the rows
_TITLE = "Tokenizers"


def own_finding(given: Any, own: Any, texts: Sequence[Sequence[str]], whose: str, key: str) -> Finding:
    """Whether the ``given`` tokenizer reads the rows as the model's ``own`` does: its embeddings know only that one's numbers."""
    ours, theirs = _ids(given, texts), _ids(own, texts)
    equal = sum(mine == its for mine, its in zip(ours, theirs, strict=True)) / len(ours)
    numbers = {"rows": len(ours), "equal_rows": equal}
    if equal == 1:
        text = f"The tokenizer given for the {whose} reads {len(ours)} rows exactly as the model's own does."
        return Finding("fine", "own_tokenizer", "Tokenizer", text, "", key, numbers)
    words = _words(given, ours) == _words(own, theirs)
    how = (
        "as the model's own does but numbers the tokens differently"
        if words
        else "into other tokens than the model's own"
    )
    text = (
        f"The tokenizer given for the {whose} cuts rows {how}: {_percent(equal)} of {len(ours)} rows are "
        f"equal, so the {whose} reads other words than are written."
    )
    level: Level = "stop" if equal < 0.5 else "look"
    return Finding(
        level, "own_tokenizer", "Tokenizer", text, f"Leave {key} out: the model's own is used then.", key, numbers
    )


def agreement_finding(sample: Sample) -> Finding:
    """Whether teacher and student cut the rows into the same tokens."""
    pairs = [(split.encodings["student"], split.encodings["teacher"]) for split in sample.data.splits.values()]
    if all(ours is theirs for ours, theirs in pairs):
        text = "Teacher and student read the rows through one tokenizer."
        return Finding("fine", "tokenizers", _TITLE, text, "", "student.tokenizer", {"equal_rows": 1.0})
    rows = equal = 0
    for ours, theirs in pairs:
        for row in range(len(ours)):
            mine = ours.tokens[ours.starts[row] : ours.starts[row + 1]]
            its = theirs.tokens[theirs.starts[row] : theirs.starts[row + 1]]
            rows, equal = rows + 1, equal + int(np.array_equal(mine, its))
    numbers = {"rows": rows, "equal_rows": equal / rows}
    if equal == rows:
        text = f"Teacher and student have two tokenizers that cut {rows} rows into the same tokens."
        return Finding("fine", "tokenizers", _TITLE, text, "", "student.tokenizer", numbers)
    text = (
        f"Teacher and student cut the rows into different tokens ({_percent(equal / rows)} of {rows} rows are equal); "
        "each reads the text through its own."
    )
    remedy = "Fine for losses on logits; terms that compare token by token need student.tokenizer left out."
    return Finding("look", "tokenizers", _TITLE, text, remedy, "student.tokenizer", numbers)


def unknown_finding(sample: Sample, tokenizers: dict[str, Any]) -> Finding:
    """How many tokens each reader does not know. ``tokenizers`` by reader."""
    shares = {}
    for reader, tokenizer in tokenizers.items():
        unknown = getattr(tokenizer, "unk_token_id", None)
        special = [number for number in tokenizer.all_special_ids if number != unknown]
        tokens = np.concatenate([split.encodings[reader].tokens for split in sample.data.splits.values()])
        content = tokens[~np.isin(tokens, special)]
        shares[reader] = float(np.mean(content == unknown)) if unknown is not None and len(content) else 0.0
    worst = max(shares, key=lambda reader: shares[reader])
    told = ", ".join(
        _percent(share) + (f" for the {reader}" if len(shares) > 1 else "") for reader, share in shares.items()
    )
    text = f"Tokens that are not in the vocabulary ([UNK]): {told}."
    if shares[worst] <= UNKNOWN_SHARE:
        return Finding("fine", "unknown_tokens", "Words", text, "", "", shares)
    level: Level = "stop" if shares[worst] > BLIND_SHARE else "look"
    remedy = f"Choose a model and tokenizer for the language and spelling of these rows ({worst}.tokenizer)."
    return Finding(level, "unknown_tokens", "Words", text, remedy, f"{worst}.tokenizer", shares)


def truncation_finding(sample: Sample, tokenizers: dict[str, Any], max_length: int) -> Finding:
    """How many rows are cut at ``max_length``, and which length would cut fewer; by split, the reader who cuts most."""
    lengths: dict[str, Any] = {}
    for split, texts in sample.texts.items():
        counted = [[len(row) for row in _ids(tokenizer, texts)] for tokenizer in _distinct(tokenizers)]
        lengths[split] = np.max(counted, axis=0)
    cut = {split: float(np.mean(found > max_length)) for split, found in lengths.items()}
    together = np.concatenate(list(lengths.values()))
    longest = int(together.max())
    nearly = int(np.quantile(together, 1 - CUT_SHARE, method="inverted_cdf"))
    numbers: dict[str, Any] = {"cut": cut, "longest": longest, "cuts_one_percent": nearly, "rows": len(together)}
    worst = max(cut.values())
    if worst == 0:
        text = f"No sampled row is cut at {max_length} tokens; the longest has {longest}."
        return Finding("fine", "truncation", "Length", text, "", "task.max_length", numbers)
    told = ", ".join(f"{_percent(share)} of {shown(split)}" for split, share in cut.items())
    text = f"At {max_length} tokens rows are cut: {told}."
    if worst <= CUT_SHARE:
        return Finding("fine", "truncation", "Length", text, "", "task.max_length", numbers)
    remedy = f"task.max_length = {min(nearly, 512)} would cut " + (
        "1 % at most" if nearly <= 512 else f"{_percent(float(np.mean(together > 512)))} (512 is the most)"
    )
    if nearly < longest <= 512:
        remedy += f", {longest} none"
    return Finding(
        "look",
        "truncation",
        "Length",
        text,
        f"{remedy} of the {len(together)} sampled rows.",
        "task.max_length",
        numbers,
    )


def _ids(tokenizer: Any, texts: Sequence[Sequence[str]]) -> list[list[int]]:
    """Token numbers of whole rows, nothing cut."""
    return tokenizer(*(list(column) for column in texts), truncation=False, padding=False, verbose=False)["input_ids"]


def _words(tokenizer: Any, rows: list[list[int]]) -> list[list[str]]:
    return [tokenizer.convert_ids_to_tokens(row) for row in rows]


def _distinct(tokenizers: dict[str, Any]) -> list[Any]:
    return list({id(tokenizer): tokenizer for tokenizer in tokenizers.values()}.values())


def _percent(share: float) -> str:
    """A share in words; never rounded to all or nothing."""
    percent = 100 * share
    if 0 < percent < 0.1 or 99.9 < percent < 100:
        return "under 0.1 %" if percent < 1 else "over 99.9 %"
    return f"{percent:.1f} %" if percent % 1 else f"{percent:.0f} %"
