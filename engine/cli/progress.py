"""Progress of a run on a terminal: bars with the time left; a line per phase and evaluation where it is no terminal."""

from __future__ import annotations

from contextlib import suppress

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from engine.cli.terminal import Terminal
from engine.events import Event, Facts, Log, Metrics, Phase
from engine.visible import visible


class RunProgress:
    """Hears the events of one run; use as a context."""

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._text = ""
        self._values: dict[str, float] = {}
        self._bar: TaskID | None = None
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[note]}"),
            console=console, disable=not console.is_terminal,
        )  # fmt: skip

    def __enter__(self) -> RunProgress:
        with suppress(OSError):  # a terminal that was closed, a pipe that nobody reads
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._progress.stop()

    def hear(self, event: Event) -> None:
        if isinstance(event, Phase):
            self.show(event.text, event.done, event.total)
        elif isinstance(event, Facts) and self._bar is not None and "phase_done" in event.values:
            self._progress.update(self._bar, completed=int(str(event.values["phase_done"])), note=self._note())
        elif isinstance(event, Metrics):
            self._values |= event.values
            seen = {name: value for name, value in event.values.items() if "validation" in name and "/loss" not in name}
            if seen:
                shown = "  ".join(f"{name} {value * 100:.1f}" for name, value in seen.items())
                self._console.print(f"step {event.step}: {shown}", highlight=False)
        elif isinstance(event, Log):
            self._console.print(escape(event.text), highlight=False)

    def show(self, text: str, done: int, total: int) -> None:
        """Show a phase; a new one gets a new bar."""
        if text != self._text:
            self._text = text
            if not self._console.is_terminal and text:
                self._console.print(f"{escape(text)} …", highlight=False)
            if self._bar is not None:
                self._progress.remove_task(self._bar)
            self._bar = self._progress.add_task(escape(visible(text)), total=total or None, note="")
        if self._bar is not None:
            self._progress.update(self._bar, completed=done, total=total or None, note=self._note())

    def _note(self) -> str:
        loss = next((self._values[name] for name in ("train/loss", "teacher/train/loss") if name in self._values), None)
        return "" if loss is None else f"loss {loss:.3f}"
