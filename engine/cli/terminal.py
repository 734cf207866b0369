"""What the command line prints: names out of files and stores are shown, never obeyed. Nothing else here prints."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from engine.visible import visible


def say(text: str = "", *, error: bool = False, end: str = "\n") -> None:
    """Print plain text to stdout, or stderr; what a terminal would obey is made visible."""
    print(visible(text), file=sys.stderr if error else sys.stdout, end=end)


class Terminal(Console):
    """A rich console of which no text can be an escape sequence; markup is only what the program writes."""

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(_harmless(found) for found in objects), **options)


def terminal(*, error: bool = False, highlight: bool = True) -> Terminal:
    """A console on stdout, or stderr."""
    return Terminal(stderr=error, highlight=highlight)


def text_cell(text: str) -> Text:
    """A name as the cell of a table: text, never markup."""
    return Text(visible(text))


def _harmless(found: Any) -> Any:
    if isinstance(found, str):
        return visible(found)
    if isinstance(found, Text) and visible(found.plain) != found.plain:
        return Text(visible(found.plain), style=found.style)  # its spans would no longer lie where they belong
    return found
