"""What the command line prints: names out of files and stores are shown, never obeyed. Nothing else here prints."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from engine.visible import visible

UNLIMITED = 10_000  # columns
SHORTEST_NAME = 16


def say(text: str = "", *, error: bool = False, end: str = "\n") -> None:
    """Print plain text to stdout, or stderr; what a terminal would obey is made visible."""
    print(visible(text), file=sys.stderr if error else sys.stdout, end=end)


def say_json(content: Any, indent: int | None = 1) -> None:
    """Print JSON to stdout for another program to read: strict, a number that is none or infinite is null."""
    say(json.dumps(_finite(content), indent=indent, ensure_ascii=False, allow_nan=False))


def _finite(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    return [_finite(value) for value in content] if isinstance(content, (list, tuple)) else content


class Terminal(Console):
    """A rich console of which no text can be an escape sequence; markup is only what the program writes."""

    def on_broken_pipe(self) -> None:
        """Whoever read it has gone: an error like any other; rich would end the process, and with it the run that it trains."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(_harmless(found) for found in objects), **options)


def terminal(*, error: bool = False, highlight: bool = True) -> Terminal:
    """A console on stdout, or stderr."""
    return Terminal(stderr=error, highlight=highlight)


def text_cell(text: str) -> Text:
    """A name as the cell of a table: text, never markup."""
    return Text(visible(text))


class NameCell:
    """As ``text_cell``, always one line: where room is short its middle goes, as the names of a sweep differ at their end."""

    def __init__(self, name: str) -> None:
        self._name = visible(name)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(SHORTEST_NAME, cell_len(self._name)), cell_len(self._name))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(shortened(self._name, options.max_width), no_wrap=True, overflow="ellipsis")


def shortened(text: str, room: int) -> str:
    """``text`` in at most ``room`` columns of a terminal, with "…" for its middle."""
    if cell_len(text) <= room:
        return text
    head, tail = max(0, room - 1) - max(0, room - 1) // 2, text
    while tail and cell_len(tail) > max(0, room - 1) // 2:  # some signs take two columns
        tail = tail[1:]
    return set_cell_size(text, head).rstrip() + "…" + tail.lstrip()


def fitting(heads: Sequence[str], rows: Sequence[Sequence[str]], name: str, spare: Sequence[str]) -> list[str]:
    """The columns that a terminal has room for: those of ``spare`` go one by one, the column ``name`` gets shorter before."""
    console, shown = terminal(), list(heads)
    widths = {head: max(map(cell_len, [head, *cells])) for head, *cells in zip(heads, *rows, strict=True)}
    widths[name] = min(widths[name], SHORTEST_NAME)
    for head in spare if console.is_terminal else ():
        if sum(widths[left] + 2 for left in shown) - 2 <= console.width:
            break
        shown.remove(head)
    return shown


def print_list(table: Table) -> None:
    """On stdout: as wide as the terminal, and as wide as it is where another program or a file reads it."""
    console = terminal()
    if not console.is_terminal:
        console.width = UNLIMITED
    console.print(table)


def _harmless(found: Any) -> Any:
    if isinstance(found, str):
        return visible(found)
    if isinstance(found, Text) and visible(found.plain) != found.plain:
        return Text(visible(found.plain), style=found.style)  # its spans would no longer lie where they belong
    return found
