"""The runs there were, as far as the form asks for them: how long one took, whether a control is there. Knows no form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store import RunRecord


class PastRuns:
    """Those that are not in the trash; iterated over in the order first heard of."""

    def __init__(self) -> None:
        self._records: dict[int, RunRecord] = {}

    def __iter__(self) -> Iterator[RunRecord]:
        return iter(self._records.values())

    def texts_of(self, key: str) -> list[str]:
        """What a dotted key was set to where that is text, the newest run first."""
        section, _, name = key.partition(".")
        values = (
            (self._records[run].config.get(section) or {}).get(name) for run in sorted(self._records, reverse=True)
        )
        return [value for value in values if isinstance(value, str)]

    def update(self, records: Iterable[RunRecord]) -> bool:
        """Take new and changed runs; tells whether one of them has finished, or changed since it had."""
        ended = False
        for record in records:
            ended = ended or (record.state == "finished" and record != self._records.get(record.id))
            if record.trashed_at is None:
                self._records[record.id] = record
            else:
                self._records.pop(record.id, None)
        return ended

    def forget(self, runs: Iterable[int]) -> None:
        """Keep nothing of runs that were deleted for good."""
        for run in runs:
            self._records.pop(run, None)
