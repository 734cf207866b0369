"""What is set differently among contenders, key by key. Knows settings, no scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import catalog
from engine.analysis.compare.contenders import Contender
from engine.analysis.feature_terms import comparable, differing_settings, term_title

NOT_SET = "—"
FIRST = ("student.architecture", "loss.kind", "features", "loss.lambda", "loss.temperature", "loss.gamma")
TOLD = {*FIRST, "teacher.model"}  # also where it only has no effect on some: what a method is


@dataclass(frozen=True)
class DiffRow:
    """One dotted key: its value for each contender as text, and whether it is another than the baseline's."""

    key: str
    values: tuple[str, ...]
    differs: tuple[bool, ...]


def config_diff(contenders: Sequence[Contender], baseline: Contender | None = None) -> list[DiffRow]:
    """The keys that are not the same for all."""
    shown = differing_settings([one.method.features for one in contenders])
    settings = [{**one.settings, "features": _features(one, shown)} for one in contenders]
    of_baseline = next((its for its, one in zip(settings, contenders, strict=True) if one is baseline), None)
    keys = sorted({key for its in settings for key in its}, key=_place)
    rows = []
    for key in keys:
        values = [its.get(key) for its in settings]
        set_values = {comparable(value) for value in values if value is not None}
        if not set_values or (len(set_values) == 1 and (key not in TOLD or None not in values)):
            continue  # alike, or of no effect on some, as a teacher's learning rate is without a teacher
        base: Any = of_baseline.get(key) if of_baseline is not None else None
        differs = tuple(of_baseline is not None and comparable(value) != comparable(base) for value in values)
        rows.append(DiffRow(key, tuple(map(value_text, values)), differs))
    return rows


def value_text(value: Any) -> str:
    """A value as it stands in a TOML, without the quotes of text; "—" where it is not set or has no effect."""
    if value is None:
        return NOT_SET
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {value_text(one)}" for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(value_text, value))}]"
    return str(value)


def _features(one: Contender, shown: set[tuple[str, str]]) -> str | None:
    return " + ".join(term_title(term, shown, catalog.features()) for term in one.method.features) or None


def _place(key: str) -> tuple[int, str]:
    return (FIRST.index(key) if key in FIRST else len(FIRST), key)
