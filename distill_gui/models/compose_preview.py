"""What the engine found about a draft, in the words of the run preview. Knows no Qt; measures nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from distill_gui.models.run_text import bytes_text, duration_text, is_control
from engine import catalog

if TYPE_CHECKING:
    from engine.store import RunRecord

LEVELS = {"fine": "good", "look": "warn", "stop": "bad", "to do": "info"}  # level → tone of its badge


@dataclass(frozen=True)
class Fact:
    """A line of the preview: what, how much, and the figure to stress at its end."""

    label: str
    value: str
    strong: str = ""


@dataclass(frozen=True)
class Finding:
    """Something to know before the start; ``key`` names the field it is about, if it is about one."""

    level: str
    text: str
    key: str = ""

    @property
    def tone(self) -> str:
        return LEVELS.get(self.level, "neutral")


def count_text(count: float) -> str:
    """Parameters as papers write them: 4.4 M, 393 K."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if count >= size * 0.9995:
            return f"{count / size:.1f} {unit}" if count < 100 * size else f"{count / size:.0f} {unit}"
    return f"{count:.0f}"


def shape_text(size: Mapping[str, Any] | None) -> str:
    """Layers, hidden size and parameters, as far as each is known: 6 × 384 · 22.7 M."""
    if not size:
        return ""
    known = []
    if size.get("layers") and size.get("hidden"):
        known.append(f"{size['layers']} × {size['hidden']}")
    if size.get("parameters"):
        known.append(count_text(size["parameters"]))
    return " · ".join(known)


def facts(preview: Mapping[str, Any], runs: int, table: Mapping[str, Any], past: Iterable[RunRecord]) -> list[Fact]:
    """The lines for ``runs`` runs of the draft ``table``, as far as the engine's answer and past runs tell."""
    found = _models(preview)
    rows, steps = preview.get("rows") or {}, preview.get("steps")
    task = catalog.tasks().get(str(table.get("task", {}).get("name", "")))  # a file may hold anything
    if rows and task is not None:
        checked = sum(rows.get(split, 0) for split in task.evaluation_splits)
        found.append(Fact("Rows", f"{rows.get(task.train_split, 0):,} to train · {checked:,} to validate"))
    if task is not None:
        found.append(Fact("Length", f"up to {table.get('task', {}).get('max_length', 128)} tokens"))
    if steps:
        found.append(Fact("Steps", f"{runs} runs × {steps:,}" if runs > 1 else f"{steps:,}"))
        alike = [run for run in past if _alike(run, table) and run.state == "finished"]
        if paces := [pace for run in alike if (pace := _seconds_per_step(run))]:
            each = f"about {f'{runs} × ' if runs > 1 else ''}{duration_text(median(paces) * steps)}"
            found.append(Fact(f"Time, from {len(paces)} past run{'s' if len(paces) > 1 else ''}", each))
    if preview.get("device"):
        found.append(Fact("Device", " · ".join(filter(None, [preview["device"], preview.get("device_reason")]))))
    return found


def control(table: Mapping[str, Any], past: Iterable[RunRecord]) -> Fact | None:
    """Whether the same student was trained without a teacher too; nothing where the draft is such a run itself."""
    alone = table.get("loss", {}).get("kind") == "none" and not table.get("features")
    if alone or not table.get("task"):
        return None
    seeds = {
        run.seed
        for run in past
        if is_control(run) and run.state == "finished" and run.task == table["task"].get("name")
        and run.architecture == _architecture(table)
        and run.config.get("student", {}).get("init", "random") == table.get("student", {}).get("init", "random")
    }  # fmt: skip
    said = f"there ({len(seeds)} seed{'s' if len(seeds) > 1 else ''})" if seeds else "not run yet"
    return Fact("Control without teacher", said)


def _models(preview: Mapping[str, Any]) -> list[Fact]:
    teacher, student = preview.get("teacher") or {}, preview.get("student") or {}
    large, small = teacher.get("parameters"), student.get("parameters")
    if not large and not small:
        return []
    if not large or not small:
        return [Fact("Student" if small else "Teacher", f"{count_text(small or large or 0)} parameters")]
    found = [Fact("Teacher → student", f"{count_text(large)} → {count_text(small)}", f"{large / small:.1f}×")]
    if teacher.get("bytes") and student.get("bytes"):
        found.append(Fact("On disk", f"{bytes_text(teacher['bytes'])} → {bytes_text(student['bytes'])}"))
    return found


def _alike(run: RunRecord, table: Mapping[str, Any]) -> bool:
    now, then = table.get("training", {}), run.config.get("training", {})
    return (
        run.task == table.get("task", {}).get("name")
        and run.architecture == _architecture(table)
        and then.get("batch_size", run.batch_size) == now.get("batch_size", 32)
        and then.get("batch_tokens", 0) == now.get("batch_tokens", 0)
    )


def _architecture(table: Mapping[str, Any]) -> str:
    return str(table.get("student", {}).get("architecture", "2x128"))


def _seconds_per_step(run: RunRecord) -> float | None:
    """Of the whole run, with loading, teacher and scoring; None where it cannot be told, as of one that was resumed."""
    if run.started_at is None or run.ended_at is None or run.step < 1 or (run.attempt or 0) > 1:
        return None
    return (run.ended_at - run.started_at) / run.step
