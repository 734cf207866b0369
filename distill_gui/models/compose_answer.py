"""The engine's answer to a draft, and how much of it still holds while the draft changes. Knows no Qt."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from distill_gui.models.compose_preview import Finding
from engine.errors import Fault

RESTS_ON = {  # key → parts of the answer that another value makes untrue
    "teacher.model": ("teacher", "student", "notices"),
    "student.architecture": ("student",),
    "task.name": ("rows", "steps", "notices"),
    "task.source": ("rows", "steps", "notices"),
}
ORDER = ("stop", "look", "fine")


def place_of(level: str) -> int:
    """Where findings of a level stand: the pressing things first."""
    return ORDER.index(level) if level in ORDER else len(ORDER)


class Answer:
    """What ``engine check`` printed last; ``found`` is it as far as it still holds."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def take(self, found: Mapping[str, Any]) -> None:
        self.found = dict(found)

    def forget(self, keys: Collection[str]) -> None:
        """Drop what another value of these keys, or of all keys of a section, makes untrue."""
        if self.found:
            stale = {part for key in keys for part in RESTS_ON.get(key, ())}
            of_parts = [key for key in keys if "." not in key]  # a whole section, as where a feature term went
            faults = [
                entry
                for entry in self.found.get("faults", [])
                if entry.get("key") not in {"", *keys} and str(entry.get("key", "")).partition(".")[0] not in of_parts
            ]
            self.found = {**{part: said for part, said in self.found.items() if part not in stale}, "faults": faults}

    @property
    def ready(self) -> bool:
        return bool(self.found.get("ready"))

    def faults(self) -> list[Fault]:
        """What it found wrong with the draft, each with its key."""
        entries = [entry for entry in self.found.get("faults", []) if entry.get("key")]
        return [Fault(str(entry["key"]), str(entry["message"])) for entry in entries]

    def findings(self) -> list[Finding]:
        """What to know, the pressing things first; of a check that failed, why: that is no fault of the draft."""
        found = [Finding(str(entry["level"]), str(entry["text"])) for entry in self.found.get("notices", [])]
        found += self.failures()
        return sorted(found, key=lambda finding: place_of(finding.level))

    def failures(self) -> list[Finding]:
        """Of a check that failed, why."""
        failed = [entry for entry in self.found.get("faults", []) if not entry.get("key")]
        return [Finding("look", str(entry["message"])) for entry in failed]
