"""A draft and the file system: where it is written, what a folder dropped on it holds, under which name it is saved."""

from __future__ import annotations

from pathlib import Path

from distill_gui.models.compose_draft import Draft
from distill_gui.whole_file import write_whole

ROW_SUFFIXES = (".parquet", ".csv", ".jsonl")


def write_toml(path: Path, toml: str) -> str:
    """Write a configuration; returns why that cannot be and what to do, "" where it is written."""
    try:
        if path.is_dir():
            return f"{path} is a folder; give the file in it a name."
        write_whole(path, toml.encode("utf-8"))
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}. Choose another folder, or make room."
    return ""


def key_for(folder: Path) -> str:
    """The key a folder is a value of by what it holds: a model, or rows; "" for neither, or where it cannot be read."""
    try:
        if (folder / "config.json").is_file():
            return "teacher.model"
        return "task.source" if any(file.suffix in ROW_SUFFIXES for file in folder.glob("train*.*")) else ""
    except OSError:
        return ""


def plain_name(draft: Draft) -> str:
    """A name for the file of a draft: what it learns by, its student and its task."""
    kinds = [draft.loss_kind, *(term.kind for term in draft.terms())]
    parts = ("+".join(kinds), draft.value("student.architecture"), draft.value("task.name") or "task")
    return f"{'-'.join(Path(str(part)).name for part in parts)}.toml"
