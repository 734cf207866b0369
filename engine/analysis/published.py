"""Published results as numbers, read from assets/published_results.json; knows nothing of one's own runs."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import catalog
from engine.errors import DataError

EXTRA_DATA_NOTE = "trained with more data than the task's own training rows"


@dataclass(frozen=True)
class PublishedColumn:
    """One task of the published table; ``train_examples_k`` counts training rows in thousands."""

    key: str
    title: str
    metric: str
    train_examples_k: float


@dataclass(frozen=True)
class PublishedRow:
    """One published system. ``scores`` are percentages: one a task, two (matched, mismatched) for MNLI.

    ``cell_notes`` are the notes about one task's figure, ``notes`` those about the whole row.
    """

    system: str
    is_teacher: bool
    architecture: str | None
    parameters_m: float
    scores: dict[str, tuple[float, ...]]
    notes: tuple[str, ...]
    cell_notes: dict[str, tuple[str, ...]]
    extra_data: bool


@dataclass(frozen=True)
class PublishedBlock:
    """Systems that the source compares with each other; ``architecture`` is that of its first row that names one."""

    architecture: str | None
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True)
class PublishedTable:
    """A published table: where it is from, on which split it was measured, its columns and blocks."""

    source: str
    split: str
    columns: tuple[PublishedColumn, ...]
    blocks: tuple[PublishedBlock, ...]


def read_published(path: Path | None = None) -> PublishedTable:
    """Read Table 2 from ``path`` (this program's assets if None).

    Raises DataError when the file is missing or does not hold what it should.
    """
    path = path or catalog.assets_folder() / "published_results.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unusable(path, error.strerror or "no reason given") from None
    except ValueError as error:
        raise _unusable(path, f"not valid JSON ({error})") from None
    try:
        return _table(raw)
    except (KeyError, TypeError, ValueError) as error:
        raise _unusable(path, f"something is missing or wrong in it ({error!r})") from None


def _unusable(path: Path, reason: str) -> DataError:
    return DataError(f"The published results in {path} cannot be used: {reason}; install the program again.")


def _table(raw: dict[str, Any]) -> PublishedTable:
    columns = tuple(
        PublishedColumn(key, value["title"], value["metric"], float(value["train_examples_k"]))
        for key, value in raw["task_columns"].items()
    )
    table = raw["table_2"]
    keys = {column.key for column in columns}
    return PublishedTable(
        source=table["source"],
        split=table["split"],
        columns=columns,
        blocks=tuple(_block(block["rows"], keys) for block in table["blocks"]),
    )


def _block(rows: list[dict[str, Any]], columns: set[str]) -> PublishedBlock:
    read = tuple(_row(row, columns) for row in rows)
    named = (row.architecture for row in read if row.architecture)
    return PublishedBlock(architecture=next(named, None), rows=read)


def _row(raw: dict[str, Any], columns: set[str]) -> PublishedRow:
    unknown = set(raw["scores"]) - columns
    if unknown:
        raise ValueError(f"{raw['system']}: scores of unknown columns {sorted(unknown)}")
    notes = raw.get("notes", [])
    # A note that begins with a column's key is about that one figure ("mrpc 71.1 is …").
    about = [note.split(" ", 1)[0] if note.split(" ", 1)[0] in raw["scores"] else "" for note in notes]
    cell_notes: dict[str, tuple[str, ...]] = {}
    for key, note in zip(about, notes, strict=True):
        if key:
            cell_notes[key] = (*cell_notes.get(key, ()), note.split(" ", 1)[1])
    return PublishedRow(
        system=raw["system"],
        is_teacher=raw.get("kind") == "teacher",
        architecture=f"{raw['layers']}x{raw['hidden']}" if raw.get("layers") and raw.get("hidden") else None,
        parameters_m=float(raw["params_m"]),
        scores={key: _parts(value) for key, value in raw["scores"].items()},
        notes=tuple(note for key, note in zip(about, notes, strict=True) if not key),
        cell_notes=cell_notes,
        extra_data=bool(raw.get("extra_data", False)),
    )


def _parts(value: Any) -> tuple[float, ...]:
    parts = tuple(float(part) for part in (value if isinstance(value, list) else [value]))
    if not parts or not all(math.isfinite(part) for part in parts):
        raise ValueError(f"{value!r} is not a score")
    return parts
