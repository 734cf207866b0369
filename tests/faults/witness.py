"""An independent witness: what a training process emitted, and when, in a file that outlives its death.

Written with one ``write`` an event to a file opened O_APPEND: once that returns, the line survives the process. Knows the
engine's events; nothing of how the store keeps them.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.events import Event, Facts, Metrics, Phase, Rewound

Point = tuple[str, int]  # curve, step


class Witness:
    """``begin(run)``, then ``hear`` each event; ``note`` adds anything else."""

    def __init__(self, file: Path, run: int = 0) -> None:
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._run = run

    def begin(self, run: int) -> None:
        self._run = run
        self.note(began=os.getpid())

    def hear(self, event: Event) -> None:
        match event:
            case Metrics():
                self.note(step=event.step, values=event.values)
            case Rewound():
                self.note(rewound=event.step, prefix=event.prefix)
            case Phase():
                self.note(phase=event.text)
            case Facts() if "phase_done" not in event.values:
                self.note(facts=sorted(event.values))

    def close(self) -> None:
        os.close(self._handle)

    def note(self, **values: Any) -> None:
        os.write(self._handle, (json.dumps({"t": time.time(), "run": self._run, **values}) + "\n").encode())


@dataclass
class Testimony:
    """What the witness saw of one run: the rows that hold, each with (value, when, how manieth); deaths by their own hand."""

    rows: dict[Point, tuple[float, float, int]] = field(default_factory=dict)
    deaths: list[float] = field(default_factory=list)
    attempts: int = 0


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a witness's file; the last one may be cut by the death."""
    text = file.read_bytes() if file.exists() else b""
    for line in text[: text.rfind(b"\n") + 1].splitlines():
        yield json.loads(line)


def heard_of(file: Path, run: int) -> Testimony:
    """What holds of ``run`` after all that the witness heard: rows taken back by a resume are out, and those that were
    noted as ``gone``: lost young with an earlier death."""
    seen = Testimony()
    number = 0
    for line in read_lines(file):
        if line["run"] != run:
            continue
        if "values" in line:
            for name, value in line["values"].items():
                number += 1
                seen.rows[name, line["step"]] = (value, line["t"], number)
        elif "rewound" in line:
            teacher = bool(line["prefix"])
            seen.rows = {
                (name, step): row
                for (name, step), row in seen.rows.items()
                if step <= line["rewound"] or name.startswith("teacher/") != teacher
            }
        elif "gone" in line:
            for name, step in line["gone"]:
                seen.rows.pop((name, step), None)
        elif "dies" in line:
            seen.deaths.append(line["t"])
        elif "began" in line:
            seen.attempts += 1
    return seen
