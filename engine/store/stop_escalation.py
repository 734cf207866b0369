"""How long a run that was asked to stop is waited for, and what comes next. Is told the time, does nothing itself."""

from __future__ import annotations

from engine.store.records import RunRecord

ASKED, TERMINATED, KILLED = "asked", "terminated", "killed"
ASK_S, TERMINATE_S = 30.0, 15.0  # how long a window and the command line wait for each, unless told otherwise


def reason_of_force(run: RunRecord) -> str:
    """What is said of a run that was ended by force."""
    return f"Stopped by force, as it did not stop when asked to; {kept_of(run)}."


def kept_of(run: RunRecord) -> str:
    """What there is of the student of a run that was ended by force."""
    return "the best student until then was kept" if run.has_student else "no student was kept"


class StopEscalation:
    """Asked → after ``ask_s`` terminated → after ``terminate_s`` killed.

    A run that goes on to another phase is winding down (evaluating, keeping the student): its time begins anew.
    """

    def __init__(self, now: float, phase: str, ask_s: float, terminate_s: float) -> None:
        self.stage = ASKED
        self._since = now
        self._phase = phase
        self._ask_s = ask_s
        self._terminate_s = terminate_s

    def left_s(self, now: float) -> float:
        """Seconds until the next stage; 0 where there is none."""
        return max(0.0, self._patience_s() - (now - self._since))

    def _patience_s(self) -> float:
        return {ASKED: self._ask_s, TERMINATED: self._terminate_s}.get(self.stage, 0.0)

    def advance(self, now: float, phase: str) -> bool:
        """Look at the clock; returns whether a new stage has begun."""
        if phase != self._phase:
            self._phase, self._since = phase, now
        if self.stage == KILLED or now - self._since < self._patience_s():
            return False
        self.stage = TERMINATED if self.stage == ASKED else KILLED
        self._since = now
        return True
