"""A configuration in the making: what was chosen key by key, what it would be otherwise, and what cannot apply.

Knows no Qt. Says nothing about faults: whatever is in it can be written as TOML for the engine to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from distill_gui.models.compose_fields import GROUPS, Choices, FieldSpec, group_fields, loss_fields, loss_kind_field
from engine import catalog
from engine.config import layers_and_hidden

FIRST_KIND = "taylor"
SECTIONS = ("teacher", "student", "task", "loss", "training")
NAME = FieldSpec("name", "Name", "What the run is called.", "text", default="", placeholder="made from the choices")


class Draft:
    """Values by dotted key. ``base`` holds what a preset chose: the values that "reset" goes back to."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._base: dict[str, Any] = {}

    # the form ---------------------------------------------------------------------------------------------------------

    @property
    def loss_kind(self) -> str:
        return str(self._values.get("loss.kind", FIRST_KIND))

    def fields(self, section: str) -> tuple[FieldSpec, ...]:
        """The fields of a section; those of the loss are its kind and the settings of that kind."""
        if section in GROUPS:
            return group_fields(section)
        known = self.loss_kind in catalog.losses()
        return (loss_kind_field(), *(loss_fields(self.loss_kind) if known else ()))

    def field(self, key: str) -> FieldSpec:
        """KeyError where the form has no such key now."""
        if key == NAME.key:
            return NAME
        section = key.partition(".")[0]
        if section in SECTIONS:
            for spec in self.fields(section):
                if spec.key == key:
                    return spec
        raise KeyError(key)

    def choices(self, key: str) -> Choices:
        """What can be chosen for a key now; a value from a file that is none of them is shown at the end."""
        spec = self.field(key)
        choices = tuple(choice for choice in spec.choices if choice[0] not in self._impossible(key))
        now = self.value(key)
        if now is not None and now not in [value for value, _, _ in choices]:
            choices += ((str(now), f"{now} (unknown)", ""),)
        return choices

    def _impossible(self, key: str) -> tuple[str, ...]:
        if key == "student.init":
            if not self._is_shape("student.architecture"):
                return ("random", "layers")
            return ("pretrained", "layers") if self._is_shape("teacher.model") else ("pretrained",)
        return ("as_is",) if key == "teacher.training" and self._is_shape("teacher.model") else ()

    def _is_shape(self, key: str) -> bool:
        value = self._stored(key)
        return isinstance(value, str) and layers_and_hidden(value) is not None

    # values -----------------------------------------------------------------------------------------------------------

    def value(self, key: str) -> Any:
        """What is in force: the choice, else the default; where only other choices are possible, the first of these."""
        value, impossible = self._stored(key), self._impossible(key)
        if value in impossible:
            return next(choice for choice, _, _ in self.field(key).choices if choice not in impossible)
        return value

    def _stored(self, key: str) -> Any:
        if key == "loss.kind":
            return self.loss_kind
        return self._values.get(key, self.field(key).default)

    def set(self, key: str, value: Any) -> None:
        """Choose a value; None, and what is the default anyway, leaves the key out."""
        if value is None or (key != "loss.kind" and _same(value, self.field(key).default)):
            self._values.pop(key, None)
        else:
            self._values[key] = value

    def base(self, key: str) -> Any:
        """What "reset" goes back to: the preset's value, else the default."""
        return self._base.get(key, FIRST_KIND if key == "loss.kind" else self.field(key).default)

    def reset(self, key: str) -> None:
        self.set(key, self.base(key))

    def is_changed(self, key: str) -> bool:
        """Whether a person's choice stands against the preset's value or the default; without these nothing does."""
        base = self.base(key)
        return not _same(self._stored(key), base) and not (base is None and self.field(key).required)

    # what applies -----------------------------------------------------------------------------------------------------

    def applies(self, key: str) -> bool:
        """Whether the key means anything beside the other choices."""
        section, _, name = key.partition(".")
        if name in ("heads", "feed_forward") and not self._is_shape("student.architecture"):
            return False
        if key == "teacher.weights_only" and self._is_shape("teacher.model"):
            return False
        only_if = self.field(key).only_if
        return all(self.value(f"{section}.{other}") == wanted for other, wanted in only_if.items())

    def is_visible(self, key: str) -> bool:
        """Like `applies`; also hides how the teacher is trained where the loss asks no teacher."""
        trains = key == "teacher.training" or "training" in self.field(key).only_if
        return self.applies(key) and not (trains and not self.needs_teacher)

    @property
    def needs_teacher(self) -> bool:
        loss = catalog.losses().get(self.loss_kind)
        return loss is None or loss.needs_teacher

    # whole ------------------------------------------------------------------------------------------------------------

    def table(self, seed: int = 0, stand_ins: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The nested table of the TOML with what applies; defaults are left out, and a teacher without a model.

        ``stand_ins`` are values by dotted key for what is missing.
        """
        table: dict[str, Any] = {"name": self._values["name"]} if "name" in self._values else {}
        for key in self._chosen():
            section, _, name = key.partition(".")
            table.setdefault(section, {})[name] = self.value(key)
        for key, value in (stand_ins or {}).items():
            section, _, name = key.partition(".")
            table.setdefault(section, {})[name] = value
        if "model" not in table.get("teacher", {}):
            table.pop("teacher", None)
        table.setdefault("loss", {})["kind"] = self.loss_kind
        if seed:
            table.setdefault("training", {})["seed"] = seed
        return table

    def _chosen(self) -> Iterator[str]:
        for section in SECTIONS:
            for spec in self.fields(section):
                differs = not _same(self.value(spec.key), spec.default)
                if differs and spec.kind != "seeds" and self.applies(spec.key):
                    yield spec.key

    def take(self, table: Mapping[str, Any]) -> list[str]:
        """Start over from a nested table; returns the keys that no form has, which are left out."""
        self._values, self._base = {}, {}
        return self.merge(table)

    def merge(self, table: Mapping[str, Any]) -> list[str]:
        """Choose all values of a nested table; returns the keys that no form has, which are left out."""
        flat = flatten(table)
        self.set("loss.kind", flat.pop("loss.kind", None) or self._values.get("loss.kind"))
        left_out = []
        for key, value in flat.items():
            try:
                spec = self.field(key)
            except KeyError:
                left_out.append(key)
                continue
            self.set(key, str(value) if spec.kind == "seeds" else value)
        return left_out

    def take_preset(self, table: Mapping[str, Any], whole: bool) -> None:
        """Choose a preset's values and make them the base; ``whole`` forgets all else, otherwise only its sections."""
        if whole:
            self._values, self._base = {}, {}
        for values in (self._values, self._base):
            for key in [key for key in values if key.partition(".")[0] in table]:
                del values[key]
        left_out = self.merge(table)
        self._base |= {key: self._stored(key) for key in flatten(table) if key not in left_out}


def flatten(table: Mapping[str, Any]) -> dict[str, Any]:
    """``{"loss": {"kind": "kl"}}`` → ``{"loss.kind": "kl"}``, one level deep as a configuration is."""
    flat: dict[str, Any] = {}
    for section, content in table.items():
        if isinstance(content, Mapping):
            flat |= {f"{section}.{key}": value for key, value in content.items()}
        else:
            flat[section] = content
    return flat


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)
