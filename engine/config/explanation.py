"""What a loss's settings mean, in plain numbers and in a sentence; torch-free, knows no other section."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from engine import catalog
from engine.losses.features.layers import described, layer_pairs
from engine.losses.objective import formula
from engine.types import Body, FeatureSettings, LossSettings, MappedFeatureSettings, WeightedLossSettings

STANDARDISATION = "Sun et al. 2024, “Logit Standardization in Knowledge Distillation”"

_Settings = TypeVar("_Settings", LossSettings, FeatureSettings)


def loss_settings(table: Mapping[str, Any]) -> LossSettings:
    """The settings of ``table["kind"]``, a setting that is faulty or foreign at its default.

    Raises KeyError where there is no such loss.
    """
    return _leniently(catalog.losses()[table["kind"]].settings, table)


def feature_terms(tables: Iterable[Any]) -> list[FeatureSettings]:
    """The settings of each ``[[features]]`` table, a faulty or foreign one at its default; of a kind that is unknown, none."""
    known = catalog.features()
    whole = [table for table in tables if isinstance(table, Mapping) and table.get("kind") in known]
    return [_leniently(known[table["kind"]].settings, table) for table in whole]


def term_names(kinds: Iterable[str]) -> list[str]:
    """What the curves of these feature terms are called: each its kind, with a number from the second of a kind on."""
    counts: dict[str, int] = {}
    found = []
    for kind in kinds:
        counts[kind] = counts.get(kind, 0) + 1
        found.append(kind if counts[kind] == 1 else f"{kind}-{counts[kind]}")
    return found


def _leniently(settings: type[_Settings], table: Mapping[str, Any]) -> _Settings:
    try:
        return settings.model_validate(dict(table))
    except ValidationError as error:
        faulty = {problem["loc"][0] for problem in error.errors(include_url=False)}
    return settings.model_validate({key: value for key, value in table.items() if key not in faulty})


def formula_of(settings: LossSettings, features: Sequence[FeatureSettings] = ()) -> str:
    """The run's whole loss in plain numbers: ``0.30·CE(y) + 0.70·4.00·KL(p‖f; T=2) + 1.00·hidden mse (uniform)``."""
    terms = [(catalog.features()[term.kind], term) for term in features]
    return formula(catalog.losses()[settings.kind], settings, terms)


def sources_of(settings: LossSettings, features: Sequence[FeatureSettings] = ()) -> list[str]:
    """Where each part of the loss was published, in the order of the formula, each once."""
    sources = [catalog.losses()[settings.kind].source]
    if isinstance(settings, WeightedLossSettings) and settings.standardise:
        sources.append(STANDARDISATION)
    sources += [catalog.features()[term.kind].source for term in features]
    return list(dict.fromkeys(filter(None, sources)))


def notice_of(settings: LossSettings, features: Sequence[FeatureSettings] = ()) -> str:
    """A warning that holds for exactly these settings beside these feature terms, its first sentence the point; or ""."""
    return catalog.losses()[settings.kind].notice(settings, [term.kind for term in features])


def pairs_of(settings: FeatureSettings, student_layers: int, teacher_layers: int) -> str:
    """The pairs that a layer map comes to for models of these depths, as ``1↔2, 2↔4``; "" where it does not fit them."""
    if not isinstance(settings, MappedFeatureSettings):
        return ""
    student, teacher = (Body(layers, hidden=0, heads=0) for layers in (student_layers, teacher_layers))
    try:
        return described(tuple(layer_pairs(settings.layers, student, teacher)))
    except ValueError:
        return ""
