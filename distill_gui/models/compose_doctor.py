"""The doctor's look at a draft: asked for by the person, in seconds, and stale as soon as the draft is another one.

Knows no widgets and starts nothing; what it finds is the engine's (``engine doctor``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from distill_gui.models.compose_answer import place_of
from distill_gui.models.compose_preview import Finding
from distill_gui.models.run_text import duration_text


class Doctor(QObject):
    """``examine()``, then ``take()`` the answer; ``forget()`` when the draft may have changed."""

    changed = Signal()
    wanted = Signal(int, str)  # number, and the TOML to examine
    unwanted = Signal()  # the examination under way is of no use any more

    def __init__(self, toml: Callable[[], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._toml = toml
        self._examined = ""  # the TOML of the examination under way or answered
        self._busy = False
        self._questions = 0  # how many were asked; the last one's number
        self._answer: dict[str, Any] = {}

    def is_busy(self) -> bool:
        return self._busy

    def examine(self) -> None:
        """Ask for an examination of the draft as it stands, in the place of any other."""
        self.cancel()
        self._examined, self._busy, self._answer = self._toml(), True, {}
        self._questions += 1
        self.wanted.emit(self._questions, self._examined)
        self.changed.emit()

    def cancel(self) -> None:
        """Let an examination under way be."""
        if self._busy:
            self._busy, self._examined = False, ""
            self.unwanted.emit()
            self.changed.emit()

    def take(self, number: int, answer: Mapping[str, Any]) -> None:
        """The engine's answer to the question of this number; one that is no longer waited for is dropped."""
        if self._busy and number == self._questions:
            self._busy, self._answer = False, dict(answer)
            self.changed.emit()

    def forget(self) -> None:
        """Drop what was found, or is being found, of another draft than the one there is now."""
        if self._examined and self._toml() != self._examined:
            self.cancel()
            if self._answer:
                self._examined, self._answer = "", {}
                self.changed.emit()

    def has_findings(self) -> bool:
        """Whether it found anything: it then tells what the check of the same draft told, and more."""
        return bool(self._answer.get("findings"))

    def stops(self) -> list[Finding]:
        """Those findings that speak against a start."""
        return [finding for finding in self.findings() if finding.level == "stop"]

    def findings(self) -> list[Finding]:
        """What was found, the pressing things first, each with its remedy; of a doctor that failed, why."""
        entries = list(self._answer.get("findings", []))
        measured = {_place(entry) for entry in entries if entry.get("check") != "config"}
        found = [
            Finding(str(entry.get("level", "look")), _sentences(entry), str(entry.get("key", "")))
            for entry in entries
            if entry.get("check") != "config" or entry.get("level") == "stop" or _place(entry) not in measured
        ]
        found = list(dict.fromkeys(found))
        found += [Finding("look", str(entry.get("message", ""))) for entry in self._answer.get("faults", [])]
        return sorted(found, key=lambda finding: place_of(finding.level))

    def summary(self) -> str:
        """One line about the state of things."""
        if self._busy:
            return "Looking at teacher, labels, tokens, losses…"
        if not self._answer:
            return "Looks at teacher, labels, tokens and losses before any training"
        seconds, device = self._answer.get("seconds"), self._answer.get("device")
        took = f"in {duration_text(seconds)}" if isinstance(seconds, (int, float)) else ""
        return " ".join(filter(None, ["Examined", took, f"on {device}" if device else ""]))

    def is_answered(self) -> bool:
        return bool(self._answer)


def _place(entry: Mapping[str, Any]) -> tuple[str, str]:
    """What a finding is about: what was measured there takes the place of what the check only supposed."""
    return str(entry.get("key", "")), str(entry.get("title", ""))


def _sentences(entry: Mapping[str, Any]) -> str:
    """What was found and what to do about it."""
    return " ".join(filter(None, [str(entry.get("text", "")), str(entry.get("remedy", ""))]))
