"""What the engine finds in the files and models of a sweep in the making, asked by number. Knows no Qt; reads no file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import Fault

LOOKING = "Looking at models and rows…"
LATER = "Each run looks at its models and rows when it starts."
_NUMBERS = itertools.count(1)
_OF_NUMBERS_ALONE = ("loss", "training")  # sections whose values say nothing of files and models …
_OF_MODELS = ("loss.kind", "training.device")  # … but for these


class SweepFiles:
    """``number`` is that of the question whose answer is awaited, 0 while none is; ``faults`` and ``notices`` are of the last."""

    def __init__(self) -> None:
        self.number = 0
        self.faults: list[Fault] = []
        self.notices: list[str] = []

    def forget(self) -> None:
        """It is another sweep now."""
        self.number, self.faults, self.notices = 0, [], []

    def ask(self) -> int:
        """A new question, by its number."""
        self.forget()
        self.number = next(_NUMBERS)
        return self.number

    def take(self, number: int, found: Mapping[str, Any]) -> bool:
        """Take the answer to the question awaited; False for one that nobody waits for any more."""
        if not number or number != self.number:
            return False
        self.number = 0
        faults = [Fault(str(fault["key"]), str(fault["message"])) for fault in found.get("faults", ())]
        if "runs" in found:
            self.faults = faults
            self.notices = [str(notice["text"]) for notice in found.get("notices", ())]
        else:  # the engine could not be asked, or took too long: no reason to keep a person from queueing
            said = faults[0].message.rstrip(".") if faults else "The engine did not answer"
            self.notices = [f"{said}. {LATER}"]
        return True


def rests_on_files(keys: Iterable[str]) -> bool:
    """Whether a sweep over these keys has runs that differ in what stands in files or models."""
    return any(key.partition(".")[0] not in _OF_NUMBERS_ALONE or key in _OF_MODELS for key in keys)
