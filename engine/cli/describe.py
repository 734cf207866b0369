"""``distill describe``: everything there is to choose from, for people and as JSON."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from engine import catalog
from engine.cli.terminal import say, say_json
from engine.config import StudentConfig, TaskConfig, TeacherConfig, TrainingConfig
from engine.losses.objective import formula


def describe_all(as_json: bool) -> None:
    """Print tasks, losses, feature losses, exporters and the configuration's keys."""
    content = description()
    if as_json:
        say_json(content)
        return
    say("Tasks")
    for name, task in content["tasks"].items():
        say(f"  {name:<12} {task['title']}: {task['about']} ({', '.join(task['metrics'])})")
    say("\nLosses")
    for name, loss in content["losses"].items():
        say(f"  {name:<12} {loss['title']}: L = {loss['formula']}")
        say(f"  {'':<12} {loss['summary']}" + (f" Source: {loss['source']}." if loss["source"] else ""))
    say("\nFeature losses, any number of them beside the loss, each under [[features]]")
    for name, feature in content["features"].items():
        say(f"  {name:<12} {feature['title']}: {feature['formula']}")
        say(f"  {'':<12} {feature['summary']} Reads {feature['needs']}. Source: {feature['source']}.")
    say("\nExport formats")
    for name, exporter in content["exporters"].items():
        say(f"  {name:<12} {exporter['title']}: {exporter['about']}")
    for section, keys in content["keys"].items():
        _print_keys(f"[{section}]", keys)
    for name, loss in content["losses"].items():
        _print_keys(f'[loss]  kind = "{name}"', loss["settings"])
    for name, feature in content["features"].items():
        _print_keys(f'[[features]]  kind = "{name}"', feature["settings"])


def _print_keys(head: str, keys: dict[str, Any]) -> None:
    say(f"\n{head}")
    for key, about in keys.items():
        default = "required" if about["required"] else json.dumps(about["default"], ensure_ascii=False)
        default = "–" if default == "null" else default
        say(f"  {key:<22} {default:<12} {about['help']}")


def description() -> dict[str, Any]:
    """The catalogue as plain values."""
    losses, tasks, exporters = catalog.losses(), catalog.tasks(), catalog.exporters()
    sections: dict[str, type[BaseModel]] = {
        "task": TaskConfig, "teacher": TeacherConfig, "student": StudentConfig, "training": TrainingConfig,
    }  # fmt: skip
    keys = {name: _keys(model) for name, model in sections.items()}
    return {
        "tasks": {
            name: {"title": task.title, "about": task.about, "metrics": list(task.metrics), "labels": list(task.labels),
                   "train_rows": task.train_rows, "reference": task.reference}
            for name, task in tasks.items()
        },
        "losses": {
            name: {"title": loss.title, "summary": loss.summary, "source": loss.source,
                   "formula": formula(loss, loss.settings(kind=name)), "needs_teacher": loss.needs_teacher,
                   "settings": _keys(loss.settings, {"kind"})}
            for name, loss in losses.items()
        },
        "features": {
            name: {"title": feature.title, "summary": feature.summary, "source": feature.source,
                   "formula": feature.formula(feature.settings.model_validate({"kind": name})),
                   "needs": feature.needs(feature.settings.model_validate({"kind": name})), "aligned": feature.aligned,
                   "settings": _keys(feature.settings, {"kind"})}
            for name, feature in catalog.features().items()
        },
        "exporters": {name: {"title": item.title, "about": item.about} for name, item in exporters.items()},
        "keys": keys,
    }  # fmt: skip


def _keys(model: type[BaseModel], leave_out: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    return {
        info.alias or name: {
            "required": info.is_required(),
            "default": None if info.default is PydanticUndefined else info.default,
            "help": info.description or "",
        }
        for name, info in model.model_fields.items()
        if name not in leave_out
    }
