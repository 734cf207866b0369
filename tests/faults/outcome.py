"""What a part of the harness found: counts for the table, and a sentence for everything that went wrong. Knows no faults."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Outcome:
    """``counts`` in the order they are first named. ``wrong`` must be empty: each sentence is a broken promise."""

    part: str
    counts: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def add(self, what: str, count: float = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + count

    def most(self, what: str, value: float) -> None:
        """Keep the largest."""
        self.counts[what] = max(self.counts.get(what, 0.0), round(value, 3))

    def must(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.wrong.append(sentence)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """CPU time of this process and of the children that end meanwhile."""
        cpu, wall = _cpu_s(), time.monotonic()
        try:
            yield
        finally:
            self.cpu_s += _cpu_s() - cpu
            self.wall_s += time.monotonic() - wall


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def as_markdown(outcomes: list[Outcome]) -> str:
    """One table: what was tried and found, a line each; the parts one after the other."""
    lines = ["| | |", "|---|--:|"]
    for outcome in outcomes:
        lines.append(f"| **{outcome.part}** | |")
        lines += [f"| {what} | {count:g} |" if count < 1e5 else f"| {what} | {count:,.0f} |"
                  for what, count in outcome.counts.items()]  # fmt: skip
        lines.append(f"| promises broken | {len(outcome.wrong)} |")
    return "\n".join(lines)


def as_text(outcomes: list[Outcome]) -> str:
    """The same for a terminal, with the CPU time and every sentence of what went wrong."""
    lines = []
    for outcome in outcomes:
        lines.append(f"\n{outcome.part}  ({outcome.cpu_s:.0f} s of CPU, {outcome.wall_s:.0f} s)")
        counts: dict[str, float] = {**outcome.counts, "promises broken": len(outcome.wrong)}
        lines += [f"  {what:<68}{count:>12,g}" for what, count in counts.items()]
        lines += [f"  ✗ {sentence}" for sentence in outcome.wrong[:40]]
    return "\n".join(lines)


def write_json(file: Path, outcomes: list[Outcome], about: dict[str, Any]) -> None:
    parts = [vars(outcome) for outcome in outcomes]
    file.write_text(json.dumps({"about": about, "parts": parts}, indent=1, ensure_ascii=False), encoding="utf-8")
