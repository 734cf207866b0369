"""What is wrong with a draft and what is still missing, told apart: nothing chosen yet is no mistake. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import tomli_w

from distill_gui.models.compose_draft import Draft
from distill_gui.models.compose_preview import Finding
from distill_gui.models.compose_term import parse_pairs
from distill_gui.models.compose_values import parse_seeds
from engine import catalog
from engine.config import layers_and_hidden, parse_leniently
from engine.errors import Fault

STAND_IN = "stand/in"  # a hub id that is in order, for a model or tokenizer that is still missing


@dataclass(frozen=True)
class Judgement:
    """The seeds to run ([0] where they are faulty), what is missing in the order of decision, and every fault."""

    seeds: list[int]
    missing: list[Finding]
    faults: list[Fault]


def judge(draft: Draft, ask_engine: bool = True) -> Judgement:
    """Let the engine look at the draft with stand-ins for what is missing, so that it says only true faults.

    Not asked, it says none: for a draft known to be in order, as the engine's validators take a while to build.
    """
    missing = _missing(draft)
    seeds, faults = [0], []
    try:
        seeds = parse_seeds(str(draft.value("training.seed")))
    except ValueError as error:
        faults.append(Fault("training.seed", str(error)))
    if not ask_engine:
        return Judgement(seeds, missing, faults)
    task = next(iter(catalog.tasks()), "")
    table = draft.table(seeds[0], {gap.key: task if gap.key == "task.name" else STAND_IN for gap in missing})
    faults += _maps(draft)
    known = {fault.key for fault in faults}
    of_engine = [fault for fault in parse_leniently(tomli_w.dumps(table))[1] if fault.key not in known]
    return Judgement(seeds, missing, faults + of_engine)


def _maps(draft: Draft) -> Iterator[Fault]:
    """Layer maps that are typed but no pairs yet: the engine would speak of TOML."""
    for section in draft.term_sections():
        for spec in draft.fields(section):
            value = draft.value(spec.key)
            if spec.kind == "layers" and isinstance(value, str) and value not in [name for name, _, _ in spec.choices]:
                try:
                    parse_pairs(value)
                except ValueError as error:
                    yield Fault(spec.key, str(error))


def _missing(draft: Draft) -> list[Finding]:
    teacher, tokenizer = draft.value("teacher.model"), draft.value("student.tokenizer")
    found = []
    if not teacher and (draft.needs_teacher or draft.value("student.init") == "layers"):
        found.append(Finding("to do", "Choose a teacher", "teacher.model"))
    elif teacher and layers_and_hidden(str(teacher)) and not draft.value("teacher.tokenizer"):
        found.append(Finding("to do", "Choose the teacher's tokenizer", "teacher.tokenizer"))
    elif not teacher and not tokenizer and layers_and_hidden(str(draft.value("student.architecture"))):
        found.append(Finding("to do", "Choose a tokenizer", "student.tokenizer"))
    if not draft.value("task.name"):
        found.append(Finding("to do", "Choose a task", "task.name"))
    return found
