"""Score against a swept value: contenders that are alike but for one number, such as λ, make a curve. Knows no drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.analysis.compare.contenders import Contender
from engine.analysis.methods import values_of
from engine.analysis.row_names import setting_text

LEAST_VALUES = 3  # for a curve
SIGNS = {"loss.lambda": "λ", "loss.temperature": "T", "loss.gamma": "γ"}


@dataclass(frozen=True)
class SweptPoint:
    """``value`` of the swept setting, and the contender that has it."""

    value: float
    contender: Contender


@dataclass(frozen=True)
class SweptSeries:
    """One method along the swept value, in its order."""

    label: str
    points: tuple[SweptPoint, ...]


@dataclass(frozen=True)
class Sweep:
    """``key`` is the swept setting's dotted key, ``sign`` how it is written: λ."""

    key: str
    sign: str
    series: tuple[SweptSeries, ...]


def sweeps_of(contenders: Sequence[Contender]) -> list[Sweep]:
    """Every setting that was swept over at least ``LEAST_VALUES`` values with all else alike; λ, T and γ first."""
    keys = {key for one in contenders for key, value in one.settings.items() if _is_number(value)}
    whole = {id(one): values_of(one.settings, one.settings) for one in contenders}
    terms = {id(one): tuple(values_of(term, term) for term in one.method.features) for one in contenders}
    found = []
    for key in sorted(keys, key=lambda key: (list(SIGNS).index(key) if key in SIGNS else len(SIGNS), key)):
        alike: dict[Any, list[Contender]] = defaultdict(list)
        having = [one for one in contenders if _is_number(one.settings.get(key))]
        if len({one.settings[key] for one in having}) < LEAST_VALUES:
            continue
        for one in having:
            alike[tuple(pair for pair in whole[id(one)] if pair[0] != key), terms[id(one)]].append(one)
        series = [
            _series(key, its) for its in alike.values() if len({one.settings[key] for one in its}) >= LEAST_VALUES
        ]
        if series:
            found.append(Sweep(key, SIGNS.get(key, key), tuple(series)))
    return found


def _series(key: str, its: Sequence[Contender]) -> SweptSeries:
    points = sorted((SweptPoint(float(one.settings[key]), one) for one in its), key=lambda point: point.value)
    own = setting_text(key, its[0].settings[key])
    parts = [part for part in its[0].title.split(" · ") if part != own]
    return SweptSeries(" · ".join(parts), tuple(points))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
