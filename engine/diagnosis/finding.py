"""What the doctor says: one finding, and all of them together as JSON. Knows no model and no torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["fine", "look", "stop"]
LEVELS: tuple[Level, ...] = ("fine", "look", "stop")  # from harmless to what should not be started


@dataclass(frozen=True)
class Finding:
    """``check`` names what was looked at (stable), ``key`` the configuration key that the remedy is about, "" for none.

    ``text`` is one sentence, ``remedy`` what to do, "" where nothing needs doing; ``numbers`` are what it rests on, plain values.
    """

    level: Level
    check: str
    title: str
    text: str
    remedy: str = ""
    key: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Diagnosis:
    """All findings in the order they are told; ``seconds`` is how long it took."""

    findings: list[Finding] = field(default_factory=list)
    device: str = ""
    device_reason: str = ""
    seconds: float = 0.0

    @property
    def level(self) -> Level:
        """That of the gravest finding."""
        return max((finding.level for finding in self.findings), key=LEVELS.index, default="fine")

    def count(self, level: Level) -> int:
        return sum(finding.level == level for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it: numbers that are not finite are null."""
        return {
            "level": self.level,
            "seconds": round(self.seconds, 2),
            "device": self.device,
            "device_reason": self.device_reason,
            "findings": [
                {
                    "level": finding.level,
                    "check": finding.check,
                    "key": finding.key,
                    "title": finding.title,
                    "text": finding.text,
                    "remedy": finding.remedy,
                    "numbers": _plain(finding.numbers),
                }
                for finding in self.findings
            ],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(held) for name, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(held) for held in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def shown(name: object, most: int = 40) -> str:
    """A name out of a file as it may stand in a sentence: short, without control characters."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(name))
    return text if len(text) <= most else f"{text[: most - 1]}…"
