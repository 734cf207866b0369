"""Takes students away by ``export`` in processes of the engine, several at a time if asked. Knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from distill_gui.services.engine_call import EngineCall

LIMIT_S = 3600.0


@dataclass(frozen=True)
class Exported:
    """An export that is over; ``fault`` is "" if it went well."""

    run: int
    folder: str
    fault: str


class ExportProcess:
    """``ask()``, then ``poll()`` again and again. Exports under way go on when the window is closed."""

    def __init__(self, command: Sequence[str], home: Path, limit_s: float = LIMIT_S) -> None:
        self._command = list(command)
        self._home = home
        self._limit_s = limit_s
        self._calls: list[tuple[int, str, EngineCall]] = []

    def ask(self, run: int, format: str, folder: str) -> None:
        options = ["--format", format, "--home", str(self._home)]
        command = [*self._command, "export", *options, "--", str(run), str(Path(folder).expanduser().absolute())]
        self._calls.append((run, folder, EngineCall(command, "", self._home, self._limit_s)))

    def poll(self) -> list[Exported]:
        """The exports that are over since the last call."""
        done = []
        for entry in list(self._calls):
            run, folder, call = entry
            answer = call.poll()
            if answer is None:
                continue
            self._calls.remove(entry)
            fault = "" if answer.status == 0 else answer.complaint or f"The export ended with status {answer.status}."
            done.append(Exported(run, folder, fault))
        return done

    def close(self) -> None:
        """Let the exports under way go on without being asked for."""
        while self._calls:
            self._calls.pop()[2].leave_running()
