"""What tells one row of the table from another: the settings of a run sorted by what they may be compared across.

Knows configurations as plain dicts (the TOML's own keys) and the catalogue; knows nothing of scores.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from engine import catalog
from engine.analysis.feature_terms import Term, comparable, effective_terms

if TYPE_CHECKING:
    from pydantic import BaseModel

NO_TEACHER = "none"
SEEDS = ("training.seed", "teacher.seed")
# Where a run was trained, what it kept for others and what it is called does not make it another method.
_MACHINE = {f"training.{name}" for name in ("device", "threads", "recompute", "compile", "deterministic")} | {
    "teacher.keep"
}
_NOT_COMPARED = {"name", "task.name", "student.architecture", *_MACHINE, *SEEDS}
# What only counts while the teacher itself is trained.
_TEACHER_TRAINING = ("epochs", "batch_size", "learning_rate", "seed")

Values = tuple[tuple[str, Hashable], ...]  # dotted key and setting, ordered by key


@dataclass(frozen=True)
class Method:
    """The settings of one run, by what they mean for a comparison (dotted keys of the TOML).

    ``loss`` without its kind; ``features`` are the feature terms; ``teacher`` is what only the teacher's signal depends on,
    empty without one; ``recipe`` is what must be equal for two results to be comparable: data, start, budget.
    """

    kind: str
    loss: dict[str, Any] = field(default_factory=dict)
    teacher: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    features: tuple[Term, ...] = ()

    @property
    def has_teacher(self) -> bool:
        """Whether the student is trained with more than the labels."""
        return self.kind != NO_TEACHER or bool(self.features)

    @cached_property
    def objective(self) -> Hashable:
        """What the student is trained with, as one value: loss, feature terms and all their settings."""
        return (self.kind, values_of(self.loss, self.loss), tuple(values_of(term, term) for term in self.features))

    @property
    def settings(self) -> dict[str, Any]:
        """All settings but those of the feature terms."""
        return self.loss | self.teacher | self.recipe


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one dict of dotted keys."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict):  # asking for any Mapping costs ten times as much, and this runs for every run
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def method_of(config: Mapping[str, Any]) -> Method:
    """Sort a run's settings into method and recipe, leaving out what had no effect on it.

    A key that a run does not have was not there when it was stored: it counts as its default. Repeats of a run share one
    Method, also from one call to the next: the window sorts every run anew whenever one of them moves on.
    """
    compared = {
        section: {key: value for key, value in table.items() if f"{section}.{key}" not in _NOT_COMPARED}
        if isinstance(table, dict)
        else table
        for section, table in config.items()
        if section not in _NOT_COMPARED
    }
    return _sorted(json.dumps(compared, default=str))


@lru_cache(maxsize=2048)
def _sorted(written: str) -> Method:
    config: dict[str, Any] = json.loads(written)
    plain = {key: value for key, value in config.items() if key != "features"}
    settings = {key: value for key, value in _with_defaults(flat(plain)).items() if key not in _NOT_COMPARED}
    kind = settings.pop("loss.kind", NO_TEACHER)
    features = effective_terms(_tables(config.get("features")), catalog.features())
    loss = {key: settings.pop(key) for key in list(settings) if key.startswith("loss.")}
    teacher = {key: settings.pop(key) for key in list(settings) if key.startswith("teacher.")}
    recipe = settings
    if teacher.get("teacher.training") != "fine_tune":
        teacher = {key: value for key, value in teacher.items() if key.split(".")[1] not in _TEACHER_TRAINING}
    if _starts_from_teacher(recipe):
        for key in ("teacher.model", "teacher.tokenizer"):
            if key in teacher:
                recipe[key] = teacher.pop(key)
    return Method(kind, loss, {} if kind == NO_TEACHER and not features else teacher, recipe, features)


def _tables(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _with_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    defaults = _section_defaults(with_teacher="teacher.model" in settings)
    return defaults | _loss_defaults(str(settings.get("loss.kind"))) | settings


@cache
def _section_defaults(with_teacher: bool) -> dict[str, Any]:
    from engine.config import StudentConfig, TaskConfig, TeacherConfig, TrainingConfig

    sections: dict[str, type[BaseModel]] = {"task": TaskConfig, "student": StudentConfig, "training": TrainingConfig}
    if with_teacher:
        sections["teacher"] = TeacherConfig
    return {key: value for name, model in sections.items() for key, value in _defaults(name, model).items()}


@cache
def _loss_defaults(kind: str) -> dict[str, Any]:
    loss = catalog.losses().get(kind)
    return _defaults("loss", loss.settings) if loss else {}


def _defaults(section: str, model: type[BaseModel]) -> dict[str, Any]:
    """Dotted key → default, of the settings that have one."""
    fields = {f"{section}.{info.alias or name}": info for name, info in model.model_fields.items()}
    return {key: info.default for key, info in fields.items() if not info.is_required() and info.default is not None}


def _starts_from_teacher(recipe: Mapping[str, Any]) -> bool:
    """Whether the student takes its weights or its tokenizer from the teacher's model."""
    init = recipe.get("student.init")
    return init == "layers" or (init != "pretrained" and "student.tokenizer" not in recipe)


def seeds_of(config: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes a repeat a repeat: the student's seed, and the teacher's where it was trained."""
    teacher = config.get("teacher") or {}
    heard = config.get("loss", {}).get("kind") != NO_TEACHER or bool(config.get("features"))
    fine_tuned = heard and teacher.get("training") == "fine_tune"
    return (config.get("training", {}).get("seed"), teacher.get("seed") if fine_tuned else None)


def reproducing_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The dotted settings that put a new run into the same row: all but name, task, data, seeds and machine.

    ``features`` are always among them: a row without feature terms has none.
    """
    skipped = {"name", "task.name", "task.source", *_MACHINE, *SEEDS}
    return {"features": []} | {key: value for key, value in flat(config).items() if key not in skipped}


def differing(settings: Iterable[Mapping[str, Any]]) -> set[str]:
    """The keys whose value is not the same in all of ``settings``; a missing key is a value of its own."""
    settings = list(settings)
    keys = {key for one in settings for key in one}
    return {key for key in keys if len({comparable(one.get(key)) for one in settings}) > 1}


def values_of(settings: Mapping[str, Any], keys: Iterable[str]) -> Values:
    """The chosen settings as a hashable, ordered value."""
    return tuple((key, comparable(settings.get(key))) for key in sorted(keys))


def teacher_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that make a teacher what it is, without its seed."""
    given = config.get("teacher") or {}
    teacher = {f"teacher.{key}": value for key, value in given.items() if key != "seed"}
    if teacher.get("teacher.training") != "fine_tune":
        teacher = {key: value for key, value in teacher.items() if key.split(".")[1] not in _TEACHER_TRAINING}
    return teacher
