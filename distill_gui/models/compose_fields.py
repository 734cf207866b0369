"""What a form shows of each key of a configuration, read off the engine's own fields. Knows no Qt and no values.

A field's title, help, bounds and choices are written once, in the engine; a new setting shows up here by itself.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from engine import catalog
from engine.config import StudentConfig, TaskConfig, TeacherConfig, TrainingConfig

Kind = Literal["whole", "number", "text", "choice", "flag", "path", "seeds", "layers"]
Choices = tuple[tuple[str, str, str], ...]  # (value, what the person reads, what it means or "")

GROUPS: dict[str, type[BaseModel]] = {
    "teacher": TeacherConfig,
    "student": StudentConfig,
    "task": TaskConfig,
    "training": TrainingConfig,
}


@dataclass(frozen=True)
class FieldSpec:
    """One key: ``section.key`` as in the TOML, what it is called, what may be put in, and where it stands in the form.

    The section of a feature term is ``features.1``, counted from 1 as in the engine's faults.
    For a number with a slider ``bounds`` are the smallest and the largest one, ``track`` those at the slider's ends;
    without a ``track`` there is no slider. "seeds" are text, such as "1, 2, 3"; "layers" is one of the choices or a list
    of pairs. ``suggestions`` are values for a field that takes any text. ``only_if`` maps keys of the same section to the
    value, or the list of values, under which the field applies.
    """

    key: str
    title: str
    help: str
    kind: Kind
    default: Any = None
    required: bool = False
    choices: Choices = ()
    suggestions: tuple[str, ...] = ()
    bounds: tuple[float, float] = (-math.inf, math.inf)
    track: tuple[float, float] | None = None
    step: float = 1.0
    decimals: int = 2
    advanced: bool = False
    unit: str = ""
    placeholder: str = ""
    only_if: Mapping[str, Any] = field(default_factory=dict)
    limits: str = ""  # the engine's bounds in words, such as "from 0 to 1"

    @property
    def section(self) -> str:
        return self.key.rpartition(".")[0]


@cache
def group_fields(section: str) -> tuple[FieldSpec, ...]:
    """The fields of a section other than the loss, basic before advanced ones, in the engine's order."""
    fields = [_field(section, name, info) for name, info in GROUPS[section].model_fields.items()]
    return tuple(sorted(fields, key=lambda spec: spec.advanced))


@cache
def loss_fields(kind: str) -> tuple[FieldSpec, ...]:
    """The settings of one loss, without its kind. KeyError where there is no such loss."""
    settings = catalog.losses()[kind].settings
    return tuple(_field("loss", name, info) for name, info in settings.model_fields.items() if name != "kind")


@cache
def feature_fields(kind: str, number: int) -> tuple[FieldSpec, ...]:
    """The settings of the feature term ``number`` (from 1), basic before advanced ones, its weight first. KeyError."""
    settings = catalog.features()[kind].settings.model_fields
    fields = [_field(f"features.{number}", name, info) for name, info in settings.items() if name != "kind"]
    return tuple(sorted(fields, key=lambda spec: spec.advanced))


@cache
def loss_kind_field() -> FieldSpec:
    """The choice of the loss itself."""
    choices = tuple((name, loss.title, loss.summary) for name, loss in catalog.losses().items())
    return FieldSpec(
        "loss.kind",
        "Distillation loss",
        "How the student is drawn to the teacher.",
        "choice",
        required=True,
        choices=choices,
    )


def _field(section: str, name: str, info: FieldInfo) -> FieldSpec:
    extra: Mapping[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    key = f"{section}.{info.alias or name}"
    kind, choices = _kind(key, info, extra)
    decimals = extra.get("decimals", 2)
    low, high = _bounds(info, smallest=10.0**-decimals) if extra.get("slider") else (-math.inf, math.inf)
    track = (extra.get("slider_minimum", low), extra.get("slider_maximum", high)) if extra.get("slider") else None
    return FieldSpec(
        key=key,
        title="Seeds" if kind == "seeds" else info.title or name,
        help=info.description or "",
        kind=kind,
        default="0" if kind == "seeds" else None if info.default is PydanticUndefined else info.default,
        required=info.is_required(),
        choices=choices,
        suggestions=() if kind == "layers" else tuple(extra.get("choices", ())),
        bounds=(low, high),
        track=track,
        step=extra.get("step", 1.0),
        decimals=decimals,
        advanced=extra.get("advanced", False),
        unit=extra.get("unit", ""),
        placeholder=extra.get("placeholder", ""),
        only_if=extra.get("only_if", {}),
        limits=_limits(info),
    )


def _kind(key: str, info: FieldInfo, extra: Mapping[str, Any]) -> tuple[Kind, Choices]:
    if key == "training.seed":
        return "seeds", ()
    if key == "task.name":
        return "choice", tuple((name, task.title, task.about) for name, task in catalog.tasks().items())
    if extra.get("layer_map"):
        titles = extra.get("titles", {})
        return "layers", tuple((value, titles.get(value, value.capitalize()), "") for value in extra["choices"])
    plain = _without_none(info.annotation)
    if typing.get_origin(plain) is Literal:
        titles = extra.get("titles", {})
        return "choice", tuple((value, titles.get(value, value), "") for value in typing.get_args(plain))
    if plain is str:
        return ("path" if extra.get("path") else "text"), ()
    kinds: dict[Any, Kind] = {bool: "flag", int: "whole", float: "number"}
    if plain not in kinds:
        raise TypeError(f"{key} is a {plain}: teach compose_fields.py how a form shows one")
    return kinds[plain], ()


def _without_none(annotation: Any) -> Any:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return next(part for part in typing.get_args(annotation) if part is not type(None))
    return annotation


def _limits(info: FieldInfo) -> str:
    """The bounds as a person reads them; "" without any."""
    found = {
        name: getattr(limit, name)
        for limit in info.metadata
        for name in ("ge", "gt", "le", "lt")
        if hasattr(limit, name)
    }
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    return " ".join(f"{word} {_whole(found[name]):,}" for name, word in words.items() if name in found)


def _whole(number: float) -> float:
    return int(number) if float(number).is_integer() else number


def _bounds(info: FieldInfo, smallest: float) -> tuple[float, float]:
    """The bounds of a number; one that must be more than a bound starts ``smallest`` above it."""
    low, high = -math.inf, math.inf
    for limit in info.metadata:
        low = max(low, getattr(limit, "ge", low), getattr(limit, "gt", low - smallest) + smallest)
        high = min(high, getattr(limit, "le", high), getattr(limit, "lt", high + smallest) - smallest)
    return low, high
