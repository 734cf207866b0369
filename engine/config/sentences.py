"""Pydantic's findings as sentences: what is wrong with which key, and the remedy; validates nothing itself."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from engine import catalog
from engine.config.sections import (
    DistillationConfig,
    StudentConfig,
    TaskConfig,
    TeacherConfig,
    TrainingConfig,
)
from engine.errors import Fault

SECTIONS: dict[str, type[BaseModel]] = {
    "task": TaskConfig,
    "teacher": TeacherConfig,
    "student": StudentConfig,
    "training": TrainingConfig,
}
TAKE_OUT = "take the key out (on the command line: --set {}=)"  # of a setting that the loss does not have
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "string": "text in quotes",
    "bool": "true or false",
    "model": "a section",
    "dict": "a section",
    "finite": "a finite number",
}


def as_fault(raw: Mapping[str, Any], problem: Mapping[str, Any]) -> Fault:
    """One entry of ``ValidationError.errors()`` for the raw table ``raw`` as a fault with its dotted key."""
    path = tuple(str(part + 1) if isinstance(part, int) else part for part in problem["loc"])  # a person counts from 1
    return Fault(".".join(path), _sentence(raw, path, problem))


def _sentence(raw: Mapping[str, Any], path: tuple[str, ...], problem: Mapping[str, Any]) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    given = _shown(problem.get("input"))
    if kind == "extra_forbidden":
        return _unknown_key(raw, path)
    if kind == "missing":
        if len(path) == 1:
            return f"this section is missing; add [{path[0]}]"
        return f"this key is missing; add “{path[-1]} = …”"
    if kind == "literal_error":
        return f"must be one of {context['expected'].replace(chr(39), '')}; it is {given}"
    if kind in _BOUNDS:
        words, bound = _BOUNDS[kind]
        return f"must be {words} {context[bound]:g}; it is {given}"
    if kind == "string_too_long":
        return f"must have at most {context['max_length']} characters; it has {len(problem['input'])}"
    if kind == "string_pattern_mismatch" and path == ("training", "device"):
        return f"must be auto, cpu, cuda or cuda:N; it is {given}"
    for beginning, words in _TYPES.items():
        if kind.startswith(beginning):
            return f"must be {words}; it is {given}"
    return problem["msg"].removeprefix("Value error, ")


def _shown(value: Any) -> str:
    """A faulty value as the person wrote it, in TOML's words, cut where it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"“{value}”" if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= 80 else text[:77] + "…" + text[-1]


def _unknown_key(raw: Mapping[str, Any], path: tuple[str, ...]) -> str:
    known = _known_keys(raw, path[:-1])
    close = difflib.get_close_matches(path[-1], known, n=1)
    if close:
        return f"unknown key; did you mean “{close[0]}”?"
    if path[0] == "loss":
        having = [loss.name for loss in catalog.losses().values() if path[-1] in _keys(loss.settings)]
        if having:
            verb = "have" if len(having) > 1 else "has"
            return (
                f"the loss “{raw['loss']['kind']}” has no such setting ({', '.join(having)} {verb}); "
                + TAKE_OUT.format(".".join(path))
            )
    elsewhere = [section for section in _sections(raw) if path[-1] in _known_keys(raw, (section,))]
    if elsewhere:
        return f"unknown key here; it belongs to [{'] or ['.join(elsewhere)}]"
    return f"unknown key; known here: {', '.join(known)}"


def _sections(raw: Mapping[str, Any]) -> list[str]:
    loss = raw.get("loss")
    usable = isinstance(loss, Mapping) and loss.get("kind") in catalog.losses()
    return [*SECTIONS, "loss"] if usable else [*SECTIONS]


def _known_keys(raw: Mapping[str, Any], section: tuple[str, ...]) -> list[str]:
    if not section:
        return _keys(DistillationConfig)
    if section[0] == "loss":
        return _keys(catalog.losses()[raw["loss"]["kind"]].settings)
    if section[0] == "features":
        return _keys(catalog.features()[raw["features"][int(section[1]) - 1]["kind"]].settings)
    return _keys(SECTIONS[section[0]])


def _keys(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]
