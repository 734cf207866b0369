"""What a person chose for a home that whoever trains in it must know, with or without a window: settings.json."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from engine.beside import write_note

FILE = "settings.json"
KEEP_AWAKE = "DISTILL_KEEP_AWAKE"  # environment: 0 lets the machine sleep, 1 keeps it awake; goes before the file


def keeps_awake(home: Path) -> bool:
    """Whether the machine is kept awake while a run of this home trains. True unless somebody chose otherwise."""
    if is_given():
        return os.environ[KEEP_AWAKE].strip() == "1"
    return _read(home).get("keep_awake") is not False


def is_given() -> bool:
    """Whether the environment decides it, whatever was chosen for the home."""
    return os.environ.get(KEEP_AWAKE, "").strip() in ("0", "1")


def set_keeps_awake(home: Path, keep: bool) -> None:
    """Choose it for runs that begin from now on. A home that cannot be written keeps what it had."""
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_note(home / FILE, json.dumps(_read(home) | {"keep_awake": keep}, indent=1))


def _read(home: Path) -> dict[str, object]:
    try:
        values = json.loads((home / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
