"""Which rehearsals went well, kept in the home, so that the window need not build the same models at every change of a number.

Only that nothing was found is kept, by all that a rehearsal rests on; where anything of it differs, or may be changing just now,
it is done again. Knows no model.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from engine import __version__
from engine.config import DistillationConfig
from engine.files import read_bytes
from engine.models.folder import is_local, looks_of
from engine.types import Task

FILE = "rehearsed.json"
MOST = 200  # the latest ones
_MOST_BYTES = 1_000_000
# of a teacher: how it would be trained, which no rehearsal does
_LEFT_OUT = ("epochs", "batch_size", "learning_rate", "seed", "keep")


def key_of(config: DistillationConfig, task: Task, texts: Sequence[Sequence[Sequence[str]]]) -> str:
    """What a rehearsal rests on, as a hash; "" where that cannot be told. ``texts`` are the columns of each split."""
    table = config.to_dict()
    teacher = {name: value for name, value in table.get("teacher", {}).items() if name not in _LEFT_OUT}
    terms = [{name: value for name, value in term.items() if name != "weight"} for term in table.get("features", [])]
    named = [
        config.student.architecture, config.student.tokenizer,
        *((config.teacher.model, config.teacher.tokenizer) if config.teacher else ()),
    ]  # fmt: skip
    try:
        folders = {name: looks_of(Path(name)) for name in named if name is not None and is_local(name)}
    except OSError:
        return ""
    if not all(folders.values()):  # one was written just now
        return ""
    parts = {
        "versions": [__version__, *map(version, ("torch", "transformers", "tokenizers"))],
        "needs_teacher": config.needs_teacher,
        "sections": [teacher, table.get("student"), terms, task.name, config.task.max_length],
        "folders": folders,
        "texts": _hash_of(texts),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def was_rehearsed(home: Path, key: str) -> bool:
    """Whether that has gone well before."""
    return bool(key) and key in _read(home / FILE)


def keep(home: Path, key: str) -> None:
    """Note that it went well; not in a home that is not there yet. A disk that refuses is let be: it is only done again."""
    if not key or not home.is_dir():
        return
    kept = [known for known in _read(home / FILE) if known != key][-MOST + 1 :]
    part = home / f"{FILE}.{os.getpid()}.part"
    with suppress(OSError):
        try:
            part.write_text(json.dumps([*kept, key]), encoding="utf-8")
            part.replace(home / FILE)
        finally:
            part.unlink(missing_ok=True)


def _read(file: Path) -> list[str]:
    try:
        found = json.loads(read_bytes(file, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []


def _hash_of(texts: Sequence[Sequence[Sequence[str]]]) -> str:
    digest = hashlib.sha256()
    for split in texts:
        for column in split:
            digest.update(f"{len(column)}\n".encode())
            for text in column:
                written = text.encode("utf-8", "surrogatepass")
                digest.update(f"{len(written)}\n".encode() + written)
    return digest.hexdigest()
