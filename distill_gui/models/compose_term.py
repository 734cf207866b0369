"""Feature terms of a draft: what was chosen for each, and layer maps as text and back. Knows no other section and no Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

SECTION = "features"
_ARROWS = ("↔", "<->", "->", "→")
_tokens = count(1)


@dataclass
class TermDraft:
    """One ``[[features]]`` table in the making: values by the setting's name, and those that "reset" goes back to.

    ``token`` stays with a term while others before it come and go.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    token: int = field(default_factory=lambda: next(_tokens))


@dataclass(frozen=True)
class TermWords:
    """What a form says of a feature term: ``curve`` names its curves, ``part`` is what it adds to the formula."""

    section: str
    token: int
    title: str
    curve: str
    part: str
    about: str


def term_tables(table: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """The ``[[features]]`` tables of a nested table, what is no table left out; None where it does not speak of them."""
    found = table.get(SECTION)
    return [term for term in found if isinstance(term, Mapping)] if isinstance(found, (list, tuple)) else None


def term_number(key: str) -> int | None:
    """The number of the term, from 1, that ``features.2`` or ``features.2.weight`` is about; None for another key."""
    match = re.fullmatch(rf"{SECTION}\.([1-9][0-9]*)(\.[^.]+)?", key)
    return int(match[1]) if match else None


# layer maps ---------------------------------------------------------------------------------------------------------


def is_pairs(value: Any) -> bool:
    """Whether a layer map is pairs of places, rather than a name or the beginnings of pairs."""
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in value)
    )


def pairs_text(pairs: Iterable[Iterable[Any]]) -> str:
    """``[[1, 2], [3, "bert.pooler"]]`` → ``1↔2, 3↔bert.pooler``."""
    return ", ".join("↔".join(map(str, pair)) for pair in pairs)


def parse_pairs(text: str) -> list[list[int | str]]:
    """``1↔2, 3-bert.pooler`` → ``[[1, 2], [3, "bert.pooler"]]``. Raises ValueError with a sentence."""
    pairs = [_pair(word.strip()) for word in re.split(r"[,;\n]", text) if word.strip()]
    if not pairs:
        raise ValueError("give pairs of layers such as “1↔2, 2↔4” (or 1-2, 2-4), the student's first")
    return pairs


def _pair(text: str) -> list[int | str]:
    arrow = next((arrow for arrow in _ARROWS if arrow in text), "-")
    places = [place.strip() for place in text.split(arrow)]
    if len(places) != 2 or not all(places):
        raise ValueError(f"“{text[:40]}” is no pair; write the student's layer and the teacher's as 1↔2 or 1-2")
    return [int(place) if re.fullmatch(r"[0-9]{1,4}", place) else place for place in places]
