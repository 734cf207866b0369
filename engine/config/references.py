"""What a model or folder in a configuration refers to: an architecture, a hub id or a folder; reads no model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from engine import catalog
from engine.errors import Fault

ARCHITECTURE = re.compile(r"(?P<layers>[0-9]{1,9})x(?P<hidden>[0-9]{1,9})")
_AS_WRITTEN = re.compile(r"\s*([0-9]{1,9})\s*[xX×]\s*([0-9]{1,9})\s*")  # by a person, or copied out of a table
HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*(/[A-Za-z0-9][A-Za-z0-9_.\-]*)?")
OF_PROGRAM = "program:"  # a folder that comes with this program: named so it is found on every machine that has one
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters, halves of a character

PATH_KEYS = (
    ("task", "source"),
    ("teacher", "model"),
    ("teacher", "tokenizer"),
    ("student", "architecture"),
    ("student", "tokenizer"),
)


def layers_and_hidden(architecture: str) -> tuple[int, int] | None:
    """(layers, hidden size) of an ``LxH`` architecture; None for a hub id or folder."""
    match = ARCHITECTURE.fullmatch(architecture)
    return (int(match["layers"]), int(match["hidden"])) if match else None


def is_folder_like(reference: str) -> bool:
    """Whether a model reference is meant as a folder rather than a hub id or an architecture."""
    return reference.startswith((".", "/", "~")) or "\\" in reference or Path(reference).is_absolute()


def travelling(raw: dict[str, Any]) -> None:
    """Name folders of this program itself so that they are found on another machine too, in place; all others stay."""
    own = catalog.assets_folder().resolve()
    for section, key in PATH_KEYS:
        table = raw.get(section)
        value = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(value, str) and Path(value).is_relative_to(own):
            table[key] = OF_PROGRAM + Path(value).relative_to(own).as_posix()


def resolve_paths(raw: dict[str, Any], base: Path) -> list[Fault]:
    """Make folder references of a raw configuration absolute in place; a faulty one is taken out and is a fault."""
    faults = []
    for section, key in PATH_KEYS:
        table = raw.get(section)
        value = table.get(key) if isinstance(table, dict) else None
        if not isinstance(table, dict) or not isinstance(value, str):
            continue
        try:
            table[key] = _resolved(f"{section}.{key}", value, base)
        except ValueError as error:
            faults.append(Fault(f"{section}.{key}", str(error)))
            del table[key]
    return faults


def _resolved(key: str, value: str, base: Path) -> str:
    """The absolute folder, an architecture as ``LxH``, or the name as it is. Raises ValueError with the sentence."""
    if not value.strip() or _UNUSABLE.search(value):
        raise ValueError("is empty or holds a control character; give a folder or a name")
    if value.startswith(OF_PROGRAM):
        return _of_program(value)
    only_folder = key == "task.source"
    if not only_folder and (match := ARCHITECTURE.fullmatch(value)):
        return f"{int(match['layers'])}x{int(match['hidden'])}"
    folder = _folder(value, base)
    if folder is not None and folder.is_dir():
        return str(folder)
    if not only_folder and (match := _AS_WRITTEN.fullmatch(value)):
        return f"{int(match[1])}x{int(match[2])}"
    if only_folder or is_folder_like(value):
        raise ValueError(f"there is no folder {folder or value}; {_folder_remedy(key)}")
    if not HUB_ID.fullmatch(value):
        shape = " nor an architecture such as 2x128" if key in ("teacher.model", "student.architecture") else ""
        raise ValueError(f"“{value}” is neither a folder nor a hub id (owner/name){shape}; {_folder_remedy(key)}")
    return value


def _of_program(value: str) -> str:
    own = catalog.assets_folder().resolve()
    folder = _folder(value.removeprefix(OF_PROGRAM), own)
    if folder is None or not folder.is_relative_to(own) or not folder.is_dir():
        raise ValueError(
            f"this program comes with no folder “{value.removeprefix(OF_PROGRAM)}”; give a folder of your own"
        )
    return str(folder)


def _folder(value: str, base: Path) -> Path | None:
    """The folder a value names, which need not exist; None where the system cannot even look."""
    try:
        folder = (base / Path(value).expanduser()).resolve()
        folder.is_dir()
    except (OSError, RuntimeError):  # the name is too long, a loop of links, or ~ of a user that is not there
        return None
    return folder


def _folder_remedy(key: str) -> str:
    if key == "task.source":
        return "give the folder with train and validation files, or leave the key out for the task's own rows"
    if key.endswith("tokenizer"):
        return "give a folder with tokenizer.json or vocab.txt, or a hub id"
    return "give a folder with config.json and model.safetensors, or a hub id such as google-bert/bert-base-uncased"
