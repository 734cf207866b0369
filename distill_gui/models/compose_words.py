"""What the form says beside its fields: notes, formula, the run's name, how the task is scored. Knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from distill_gui.models.compose_draft import Draft
from distill_gui.models.compose_fields import GROUPS
from distill_gui.models.compose_preview import count_text, shape_text
from distill_gui.models.compose_term import SECTION, TermWords
from distill_gui.models.run_text import METRICS, metric_text
from engine import catalog
from engine.config import feature_terms, formula_of, loss_settings, notice_of, pairs_of, term_names
from engine.errors import Fault


def chosen_task(draft: Draft) -> Any:
    """The declaration of the chosen task, None before there is one."""
    return catalog.tasks().get(str(draft.value("task.name") or ""))


def note(key: str, draft: Draft, runs: int, answer: Mapping[str, Any]) -> str:
    """What stands at the right inside a field: sizes, counts, units."""
    task = chosen_task(draft)
    if key == "teacher.model":
        return shape_text(answer.get("teacher")) if draft.value(key) else ""
    if key == "student.architecture":
        parameters = (answer.get("student") or {}).get("parameters")
        return count_text(parameters) if parameters else ""
    if key == "task.name":
        return f"{task.train_rows:,} rows" if task and task.train_rows else ""
    if key == "task.source":
        rows = (answer.get("rows") or {}).get(task.train_split, 0) if task else 0
        return "complete ✓" if rows and rows == task.train_rows else f"{rows:,} rows" if rows else ""
    if key == "training.seed":
        return f"{runs} runs" if runs > 1 else ""
    if draft.field(key).kind == "layers":
        return _pairs(key, draft, answer)
    return draft.field(key).unit


def _pairs(key: str, draft: Draft, answer: Mapping[str, Any]) -> str:
    """What a named layer map comes to for the models of the draft, as far as their depths are known."""
    student, teacher = ((answer.get(whose) or {}).get("layers") for whose in ("student", "teacher"))
    term = feature_terms([_term_table(draft, key.rpartition(".")[0])])
    if not (student and teacher and term and isinstance(draft.value(key), str)):
        return ""
    return pairs_of(term[0], student, teacher)


def title(draft: Draft, seeds: list[int]) -> str:
    """The name the run has, or will be given; without the seed where there are several."""
    loss = " + ".join([draft.loss_kind, *(term.kind for term in draft.terms())])
    words = [loss, str(draft.value("student.architecture")), str(draft.value("task.name") or "task")]
    return str(draft.value("name")) or " · ".join([*words, *(f"seed {seed}" for seed in seeds if len(seeds) == 1)])


def metrics(draft: Draft) -> tuple[str, str]:
    """The key metric of the task and those beside it; empty without a task."""
    task = chosen_task(draft)
    if task is None:
        return "", ""
    return metric_text(task.key_metric), ", ".join(METRICS.get(name, name) for name in task.metrics[1:])


def teacher_remark(draft: Draft) -> str:
    """What the teacher is for where the loss does not ask it; empty where it does."""
    if draft.needs_teacher or not draft.value("teacher.model"):
        return ""
    gives = "its layers and tokenizer" if draft.value("student.init") == "layers" else "its tokenizer"
    return f"Not asked by this loss: it only gives the student {gives}."


def formula(draft: Draft) -> str:
    """The whole loss in plain numbers; empty for an unknown one."""
    settings = _loss(draft)
    return formula_of(settings, _features(draft)) if settings is not None else ""


def terms(draft: Draft) -> list[TermWords]:
    """What to say of each feature term; of one that is unknown its kind alone."""
    known, found = catalog.features(), []
    names = term_names(term.kind for term in draft.terms())
    for term, section, curve in zip(draft.terms(), draft.term_sections(), names, strict=True):
        loss = known.get(term.kind)
        if loss is None:
            found.append(TermWords(section, term.token, term.kind or "(no kind)", curve, "", ""))
            continue
        settings = feature_terms([_term_table(draft, section)])
        part = formula_of(loss_settings({"kind": "none"}), settings)
        about = f"{loss.summary}\nCompares {loss.needs(settings[0])}.\n{loss.source}"
        found.append(TermWords(section, term.token, loss.title, curve, part.partition(" + ")[2], about))
    return found


def spoken(fault: Fault, draft: Draft) -> Fault:
    """What the engine says of a whole feature term, in the form's words and at the field whose setting it names:
    ``(heads = "average")`` → ``(Heads: Averaged)``."""
    section = fault.key
    if section not in draft.term_sections() or not (named := re.search(r'\b(\w+) = "(\w+)"', fault.message)):
        return fault
    key, value = f"{section}.{named[1]}", named[2]
    if key not in [spec.key for spec in draft.fields(section)] or not draft.is_visible(key):
        return fault
    spec = draft.field(key)
    title = next((title for name, title, _ in spec.choices if name == value), value)
    return Fault(key, fault.message.replace(named[0], f"{spec.title}: {title}"))


def place(key: str, draft: Draft) -> str:
    """Where a key is found in the form, in its words; the key itself where the form has no such field."""
    for term in terms(draft):
        if key == term.section:
            return term.title
        if key in [spec.key for spec in draft.fields(term.section)]:
            return f"{term.title} · {draft.field(key).title}"
    section = key.partition(".")[0]
    if section in GROUPS and (spec := next((spec for spec in draft.fields(section) if spec.key == key), None)):
        return f"{section.capitalize()} · {spec.title}"
    return key


def term_choices() -> list[tuple[str, str, str]]:
    """The feature terms there are: kind, title and what it does."""
    return [(kind, loss.title, loss.summary) for kind, loss in catalog.features().items()]


def whole_notice(draft: Draft) -> str:
    """What must be known about exactly these settings of the loss, as the engine words it; empty if nothing."""
    settings = _loss(draft)
    return notice_of(settings, _features(draft)) if settings is not None else ""


def notice(draft: Draft) -> tuple[str, str]:
    """The point of it, and the rest."""
    point, stop, rest = whole_notice(draft).partition(". ")
    return point + stop.strip(), rest


def _loss(draft: Draft) -> Any:
    """The settings of the loss, a faulty one at its default; None for an unknown loss."""
    return loss_settings(draft.table()["loss"]) if draft.loss_kind in catalog.losses() else None


def _term_table(draft: Draft, section: str) -> dict[str, Any]:
    """One feature term's table as the TOML has it."""
    return dict(draft.table()[SECTION][draft.term_sections().index(section)])


def _features(draft: Draft) -> list[Any]:
    """The settings of the feature terms, a faulty one at its default; without those whose kind is unknown."""
    return feature_terms(draft.table().get(SECTION, []))
