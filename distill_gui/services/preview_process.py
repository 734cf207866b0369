"""Asks the engine whether a configuration could start (``check - --json``), one at a time, the latest wins. Knows no Qt."""

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
    """``ask()`` whenever the configuration changes, ``poll()`` again and again, ``close()`` at the end."""

    def __init__(
        self, command: Sequence[str], folder: Path, settle_s: float = SETTLE_S, limit_s: float = LIMIT_S
    ) -> None:
        self._command = [*command, "check", "-", "--json"]
        self._folder = folder
        self._settle_s = settle_s
        self._limit_s = limit_s
        self._asked: tuple[float, str] | None = None
        self._call: EngineCall | None = None

    def ask(self, toml: str) -> None:
        """Check ``toml`` once nothing else has been asked for ``settle_s``; an older question is dropped."""
        self._asked = (time.monotonic() + self._settle_s, toml)
        self.close()

    def poll(self) -> dict[str, Any] | None:
        """The preview once it is there, else None."""
        if self._call is not None and (answer := self._call.poll()) is not None:
            self._call = None
            return as_preview(answer)
        if self._asked is not None and time.monotonic() >= self._asked[0]:
            toml = self._asked[1]
            self._asked = None
            self._call = EngineCall(self._command, toml, self._folder, self._limit_s)
        return None

    def close(self) -> None:
        """End the process, if there is one."""
        if self._call is not None:
            self._call.kill()
            self._call = None


def as_preview(answer: Answer) -> dict[str, Any]:
    """What the engine printed; where that is nothing to be read, a preview that is not ready and says why."""
    try:
        preview = json.loads(answer.output)
    except ValueError:
        preview = None
    if answer.status is not None and isinstance(preview, dict):
        return preview
    last = answer.complaint.splitlines()[-1] if answer.complaint else f"The check ended with status {answer.status}."
    return {"ready": False, "faults": [{"key": "", "message": last}], "notices": []}
