"""Values of a form as text and back: numbers, seeds, layer maps. What is no number stays text, so that the engine can say so."""

from __future__ import annotations

import re
from typing import Any

from distill_gui.models.compose_fields import FieldSpec
from distill_gui.models.compose_term import is_pairs, pairs_text, parse_pairs

LARGEST_SEED = 2**31 - 1
MOST_SEEDS = 100


def as_text(value: Any) -> str:
    """A value as a person would type it; nothing for one that is left out."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return re.sub(r"e([+-])0*", lambda match: "e-" if match[1] == "-" else "e", repr(value)).removesuffix(".0")
    return pairs_text(value) if is_pairs(value) else str(value)


def from_text(spec: FieldSpec, text: str) -> Any:
    """What was typed into a field: None for nothing, a number or pairs of layers where it is that, else the text itself."""
    text = text.strip()
    if spec.kind == "layers":
        try:
            return parse_pairs(text)
        except ValueError:
            return text
    if not text:
        return None
    if spec.kind in ("whole", "number"):
        for number in (int, float):
            try:
                return number(text)
            except ValueError:
                continue
    return text


def parse_seeds(text: str) -> list[int]:
    """The seeds of "1, 2, 3", each once and in order. Raises ValueError with a sentence."""
    seeds: list[int] = []
    for word in re.split(r"[,;\s]+", text.strip(" ,;")):
        if not re.fullmatch(r"[0-9]+", word):
            said = f"“{word}” is none" if word else "there is none"
            raise ValueError(f"give whole numbers such as “1, 2, 3”; {said}")
        if len(word) > 10 or int(word) > LARGEST_SEED:
            raise ValueError(f"seeds go up to {LARGEST_SEED}; “{word[:20]}” is more")
        seeds.append(int(word))
    if len(seeds) > MOST_SEEDS:
        raise ValueError(f"at most {MOST_SEEDS} seeds can be queued at once; these are {len(seeds)}")
    return list(dict.fromkeys(seeds))
