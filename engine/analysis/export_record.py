"""The note an export leaves in its folder: what was written, from which run, and whether it was checked. Torch-free.

It is how a later export, or the window, recognises the folder as one of this program's.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "distill_export.json"
PROGRAM = "distillation-studio"
_LARGEST_BYTES = 1_000_000
_GO_WITH_THE_HOME = ("runs", "trash", "teachers", "cache")


@dataclass(frozen=True)
class ExportRecord:
    """``files`` are names inside the folder, without this record's own; ``largest_difference`` is between logits."""

    run: int
    name: str
    format: str
    files: tuple[str, ...]
    rows_checked: int
    largest_difference: float


def deleted_from(target: Path, home: Path) -> Path | None:
    """Which of a home's folders ``target`` is or lies in, from which this program deletes runs, teachers or arrays; None else."""
    place = target.resolve()
    return next((home / name for name in _GO_WITH_THE_HOME if place.is_relative_to((home / name).resolve())), None)


def write_record(folder: Path, record: ExportRecord) -> Path:
    """Write the record into ``folder``; returns the file."""
    file = folder / FILE_NAME
    text = json.dumps({"program": PROGRAM, **asdict(record)}, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
    return file


def read_record(folder: Path) -> ExportRecord | None:
    """The record in ``folder``; None where there is none or it is not sound."""
    file = folder / FILE_NAME
    try:
        if file.is_symlink() or file.stat().st_size > _LARGEST_BYTES:
            return None
        raw = json.loads(file.read_text(encoding="utf-8"))
        if raw["program"] != PROGRAM:
            return None
        record = ExportRecord(
            run=int(raw["run"]),
            name=str(raw["name"]),
            format=str(raw["format"]),
            files=tuple(str(name) for name in raw["files"]),
            rows_checked=int(raw["rows_checked"]),
            largest_difference=float(raw["largest_difference"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    plain = all(Path(name).name == name and name not in ("", ".", "..") for name in record.files)
    return record if plain and math.isfinite(record.largest_difference) else None
