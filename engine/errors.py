"""What can go wrong because of a person's input, said in sentences; knows nothing of the rest of the engine.

The exception's type says whose fault it is: an ``EngineError`` is a mistake or a missing thing that a person can mend,
and its text is one or more whole sentences (what, where, what to do). Everything else is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class EngineError(Exception):
    """A person's mistake or a missing thing; ``str(error)`` is what to show."""


class DataError(EngineError):
    """Rows that cannot be used: a file, column, label or encoding is wrong."""


class ModelError(EngineError):
    """A model or tokenizer that cannot be used: missing weights, a pickle, shapes that do not fit."""


class StoreError(EngineError):
    """The store cannot be opened, or has no such run."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a configuration: the dotted key it is about and a sentence with the remedy."""

    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}" if self.key else self.message


MOST_FAULTS = 40  # said at once: a file that is no configuration at all would else fill the screen


class ConfigError(EngineError):
    """All that is wrong with a configuration, at once."""

    def __init__(self, faults: Iterable[Fault], where: str = "") -> None:
        self.faults = tuple(faults)
        self.where = where
        count = len(self.faults)
        head = f"{count} thing{'s' if count != 1 else ''} to mend" + (f" in {where}" if where else "")
        lines = [f"  {fault}" for fault in self.faults[:MOST_FAULTS]]
        more = [f"  … and {count - MOST_FAULTS:,} more"] if count > MOST_FAULTS else []
        super().__init__("\n".join([head + ":", *lines, *more]))
