"""``distill cache``: what the cache of a home holds, whether it is sound, and clearing it."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from engine.cli.terminal import print_list, say, say_json, text_cell
from engine.data import cache_room
from engine.data.cache_room import LIMIT_VARIABLE, Entry, size_in_words
from engine.store.trash import size_of

DAY_S = 86_400


def list_cache(home: Path, as_json: bool) -> None:
    """All entries, the one used last first."""
    folder = home / "cache"
    found = cache_room.entries(folder)
    limit = cache_room.room_limit(folder)
    taken = sum(entry.bytes for entry in found)
    teachers, weight = _teachers(home / "teachers")
    if as_json:
        content = {
            "folder": str(folder), "bytes": taken, "limit_bytes": limit, "entries": [_plain(entry) for entry in found],
            "teachers": {"folder": str(home / "teachers"), "count": teachers, "bytes": weight},
        }  # fmt: skip
        say_json(content)
        return
    if found:
        table = Table("What", "Of", "Task", "Split", "Rows", "Size", "Last used", box=None, pad_edge=False)
        table.columns[4].justify = table.columns[5].justify = "right"
        for column in table.columns[2:]:
            column.no_wrap = True
        for entry in found:
            table.add_row(*(text_cell(cell) for cell in _cells(entry)))
        print_list(table)
    count = f"{len(found)} {'entry' if len(found) == 1 else 'entries'}" if found else "Nothing kept yet"
    say(f"{count}, {size_in_words(taken)} of at most {size_in_words(limit)} ({LIMIT_VARIABLE} sets it). {folder}")
    if teachers:
        text = f"Beside it, fine-tuned teachers: {teachers}, {size_in_words(weight)} in {home / 'teachers'}"
        say(f"{text}; “distill cache clear --teachers” takes them out.")


def verify_cache(home: Path) -> int:
    """Read every byte of every entry. Exit status 0 where all are sound, 1 where one is not."""
    found = cache_room.entries(home / "cache")
    start = time.perf_counter()
    faults = 0
    for entry in found:
        fault = entry.fault or cache_room.fault_of(entry.file)
        if fault:
            faults += 1
            say(f"{entry.file}: {fault}; it is made again when it is asked for.")
    size, seconds = size_in_words(sum(entry.bytes for entry in found)), time.perf_counter() - start
    say(f"{len(found) - faults} of {len(found)} entries are sound ({size} read in {seconds:.1f} s).")
    return 1 if faults else 0


def clear_cache(home: Path, older_than_days: float) -> None:
    """Take entries out; runs that need them make them again."""
    count, freed = cache_room.clear(home / "cache", older_than_days * DAY_S)
    left = len(cache_room.entries(home / "cache"))
    stay = f"; {left} stay" if left else ""
    say(f"{count} {'entry' if count == 1 else 'entries'} taken out, {size_in_words(freed)} freed{stay}.")


def _teachers(folder: Path) -> tuple[int, int]:
    """How many fine-tuned teachers are kept, and their bytes: no limit holds for them, they cost a training."""
    kept = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return len(kept), sum(size_of(path) for path in kept)


def _cells(entry: Entry) -> list[str]:
    used = datetime.fromtimestamp(entry.last_used).strftime("%Y-%m-%d %H:%M")
    if entry.fault:
        return ["damaged", entry.fault, "", "", "", size_in_words(entry.bytes), used]
    about = entry.about
    rows = about.get("rows")
    inner = f" {str(about['tensor']).removeprefix('module/')}" if "tensor" in about else ""
    inner += f", piece {about['piece']} of {about['pieces']}" if {"piece", "pieces"} <= about.keys() else ""
    return [
        f"{about.get('kind', '–')}{inner}",
        Path(str(about.get("teacher") or about.get("tokenizer") or "–")).name,
        str(about.get("task", "–")),
        str(about.get("split", "–")),
        f"{rows:,}" if isinstance(rows, int) else "–",
        size_in_words(entry.bytes),
        used,
    ]


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key, "file": str(entry.file), "bytes": entry.bytes, "last_used": entry.last_used,
        "about": entry.about, "fault": entry.fault,
    }  # fmt: skip
