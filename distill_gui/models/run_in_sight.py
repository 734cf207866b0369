"""Which run is shown: the one a person chose, else the one that trains, and when a failed one stays in sight. Knows no Qt."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store import RunRecord

FAILED = ("failed", "interrupted")


class RunInSight:
    """``run`` is the one shown, None while there is none. ``after_change`` says which one is to be shown next."""

    def __init__(self) -> None:
        self.run: int | None = None
        self._follows_live = True
        self._moved_unasked = False

    def choose(self, run: int, live: RunRecord | None) -> None:
        """A person looks at this run; who looks at the one that trains goes on to the next."""
        self.run = run
        self._follows_live = live is not None and live.id == run
        self._moved_unasked = False

    def follow_live(self) -> None:
        """Show the run that trains as soon as there is one, as for a person who just started it."""
        self._follows_live = True

    def stay(self) -> None:
        """A person ends the run shown, and wants to see how it ends, not the next one."""
        self._follows_live = False

    def after_change(
        self, changed: Collection[int], record: RunRecord | None, live: RunRecord | None, newest: RunRecord | None
    ) -> int | None:
        """The run to show now that these changed, None where it stays the same. ``record`` is that of the run shown, None if it
        is not there (any more); ``live`` the run that trains."""
        if record is not None and record.id in changed and record.state in FAILED:
            self._follows_live = False  # its sentence is read, and its buttons pressed, while the next run starts
        if record is not None and not (self._follows_live and live is not None and live.id != record.id):
            return None
        wanted = live or newest
        if wanted is None:
            return None
        self._moved_unasked = record is not None
        self.run = wanted.id
        return wanted.id

    def moved_unasked(self) -> bool:
        """Whether another run is shown since this was last asked, and no person asked for that."""
        moved, self._moved_unasked = self._moved_unasked, False
        return moved
