"""One configuration and some axes make a sweep: every combination a run, all faults of all of them said at once.

Knows configurations only; stores and trains nothing.
"""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path, PurePath
from typing import Any

from engine import catalog
from engine.config.reading import parse_leniently, toml_value
from engine.config.sections import DistillationConfig
from engine.config.sentences import TAKE_OUT
from engine.config.sweep_axes import WHERE, Axis, read_axes
from engine.errors import Fault
from engine.visible import LONGEST_LINE, cut, on_one_line

MOST_RUNS = 100  # unless a person says that it is meant
MOST_RUNS_AT_ALL = 1000
LONGEST_NAME = 200  # characters, as the configuration has it
JOINT = " · "
WITH_ITS_LOSSES = "sweep over it apart, with a loss that has it"

# What the caches rest on comes first, so that runs that share rows, tokens and a teacher's answers follow one another; then
# the seed: a whole curve is there before its repeats begin.
_OUTERMOST = ("task.", "teacher.", "training.precision", "student.tokenizer", "training.seed")
_IN_TITLE = ("loss.kind", "student.architecture", "task.name", "training.seed")  # of a run without a name of its own
_SIGNS = {
    "loss.lambda": "λ", "loss.temperature": "T", "loss.gamma": "γ", "loss.kind": "", "student.architecture": "",
    "student.init": "", "task.name": "", "training.seed": "seed", "training.learning_rate": "lr",
    "training.batch_size": "batch",
}  # fmt: skip


@dataclass
class Sweep:
    """``configs`` in the order to train them, each with a name of its own; empty where there are ``faults``.

    ``axes`` in the order of the loops, the outermost first; ``values`` are those of each run, as typed, in that order.
    ``count`` is how many runs it would be; ``left_out`` says which settings do not belong to which of the losses. ``drafts``
    are the runs as far as they go, each with its own faults, for whoever also looks at files and models; too many have none.
    """

    axes: list[Axis]
    count: int
    configs: list[DistillationConfig] = field(default_factory=list)
    values: list[tuple[str, ...]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    drafts: list[tuple[DistillationConfig, list[Fault]]] = field(default_factory=list)


def sweep_over(
    text: str,
    overs: Iterable[str],
    folder: Path | str | None = None,
    overrides: Iterable[str] = (),
    most: int = MOST_RUNS,
    remedy: str = "take values out",
) -> Sweep:
    """Every combination of ``overs`` (``KEY=VALUES``) over the TOML ``text`` with ``overrides``; paths are relative to ``folder``.

    More than ``most`` runs are a fault with this ``remedy``; more than ``MOST_RUNS_AT_ALL`` always are.
    """
    overrides = list(overrides)
    typed_axes, faults = read_axes(overs)
    axes = sorted(typed_axes, key=_depth)
    sweep = Sweep(axes, prod(len(axis.values) for axis in axes))
    sweep.faults = faults + _faults_of_axes(axes, overrides)
    if not axes and not faults:
        sweep.faults.append(Fault(WHERE, "nothing to sweep over; give at least one key and its values"))
    if sweep.count > MOST_RUNS_AT_ALL:
        most, remedy = MOST_RUNS_AT_ALL, "take values out"
    if sweep.count > most:
        sweep.faults.append(Fault(WHERE, f"{sweep.count:,} runs are more than {most:,} at once; {remedy}"))
    if sweep.faults:  # of every combination the same would only be said again
        sweep.faults += _faults_of_first(text, folder, overrides, axes)
        sweep.faults = list(dict.fromkeys(sweep.faults))
        return sweep
    base = {fault for fault in parse_leniently(text, folder, overrides)[1] if fault.key == "--set"}
    foreign = _settings_of_other_losses(text, overrides, axes)
    found: list[tuple[tuple[str, ...], DistillationConfig | None]] = []
    faulty: dict[Fault, list[tuple[str, ...]]] = {}
    for values in itertools.product(*(axis.values for axis in axes)):
        config, faults = parse_leniently(text, folder, [*overrides, *_typed(axes, values, foreign)])
        for fault in faults:
            faulty.setdefault(fault if fault in base else _of_axes(fault), []).append(values)
        found.append((values, config))
        if config is not None:
            sweep.drafts.append((config, faults))
    sweep.faults = [_placed(fault, axes, where, len(found)) for fault, where in faulty.items()]
    if not sweep.faults:
        sweep.values = [values for values, _ in found]
        told = [axes.index(axis) for axis in typed_axes]  # in names as they were typed
        sweep.configs = _named([config for _, config in found if config is not None], axes, sweep.values, told)
        sweep.faults = _doubled(sweep.configs)
    if sweep.faults:
        sweep.configs, sweep.values = [], []
    sweep.left_out = [
        f"{', '.join(f'loss.{name}' for name in names)} {'is' if len(names) == 1 else 'are'} left out for “{kind}”, "
        "which has no such setting."
        for kind, names in foreign.items()
        if names
    ]
    return sweep


def _typed(axes: Sequence[Axis], values: Sequence[str], foreign: Mapping[str, list[str]]) -> list[str]:
    """One combination as it would be typed after ``--set``; what belongs to another loss than the one in it goes."""
    kind = next((value for axis, value in zip(axes, values, strict=True) if axis.key == "loss.kind"), "")
    away = [f"loss.{name}=" for name in foreign.get(_word(kind), ())]
    return [*(f"{axis.key}={value}" for axis, value in zip(axes, values, strict=True)), *away]


def _depth(axis: Axis) -> int:
    return next((place for place, key in enumerate(_OUTERMOST) if axis.key.startswith(key)), len(_OUTERMOST))


def _word(value: str) -> str:
    """The text a typed value means, quotes or not."""
    return str(toml_value(value)) if value else ""


# ── what is wrong ───────────────────────────────────────────────────────────────────────────────────────────────
def _faults_of_axes(axes: Sequence[Axis], overrides: Sequence[str]) -> list[Fault]:
    given = {override.partition("=")[0].strip() for override in overrides}
    faults = []
    for axis in axes:
        if axis.key == "name":
            faults.append(
                Fault("name", "makes no other run; give one name, the sweep adds to it what tells its runs apart")
            )
        elif axis.key in given:
            faults.append(Fault(axis.key, "is both set and swept over; take one of the two out"))
    return faults


def _faults_of_first(text: str, folder: Path | str | None, overrides: list[str], axes: Sequence[Axis]) -> list[Fault]:
    """What is wrong without looking at every combination: with the first value of each axis."""
    axes = [axis for axis in axes if axis.key != "name"]
    first = _typed(axes, [axis.values[0] for axis in axes], _settings_of_other_losses(text, overrides, axes))
    base = {fault for fault in parse_leniently(text, folder, overrides)[1] if fault.key == "--set"}
    return [
        fault if fault in base else _of_axes(fault) for fault in parse_leniently(text, folder, [*overrides, *first])[1]
    ]


def _of_axes(fault: Fault) -> Fault:
    return Fault(WHERE, fault.message) if fault.key == "--set" else fault


def _placed(fault: Fault, axes: Sequence[Axis], where: Sequence[tuple[str, ...]], count: int) -> Fault:
    """The fault with the values it hangs on, unless it names them itself or every run has it."""
    if any(axis.key == fault.key for axis in axes):
        fault = Fault(fault.key, fault.message.replace(TAKE_OUT.format(fault.key), WITH_ITS_LOSSES))
    if len(where) == count:
        return fault
    told = []
    for place, axis in enumerate(axes):
        with_it = dict.fromkeys(values[place] for values in where)
        if len(with_it) < len(axis.values) and axis.key != fault.key:
            told.append(f"{axis.key} = {', '.join(with_it)}")
    return (
        Fault(fault.key, cut(on_one_line(f"{fault.message} (with {'; '.join(told)})"), LONGEST_LINE)) if told else fault
    )


def _doubled(configs: Sequence[DistillationConfig]) -> list[Fault]:
    seen: dict[str, str] = {}
    faults = []
    for config in configs:
        content = json.dumps(config.model_copy(update={"name": ""}).to_dict(), sort_keys=True)
        if content in seen:
            faults.append(
                Fault(WHERE, f"“{seen[content]}” and “{config.name}” would be the same run; take one value out")
            )
        else:
            seen[content] = config.name
    return faults


def _settings_of_other_losses(text: str, overrides: Sequence[str], axes: Sequence[Axis]) -> dict[str, list[str]]:
    """Where the loss itself is swept over: by loss, the settings given for another one of them, which are not its own."""
    kinds = [_word(value) for axis in axes if axis.key == "loss.kind" for value in axis.values]
    known = {kind: _keys(kind) for kind in kinds if kind in catalog.losses()}
    try:
        section = tomllib.loads(text).get("loss") if known else None
    except (ValueError, RecursionError):
        return {}
    mine = {str(section.get("kind"))} & set(catalog.losses()) if isinstance(section, dict) else set()
    given = set(section) if isinstance(section, dict) else set()
    given |= {key.strip().removeprefix("loss.") for key in (o.partition("=")[0] for o in overrides) if "loss." in key}
    given -= {axis.key.removeprefix("loss.") for axis in axes}
    anywhere = set().union(*known.values(), *(_keys(kind) for kind in mine))
    return {kind: sorted(given & anywhere - keys) for kind, keys in known.items()}


def _keys(kind: str) -> set[str]:
    fields: dict[str, Any] = catalog.losses()[kind].settings.model_fields
    return {info.alias or name for name, info in fields.items()}


# ── what they are called ────────────────────────────────────────────────────────────────────────────────────────
def _named(
    configs: Sequence[DistillationConfig],
    axes: Sequence[Axis],
    values: Sequence[tuple[str, ...]],
    told: Sequence[int],
) -> list[DistillationConfig]:
    """The runs with names that tell them apart: the name they have or would be given, then their own values."""
    labels = [_labels(axis) for axis in axes]
    named = []
    for config, mine in zip(configs, values, strict=True):
        lead, seed = (config.name, "") if config.name else _title_and_seed(config)
        own = [labels[place][mine[place]] for place in told if config.name or axes[place].key not in _IN_TITLE]
        tail = "".join(JOINT + word for word in [*own, seed] if word)
        room = max(1, LONGEST_NAME - len(tail))
        lead = lead if len(lead) <= room else lead[: room - 1] + "…"
        named.append(cut(lead + tail, LONGEST_NAME))
    if len(set(named)) < len(named):  # of values longer than a name can be
        named = [cut(f"{number}{JOINT}{name}", LONGEST_NAME) for number, name in enumerate(named, 1)]
    return [config.model_copy(update={"name": name}) for config, name in zip(configs, named, strict=True)]


def _title_and_seed(config: DistillationConfig) -> tuple[str, str]:
    lead, _, seed = config.title.rpartition(JOINT)
    return lead, seed


def _labels(axis: Axis) -> dict[str, str]:
    """By value what is said of it in a name: "λ 0.3", "seed 1", "kl"; of folders only the last part where that suffices."""
    section, _, name = axis.key.rpartition(".")
    term = section.removeprefix("features.")
    owner = f"term {term} " if term != section else f"{section} " if section in ("teacher", "task") else ""
    sign = _SIGNS.get(axis.key, owner + name.replace("_", " "))
    short = {value: PurePath(_word(value).replace("\\", "/")).name or value for value in axis.values}
    if len(set(short.values())) < len(short) or not all("/" in value or "\\" in value for value in axis.values):
        short = {value: _word(value) if value[:1] in "\"'" else value for value in axis.values}
    return {value: f"{sign} {text}".strip() for value, text in short.items()}
