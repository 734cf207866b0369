"""A configuration in the making: what was chosen key by key, what it would be otherwise, and what cannot apply.

Knows no Qt. Says nothing about faults: whatever is in it can be written as TOML for the engine to judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distill_gui.models import compose_term as terms
from distill_gui.models.compose_fields import (
    GROUPS,
    Choices,
    FieldSpec,
    feature_fields,
    group_fields,
    loss_fields,
    loss_kind_field,
)
from distill_gui.models.compose_term import TermDraft
from engine import catalog
from engine.config import layers_and_hidden

FIRST_KIND = "taylor"
SECTIONS = ("teacher", "student", "task", "loss", "training")
NAME = FieldSpec("name", "Name", "What the run is called.", "text", default="", placeholder="made from the choices")


class Draft:
    """Values by dotted key. ``base`` holds what a preset chose: the values that "reset" goes back to.

    Feature terms are sections of their own, ``features.1`` and so on; each keeps its values itself, so that one can go
    without the others noticing.
    """

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._base: dict[str, Any] = {}
        self._terms: list[TermDraft] = []
        self._base_kinds: list[str] = []  # of the preset's feature terms

    # the form ---------------------------------------------------------------------------------------------------------

    @property
    def loss_kind(self) -> str:
        return str(self._values.get("loss.kind", FIRST_KIND))

    def fields(self, section: str) -> tuple[FieldSpec, ...]:
        """The fields of a section; those of the loss are its kind and the settings of that kind."""
        if section in GROUPS:
            return group_fields(section)
        if (number := terms.term_number(section)) is not None:
            if number > len(self._terms):
                raise KeyError(section)
            kind = self._terms[number - 1].kind
            return feature_fields(kind, number) if kind in catalog.features() else ()
        known = self.loss_kind in catalog.losses()
        return (loss_kind_field(), *(loss_fields(self.loss_kind) if known else ()))

    def field(self, key: str) -> FieldSpec:
        """KeyError where the form has no such key now."""
        if key == NAME.key:
            return NAME
        section = key.rpartition(".")[0]
        if section in SECTIONS or self._term(section) is not None:
            for spec in self.fields(section):
                if spec.key == key:
                    return spec
        raise KeyError(key)

    def choices(self, key: str) -> Choices:
        """What can be chosen for a key now; a value from a file that is none of them is shown at the end."""
        spec = self.field(key)
        choices = tuple(choice for choice in spec.choices if choice[0] not in self._impossible(key))
        now = self.value(key)
        if now is not None and not terms.is_pairs(now) and now not in [value for value, _, _ in choices]:
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

    # feature terms ----------------------------------------------------------------------------------------------------

    def terms(self) -> list[TermDraft]:
        """The feature terms in their order."""
        return list(self._terms)

    def term_sections(self) -> list[str]:
        """Their sections: ``features.1`` and so on."""
        return [f"{terms.SECTION}.{number}" for number in range(1, len(self._terms) + 1)]

    def add_term(self, kind: str) -> None:
        """One more feature term, at the end, as the engine would have it."""
        self._terms.append(TermDraft(kind))

    def remove_term(self, token: int) -> None:
        """Take a term out; those after it move up. KeyError if there is none."""
        kept = [term for term in self._terms if term.token != token]
        if len(kept) == len(self._terms):
            raise KeyError(token)
        self._terms = kept

    def is_method_changed(self) -> bool:
        """Whether another loss or other kinds of feature terms stand here than the preset's."""
        return self.is_changed("loss.kind") or [term.kind for term in self._terms] != self._base_kinds

    def _term(self, key: str) -> TermDraft | None:
        """The feature term that a section or a key belongs to."""
        number = terms.term_number(key)
        return self._terms[number - 1] if number is not None and number <= len(self._terms) else None

    def _kept(self, key: str) -> tuple[dict[str, Any], dict[str, Any], str]:
        """Where a key's value and its base are kept, and under which name there."""
        term = self._term(key)
        return (self._values, self._base, key) if term is None else (term.values, term.base, key.rpartition(".")[2])

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
        values, _, name = self._kept(key)
        return values.get(name, self.field(key).default)

    def set(self, key: str, value: Any) -> None:
        """Choose a value; None, and what is the default anyway, leaves the key out."""
        values, _, name = self._kept(key)
        if value is None or (key != "loss.kind" and _same(value, self.field(key).default)):
            values.pop(name, None)
        else:
            values[name] = value

    def base(self, key: str) -> Any:
        """What "reset" goes back to: the preset's value, else the default."""
        _, base, name = self._kept(key)
        return base.get(name, FIRST_KIND if key == "loss.kind" else self.field(key).default)

    def reset(self, key: str) -> None:
        self.set(key, self.base(key))

    def is_changed(self, key: str) -> bool:
        """Whether a person's choice stands against the preset's value or the default; without these nothing does."""
        base = self.base(key)
        return not _same(self._stored(key), base) and not (base is None and self.field(key).required)

    # what applies -----------------------------------------------------------------------------------------------------

    def applies(self, key: str) -> bool:
        """Whether the key means anything beside the other choices."""
        section = key.rpartition(".")[0]
        if key in ("student.heads", "student.feed_forward") and not self._is_shape("student.architecture"):
            return False
        if key == "teacher.weights_only" and self._is_shape("teacher.model"):
            return False
        only_if = self.field(key).only_if
        return all(
            self.value(f"{section}.{other}") in (wanted if isinstance(wanted, list) else [wanted])
            for other, wanted in only_if.items()
        )

    def is_visible(self, key: str) -> bool:
        """Like `applies`; also hides how the teacher is trained where the loss asks no teacher."""
        trains = key == "teacher.training" or (key.startswith("teacher.") and "training" in self.field(key).only_if)
        return self.applies(key) and not (trains and not self.needs_teacher)

    @property
    def needs_teacher(self) -> bool:
        loss = catalog.losses().get(self.loss_kind)
        return bool(self._terms) or loss is None or loss.needs_teacher

    # whole ------------------------------------------------------------------------------------------------------------

    def table(self, seed: int = 0, stand_ins: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The nested table of the TOML with what applies; defaults are left out, and a teacher without a model.

        ``stand_ins`` are values by dotted key for what is missing.
        """
        table: dict[str, Any] = {"name": self._values["name"]} if "name" in self._values else {}
        for section in SECTIONS:
            if chosen := self._chosen(section):
                table[section] = chosen
        if self._terms:
            kinds = [{"kind": term.kind} if term.kind else {} for term in self._terms]
            table[terms.SECTION] = [
                kind | self._chosen(section) for kind, section in zip(kinds, self.term_sections(), strict=True)
            ]
        for key, value in (stand_ins or {}).items():
            section, _, name = key.partition(".")
            table.setdefault(section, {})[name] = value
        if "model" not in table.get("teacher", {}):
            table.pop("teacher", None)
        table.setdefault("loss", {})["kind"] = self.loss_kind
        if seed:
            table.setdefault("training", {})["seed"] = seed
        return table

    def _chosen(self, section: str) -> dict[str, Any]:
        """The values of a section that apply and are not the default, by the setting's name."""
        return {
            spec.key.rpartition(".")[2]: self.value(spec.key)
            for spec in self.fields(section)
            if spec.kind != "seeds" and not _same(self.value(spec.key), spec.default) and self.applies(spec.key)
        }

    def take(self, table: Mapping[str, Any]) -> list[str]:
        """Start over from a nested table; returns the keys that no form has, which are left out."""
        self._forget_all()
        return self.merge(table)

    def merge(self, table: Mapping[str, Any]) -> list[str]:
        """Choose all values of a nested table; returns the keys that no form has, which are left out.

        Feature terms, where the table speaks of them, take the place of those there are.
        """
        given = terms.term_tables(table)
        if given is not None:
            self._terms = [TermDraft(str(term.get("kind", ""))) for term in given]
            table = {**table, terms.SECTION: given}
        flat = flatten(table)
        self.set("loss.kind", flat.pop("loss.kind", None) or self._values.get("loss.kind"))
        left_out = []
        for key, value in flat.items():
            if key.rpartition(".")[2] == "kind" and self._term(key) is not None:
                continue
            try:
                spec = self.field(key)
            except KeyError:
                left_out.append(key)
                continue
            # seeds are text here, and a choice such as version = 2 may be written as a number
            as_text = spec.kind == "seeds" or (
                spec.kind == "choice" and str(value) in [name for name, _, _ in spec.choices]
            )
            self.set(key, str(value) if as_text else value)
        return left_out

    def _forget_all(self) -> None:
        self._values, self._base, self._terms, self._base_kinds = {}, {}, [], []

    def take_preset(self, table: Mapping[str, Any], whole: bool) -> None:
        """Choose a preset's values and make them the base; ``whole`` forgets all else, otherwise only its sections."""
        if whole:
            self._forget_all()
        for values in (self._values, self._base):
            for key in [key for key in values if key.partition(".")[0] in table]:
                del values[key]
        left_out = self.merge(table)
        self._base |= {
            key: self._stored(key) for key in flatten(table) if key not in left_out and self._term(key) is None
        }
        if terms.SECTION in table:
            for term in self._terms:
                term.base = dict(term.values)
            self._base_kinds = [term.kind for term in self._terms]


def flatten(table: Mapping[str, Any]) -> dict[str, Any]:
    """``{"loss": {"kind": "kl"}, "features": [{"weight": 2.0}]}`` → ``{"loss.kind": "kl", "features.1.weight": 2.0}``."""
    flat: dict[str, Any] = {}
    for section, content in table.items():
        if isinstance(content, Mapping):
            flat |= {f"{section}.{key}": value for key, value in content.items()}
        elif section == terms.SECTION and isinstance(content, (list, tuple)):
            flat |= flatten({f"{section}.{number}": term for number, term in enumerate(content, 1)})
        else:
            flat[section] = content
    return flat


def _same(one: Any, other: Any) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)
