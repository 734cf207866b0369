"""The model card (README.md) that leaves with a student: data, teacher, loss, scores, settings and the TOML.

Made from a stored run and its scores; torch-free, so that the window can show it before anything is written.
Names come from files and people: they are escaped, and never become Markdown, HTML or YAML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from engine import catalog
from engine.analysis.cells import metric_title
from engine.analysis.markdown import code, escaped
from engine.analysis.own_rows import ScoreLike
from engine.analysis.row_names import architecture_title, reference_name
from engine.config import (
    TrainingConfig,
    feature_terms,
    formula_of,
    is_folder_like,
    layers_and_hidden,
    loss_settings,
    notice_of,
    sources_of,
)
from engine.types import FeatureSettings, Task

# Settings of training that go without saying as long as they are not used.
SWITCHED_OFF = (
    "batch_tokens",
    "accumulate",
    "recompute",
    "patience",
    "min_delta",
    "precision",
    "compile",
    "deterministic",
)


class CardRun(Protocol):
    """What a card reads of a run (``engine.store.RunRecord`` has it)."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def config(self) -> dict[str, Any]: ...
    @property
    def toml(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def best_step(self) -> int | None: ...
    @property
    def total_steps(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def parameters(self) -> int | None: ...
    @property
    def teacher_parameters(self) -> int | None: ...
    @property
    def device(self) -> str: ...


def model_card(run: CardRun, scores: Iterable[ScoreLike]) -> str:
    """The whole card as Markdown with its YAML head."""
    task = catalog.tasks().get(run.task)
    parts = [
        _head(run, task),
        f"# {escaped(run.name)}",
        _summary(run, task),
        _use(task),
        _scores(run, task, [score for score in scores if score.run == run.id]),
        _data(run, task),
        _teacher(run),
        _loss(run),
        _training(run),
        _sources(run, task),
        _configuration(run),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def without_home(text: str) -> str:
    """``text`` with the person's home folder as "~": a card is made to be given away."""
    home = str(Path.home())
    return text if len(home) < 2 else re.sub(re.escape(home) + r"(?=[/\\\"']|$)", "~", text)


def _head(run: CardRun, task: Task | None) -> str:
    kind = "text-classification" if task is None or len(task.text_columns) < 3 else "other"
    values: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": kind,
        "tags": ["knowledge-distillation", "text-classification"],
    }
    if task and task.hub and "source" not in run.config.get("task", {}):
        values["datasets"] = [task.hub[0]]
    if task:
        values["metrics"] = list(task.metrics)
    # JSON is YAML: a quoted string cannot end the block or start another key.
    return "\n".join(["---", *(f"{key}: {json.dumps(value)}" for key, value in values.items()), "---"])


def _summary(run: CardRun, task: Task | None) -> str:
    student = run.config.get("student", {})
    size = f", {run.parameters:,} parameters" if run.parameters else ""
    about = f"{escaped(task.title)} ({escaped(task.about.rstrip('.'))})" if task else escaped(run.task)
    how = "" if run.state == "finished" else f" The run was **{escaped(run.state)}** before its last step."
    name = escaped(architecture_title(str(student.get("architecture", ""))))
    alone = not _has_teacher(run)
    way = "on the labels alone, without a teacher," if alone else "by knowledge distillation"
    return f"A student model ({name}{size}) trained {way} on {about}.{how}"


def _use(task: Task | None) -> str:
    columns = task.text_columns if task else ("text",)
    words = ", ".join(json.dumps(f"the {column.replace('_', ' ')}") for column in columns)
    lines = [
        "## Use", "", "```python",
        "from transformers import AutoModelForSequenceClassification, AutoTokenizer", "",
        'folder = "path/to/this/folder"',
        "tokenizer = AutoTokenizer.from_pretrained(folder)",
        "model = AutoModelForSequenceClassification.from_pretrained(folder)",
        f'logits = model(**tokenizer({words}, truncation=True, return_tensors="pt")).logits', "```",
    ]  # fmt: skip
    return "\n".join([*lines, *_output_note(task)])


def _output_note(task: Task | None) -> list[str]:
    if task is None or task.kind != "regression" or not task.score_range:
        return []
    centre = sum(task.score_range) / 2
    return ["", f"The one logit `z` stands for the score `{centre:g} + z`, clipped to {task.score_range[0]:g} … "
                f"{task.score_range[1]:g} (Platt scaling: the target was `σ(score − {centre:g})`)."]  # fmt: skip


def _scores(run: CardRun, task: Task | None, scores: list[ScoreLike]) -> str:
    if not scores:
        return ""
    keys = list(dict.fromkeys((score.split, score.metric) for score in scores if score.metric != "loss"))
    values = {(score.model, score.split, score.metric): score.value for score in scores}
    lines = ["## Scores", "", "| split | metric | student | teacher |", "| :-- | :-- | --: | --: |"]
    for split, metric in keys:
        pair = [values.get((model, split, metric)) for model in ("student", "teacher")]
        shown = ["–" if value is None else f"{100 * value:.1f}" for value in pair]
        lines.append(f"| {escaped(split)} | {escaped(metric_title(metric))} | {shown[0]} | {shown[1]} |")
    if run.config.get("training", {}).get("keep", "best") == "best":
        step = f" (step {run.best_step})" if run.best_step else ""
        kept = f"The weights are the best on validation{step}: the validation figures are a little too good."
    else:
        kept = "The weights are those of the last step."
    return "\n".join([*lines, "", f"Times 100. {kept}"])


def _data(run: CardRun, task: Task | None) -> str:
    source = run.config.get("task", {}).get("source")
    if source:
        rows = f"Rows from the folder {code(reference_name(str(source)))}."
    elif task and task.hub:
        rows = f"Rows from {code(task.hub[0])}, configuration {code(task.hub[1])}."
    else:
        rows = "Rows that come with the program." if task and task.folder else ""
    labels = f" Labels in order: {', '.join(code(label) for label in task.labels)}." if task and task.labels else ""
    length = run.config.get("task", {}).get("max_length")
    cut = f" Texts are cut at {length} tokens." if length else ""
    return "\n".join(["## Data", "", f"{rows}{labels}{cut}".strip()])


def _teacher(run: CardRun) -> str:
    teacher = run.config.get("teacher")
    if not teacher or not _has_teacher(run):
        return "## Teacher\n\nNone: the student learnt from the labels alone."
    model = str(teacher.get("model", ""))
    name = code(reference_name(model) if is_folder_like(model) else model)
    size = f" ({run.teacher_parameters:,} parameters)" if run.teacher_parameters else ""
    if teacher.get("training") == "fine_tune":
        done = "trained from scratch on the task" if layers_and_hidden(model) else "fine-tuned on the task first"
        how = (f"{done}: {teacher.get('epochs')} epochs, batches of {teacher.get('batch_size')}, "
               f"learning rate {teacher.get('learning_rate'):g}, seed {teacher.get('seed')}")  # fmt: skip
    else:
        how = "used as it is"
    return f"## Teacher\n\n{name}{size}, {how}."


def _has_teacher(run: CardRun) -> bool:
    return run.config.get("loss", {}).get("kind") != "none" or bool(run.config.get("features"))


def _loss(run: CardRun) -> str:
    table = run.config.get("loss", {})
    loss = catalog.losses().get(str(table.get("kind")))
    terms = run.config.get("features") or []
    known = feature_terms(terms)
    lost = [f"{code(str(term.get('kind')))}, a feature term that this program does not know"
            for term in terms if term.get("kind") not in catalog.features()]  # fmt: skip
    if loss is None:
        return "\n\n".join(["## Loss", code(str(table.get("kind"))), *_feature_lines(known), *lost])
    settings = loss_settings(table)
    # Indented code needs no fence that a formula could close.
    parts = [
        "## Loss",
        f"{escaped(loss.title)}. {escaped(loss.summary)}",
        *_feature_lines(known),
        *lost,
        f"    L = {formula_of(settings, known)}",
    ]
    notice = notice_of(settings, known)
    return "\n\n".join([*parts, f"> {escaped(notice)}"] if notice else parts)


def _feature_lines(terms: Sequence[FeatureSettings]) -> list[str]:
    """A paragraph for each feature term: what it is, its settings, the tensors it read."""
    lines = []
    for term in terms:
        feature = catalog.features()[term.kind]
        given = term.model_dump(mode="json", exclude={"kind"}, exclude_none=True)
        settings = ", ".join(f"{key.replace('_', ' ')} {json.dumps(value)}" for key, value in given.items())
        lines.append(
            f"{escaped(feature.title)}. {escaped(feature.summary)} Reads {escaped(feature.needs(term))}. "
            f"Settings: {code(settings)}."
        )
    return lines


def _sources(run: CardRun, task: Task | None) -> str:
    """Everything that a user of the student should cite: each part of the loss, and the data."""
    table = run.config.get("loss", {})
    terms = feature_terms(run.config.get("features") or [])
    if str(table.get("kind")) in catalog.losses():
        sources = sources_of(loss_settings(table), terms)
    else:
        sources = [catalog.features()[term.kind].source for term in terms]
    data = task.reference if task and "source" not in run.config.get("task", {}) else ""
    references = [*sources, *([f"Data: {data}"] if data else [])]
    return "\n".join(["## Sources", "", *(f"- {escaped(one)}." for one in references)]) if references else ""


def _training(run: CardRun) -> str:
    training: Mapping[str, Any] = run.config.get("training", {})
    rows = [(key.replace("_", " "), value) for key, value in training.items() if _is_told(key, value)]
    rows.append(("student starts from", run.config.get("student", {}).get("init", "")))
    rows.append(("steps", f"{run.step} of {run.total_steps}" if run.step != run.total_steps else run.total_steps))
    if run.device:
        rows.append(("trained on", run.device))
    lines = [f"| {escaped(name)} | {escaped(str(value))} |" for name, value in rows]
    return "\n".join(["## Training", "", "| setting | value |", "| :-- | :-- |", *lines])


def _is_told(key: str, value: Any) -> bool:
    """Not what concerns the author's machine, nor what was left switched off: both say nothing of the student."""
    off = key in SWITCHED_OFF and value == TrainingConfig.model_fields[key].default
    return key not in ("device", "threads") and not off


def _without_folders(toml: str, config: Mapping[str, Any]) -> str:
    """The TOML with folders of the author's machine as their names: a path there means nothing elsewhere."""
    for section in config.values():
        for value in section.values() if isinstance(section, Mapping) else ():
            if isinstance(value, str) and is_folder_like(value):
                toml = toml.replace(json.dumps(value, ensure_ascii=False), json.dumps(reference_name(value)))
    return toml


def _configuration(run: CardRun) -> str:
    toml = without_home(_without_folders(run.toml.strip("\n"), run.config))
    fence = "`" * max(3, max((len(ticks) for ticks in re.findall("`+", toml)), default=0) + 1)
    return f"## Configuration\n\n{fence}toml\n{toml}\n{fence}"
