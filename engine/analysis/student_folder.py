"""What of a run's kept student leaves with an export; knows file names only, never what is in them."""

from __future__ import annotations

from pathlib import Path

# Weights, config and tokenizer; nothing that could be code, and not the program's own notes with the person's paths.
_KINDS = (".safetensors", ".json", ".txt", ".model")
_LEFT_OUT = {"distillation.json"}


def leaving_files(student: Path) -> list[Path]:
    """The plain files of a kept student's folder that are exported, by name; none where there is no folder."""
    if not student.is_dir():
        return []
    return [
        file for file in sorted(student.iterdir())
        if file.suffix in _KINDS and file.name not in _LEFT_OUT and file.is_file() and not file.is_symlink()
    ]  # fmt: skip


def leaving_bytes(student: Path) -> int | None:
    """What they take on the disk, None where there are none. Raises OSError."""
    return sum(file.stat().st_size for file in leaving_files(student)) or None
