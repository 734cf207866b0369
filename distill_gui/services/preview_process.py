"""Asks the engine about a configuration (``check``, ``doctor`` or ``sweep``, ``- --json``), one at a time, the latest wins.
Knows no Qt."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distill_gui.services.engine_call import Answer, EngineCall

SETTLE_S = 0.15
LIMIT_S = 60.0


class PreviewProcess:
    """``ask()`` whenever there is another configuration, ``poll()`` again and again, ``close()`` to be told nothing more.

    ``question`` is what the engine is asked: whether it could start (check), whether it would go well (doctor), or whether all
    combinations of some values could start (sweep); ``folder`` is the home. Whoever asks gives a number, by which an answer to an
    earlier question, on its way already, can be told from one to this.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        question: str = "check",
        settle_s: float = SETTLE_S,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._question = question
        remember = (
            ["--remember"] if question != "doctor" else []
        )  # it is asked of every draft, the doctor only when wanted
        self._command = [*command, question, "-", "--json", *remember, "--home", str(folder)]
        self._folder = folder
        self._settle_s = settle_s
        self._limit_s = limit_s
        self._asked: tuple[float, str, list[str]] | None = None
        self._number = 0
        self._call: EngineCall | None = None

    def ask(self, number: int, toml: str, arguments: Sequence[str] = ()) -> None:
        """Ask about ``toml`` once nothing else has been asked for ``settle_s``; an older question is dropped."""
        self.close()
        self._number = number
        self._asked = (time.monotonic() + self._settle_s, toml, list(arguments))

    def poll(self) -> tuple[int, dict[str, Any]] | None:
        """The question's number and its answer once that is there, else None."""
        if self._call is not None and (answer := self._call.poll()) is not None:
            self._call = None
            return self._number, as_preview(answer, self._question)
        if self._asked is not None and time.monotonic() >= self._asked[0]:
            _, toml, arguments = self._asked
            self._asked = None
            self._call = EngineCall([*self._command, *arguments], toml, self._folder, self._limit_s)
        return None

    def close(self) -> None:
        """Forget the question and end the process, if there is one."""
        self._asked = None
        if self._call is not None:
            self._call.kill()
            self._call = None


def as_preview(answer: Answer, question: str = "check") -> dict[str, Any]:
    """What the engine printed; where that is nothing to be read, a preview that is not ready and says why."""
    try:
        preview = json.loads(answer.output)
    except ValueError:
        preview = None
    if answer.status is not None and isinstance(preview, dict):
        return preview
    last = (
        answer.complaint.splitlines()[-1] if answer.complaint else f"The {question} ended with status {answer.status}."
    )
    return {"ready": False, "faults": [{"key": "", "message": last}], "notices": []}
