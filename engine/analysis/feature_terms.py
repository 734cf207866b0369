"""A run's feature terms as the table tells and names them: "10·hidden (cosine, skip)".

Knows terms as plain dicts (the TOML's own keys) and the catalogue; knows no scores and no other settings.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.types import FeatureLoss

Term = dict[str, Any]

# These say which loss it is, so they are always told.
_NAMING = ("distance", "version")


def effective_terms(tables: Iterable[Any], known: Mapping[str, FeatureLoss]) -> tuple[Term, ...]:
    """The terms with every setting, whether given or at its default, without those that have no effect.

    In the catalogue's order: a sum does not depend on the order of its terms.
    """
    terms = [_effective(table, known) for table in tables if isinstance(table, Mapping)]
    order = list(known)

    def place(term: Term) -> tuple[int, str]:
        kind = str(term.get("kind"))
        return (order.index(kind) if kind in known else len(order), json.dumps(term, sort_keys=True, default=str))

    return tuple(sorted(terms, key=place))


def comparable(value: Any) -> Hashable:
    """A setting as something hashable; scalars as they are, so that 2 equals 2.0."""
    scalar = value is None or isinstance(value, (str, int, float))
    return value if scalar else json.dumps(value, sort_keys=True, default=str)


def _effective(table: Mapping[str, Any], known: Mapping[str, FeatureLoss]) -> Term:
    loss = known.get(str(table.get("kind")))
    term = {**_defaults(loss), **table}
    for name, info in loss.settings.model_fields.items() if loss else ():
        extra = info.json_schema_extra
        only_if = extra.get("only_if") if isinstance(extra, dict) else None
        if isinstance(only_if, dict) and not all(_is_one_of(term.get(key), value) for key, value in only_if.items()):
            term.pop(name, None)
    return {key: value for key, value in term.items() if value is not None}


def _is_one_of(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, (list, tuple)) else bool(value == wanted)


def _defaults(loss: FeatureLoss | None) -> Term:
    return {name: info.default for name, info in loss.settings.model_fields.items()} if loss else {}


def differing_settings(runs: Iterable[tuple[Term, ...]]) -> set[tuple[str, str]]:
    """(kind, setting) of what is not the same in all terms of a kind that have it, in one run or across runs.

    A setting that applies only under another one, such as MiniLM 2's relation heads, does not differ from being absent.
    """
    by_kind: dict[str, list[Term]] = defaultdict(list)
    for terms in runs:
        for term in terms:
            by_kind[str(term.get("kind"))].append(term)
    return {
        (kind, key)
        for kind, terms in by_kind.items()
        for key in {key for term in terms for key in term}
        if len({comparable(term[key]) for term in terms if key in term}) > 1
    }


def term_title(term: Term, shown: Iterable[tuple[str, str]], known: Mapping[str, FeatureLoss]) -> str:
    """The term's kind with what is not at its default or is in ``shown``: "hidden (mse)", "10·attention (maps, skip)"."""
    kind = str(term.get("kind"))
    defaults, wanted = _defaults(known.get(kind)), set(shown)
    told = [
        key for key, value in sorted(term.items(), key=lambda item: item[0] not in _NAMING)
        if key != "kind" and (key in _NAMING or (kind, key) in wanted or defaults.get(key) != value)
    ]  # fmt: skip
    inside = [text for key in told if key != "weight" and (text := _setting_text(key, term[key]))]
    weight = f"{term['weight']:g}·" if "weight" in told and isinstance(term["weight"], (int, float)) else ""
    return f"{weight}{kind}" + (f" ({', '.join(inside)})" if inside else "")


def _setting_text(key: str, value: Any) -> str:
    if key == "layers":
        return value if isinstance(value, str) else " ".join("↔".join(map(str, pair)) for pair in value)
    words = {
        "distance": str(value), "mode": str(value), "version": f"v{value}",
        "schedule": {"constant": "constant", "rise": "rising", "fall": "falling"}.get(str(value), str(value)),
        "schedule_share": f"over {_number(value, 100)} %",
        "dynamic": "dynamic α" if value else "fixed α",
    }  # fmt: skip
    return words.get(key) or f"{key.replace('_', ' ')} {_number(value)}"


def _number(value: Any, times: float = 1) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value * times:g}" if is_number else str(value).replace("_", " ")
