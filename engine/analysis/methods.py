"""What tells one row of the table from another: the settings of a run sorted by what they may be compared across.

Knows configurations as plain dicts (the TOML's own keys) and the catalogue; knows nothing of scores.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from engine.config import layers_and_hidden
from engine.types import Loss

NO_TEACHER = "none"
SEEDS = ("training.seed", "teacher.seed")
# Where a run was trained and what it is called does not make it another method.
_NOT_COMPARED = {"name", "task.name", "student.architecture", "training.device", "training.threads", *SEEDS}
# What only counts while the teacher itself is trained.
_TEACHER_TRAINING = ("epochs", "batch_size", "learning_rate", "seed")


MOST_SETTINGS = 4  # in a row's name

Values = tuple[tuple[str, Hashable], ...]  # dotted key and setting, ordered by key


@dataclass(frozen=True)
class Method:
    """The settings of one run, by what they mean for a comparison (dotted keys of the TOML).

    ``loss`` without its kind; ``teacher`` is what only the teacher's signal depends on, empty without one; ``recipe``
    is what must be equal for two results to be comparable: data, start, budget.
    """

    kind: str
    loss: dict[str, Any] = field(default_factory=dict)
    teacher: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)


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
    """Sort a run's settings into method and recipe, leaving out what had no effect on it."""
    settings = {key: value for key, value in flat(config).items() if key not in _NOT_COMPARED}
    kind = settings.pop("loss.kind", NO_TEACHER)
    loss = {key: settings.pop(key) for key in list(settings) if key.startswith("loss.")}
    teacher = {key: settings.pop(key) for key in list(settings) if key.startswith("teacher.")}
    recipe = settings
    if teacher.get("teacher.training") != "fine_tune":
        teacher = {key: value for key, value in teacher.items() if key.split(".")[1] not in _TEACHER_TRAINING}
    if _starts_from_teacher(recipe):
        for key in ("teacher.model", "teacher.tokenizer"):
            if key in teacher:
                recipe[key] = teacher.pop(key)
    return Method(kind, loss, {} if kind == NO_TEACHER else teacher, recipe)


def _starts_from_teacher(recipe: Mapping[str, Any]) -> bool:
    """Whether the student takes its weights or its tokenizer from the teacher's model."""
    init = recipe.get("student.init")
    return init == "layers" or (init != "pretrained" and "student.tokenizer" not in recipe)


def seeds_of(config: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes a repeat a repeat: the student's seed, and the teacher's where it was trained."""
    teacher = config.get("teacher") or {}
    fine_tuned = teacher.get("training") == "fine_tune" and config.get("loss", {}).get("kind") != NO_TEACHER
    return (config.get("training", {}).get("seed"), teacher.get("seed") if fine_tuned else None)


def reproducing_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The dotted settings that put a new run into the same row: all but name, task, data, seeds and machine."""
    skipped = {"name", "task.name", "task.source", "training.device", "training.threads", *SEEDS}
    return {key: value for key, value in flat(config).items() if key not in skipped}


def differing(settings: Iterable[Mapping[str, Any]]) -> set[str]:
    """The keys whose value is not the same in all of ``settings``; a missing key is a value of its own."""
    settings = list(settings)
    keys = {key for one in settings for key in one}
    return {key for key in keys if len({_comparable(one.get(key)) for one in settings}) > 1}


def values_of(settings: Mapping[str, Any], keys: Iterable[str]) -> Values:
    """The chosen settings as a hashable, ordered value."""
    return tuple((key, _comparable(settings.get(key))) for key in sorted(keys))


def _comparable(value: Any) -> Hashable:
    """A setting as something hashable; scalars as they are, so that 2 equals 2.0."""
    scalar = value is None or isinstance(value, (str, int, float))
    return value if scalar else json.dumps(value, sort_keys=True, default=str)


def title_of(method: Method, shown: Iterable[str], losses: Mapping[str, Loss]) -> str:
    """The row's name: the loss and the settings in ``shown``, such as "Vanilla KD · T 2 · λ .3"."""
    loss = losses.get(method.kind)
    everything = method.loss | method.teacher | method.recipe
    parts = [loss.title if loss else method.kind]
    wanted = set(shown)
    settings = [
        text for key in _reading_order(everything) if key in wanted if (text := setting_text(key, everything[key]))
    ]
    if len(settings) > MOST_SETTINGS:  # a name, not the whole configuration: a click shows the runs themselves
        left = len(settings) - MOST_SETTINGS
        settings = [*settings[:MOST_SETTINGS], f"{left} more differ{'s' if left == 1 else ''}"]
    return " · ".join([*parts, *settings])


def unusual_loss_settings(method: Method, losses: Mapping[str, Loss]) -> set[str]:
    """The keys of the loss that are not at their default, and a temperature other than 1."""
    loss = losses.get(method.kind)
    if loss is None:
        return set(method.loss)
    defaults = {f"loss.{info.alias or name}": info.default for name, info in loss.settings.model_fields.items()}
    # T = 1 goes without saying in every loss, whatever its default.
    defaults["loss.temperature"] = 1.0
    return {key for key, value in method.loss.items() if defaults.get(key) != value}


def _reading_order(settings: Mapping[str, Any]) -> list[str]:
    first = ["loss.temperature", "loss.lambda", "loss.gamma"]
    last = [key for key in settings if key.endswith(".tokenizer")]  # follows from the model, mostly
    rest = sorted(key for key in settings if key not in first and key not in last)
    return [key for key in first if key in settings] + rest + sorted(last)


_STARTS = {"random": "random start", "pretrained": "pre-trained", "layers": "teacher’s layers"}


def setting_text(key: str, value: Any) -> str:
    """A setting in a few characters: "T 2", "λ .3", "3 epochs", "lr 5e-05"."""
    if value is None:
        return ""
    number = f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
    short = number.replace("0.", ".", 1) if number.startswith("0.") else number
    signs = {"loss.temperature": "T", "loss.lambda": "λ", "loss.gamma": "γ"}
    if key in signs:
        return f"{signs[key]} {short}"
    words = {
        "training.epochs": f"{number} epoch{'' if value == 1 else 's'}",
        "training.batch_size": f"batch {number}",
        "training.learning_rate": f"lr {number}",
        "task.max_length": f"length {number}",
        "task.source": f"rows from {reference_name(str(value))}",
        "teacher.model": f"teacher {reference_name(str(value))}",
        "teacher.training": "fine-tuned teacher" if value == "fine_tune" else "teacher as is",
        "teacher.epochs": f"teacher {number} epoch{'' if value == 1 else 's'}",
        "student.init": _STARTS.get(number, number),
    }  # fmt: skip
    if key in words:
        return words[key]
    section, _, name = key.rpartition(".")
    owner = "" if section in ("loss", "training") else f"{section} "
    if name == "tokenizer":
        number = reference_name(number)
    return f"{owner}{name.replace('_', ' ')} {number}"


def reference_name(reference: str) -> str:
    """The last part of a folder or hub id."""
    return PurePath(reference.replace("\\", "/")).name or reference


def architecture_title(architecture: str) -> str:
    """ "2 × 128" for 2x128; the last part of a folder or hub id."""
    shape = layers_and_hidden(architecture)
    return f"{shape[0]} × {shape[1]}" if shape else reference_name(architecture)


def teacher_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that make a teacher what it is, without its seed."""
    given = config.get("teacher") or {}
    teacher = {f"teacher.{key}": value for key, value in given.items() if key != "seed"}
    if teacher.get("teacher.training") != "fine_tune":
        teacher = {key: value for key, value in teacher.items() if key.split(".")[1] not in _TEACHER_TRAINING}
    return teacher


def teacher_title(settings: Mapping[str, Any], shown: Iterable[str]) -> str:
    """The teacher's name and how it was trained: "all-MiniLM-L6-v2 · fine-tuned"."""
    if layers_and_hidden(str(settings.get("teacher.model", ""))):
        how = "trained from scratch"
    else:
        how = "fine-tuned" if settings.get("teacher.training") == "fine_tune" else "as it is"
    named = {"teacher.model", "teacher.training"}
    more = [setting_text(key, settings.get(key)).removeprefix("teacher ") for key in sorted(set(shown) - named)]
    return " · ".join([architecture_title(str(settings.get("teacher.model", ""))), how, *filter(None, more)])
