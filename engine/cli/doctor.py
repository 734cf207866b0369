"""``distill doctor``: what the examination found, for people and as JSON. Nothing is trained, downloaded or stored."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

from rich.text import Text

from engine.cli.run import look_at
from engine.cli.terminal import say_json, terminal
from engine.diagnosis.doctor import examine
from engine.diagnosis.finding import Diagnosis, shown

_MARKS = {"fine": ("✓", "green"), "look": ("!", "yellow"), "stop": ("✗", "red")}
_WIDEST, _PIPED = 100, 80  # columns, on a terminal and in a pipe
_LONGEST_TITLE, _LONGEST_TEXT = 24, 2000


def examine_and_print(path: Path, overrides: list[str], home: Path, rows: int, as_json: bool) -> int:
    """Print the findings; exit status 0, or 2 where one of them is a stop. Raises ConfigError where the file cannot be read."""
    config, faults = look_at(path, overrides)
    found = examine(config, faults, home, rows)
    if as_json:
        say_json(found.to_dict())
    else:
        _print(found)
    return 2 if found.level == "stop" else 0


def _print(found: Diagnosis) -> None:
    console = terminal(highlight=False)
    width = min(_WIDEST, console.width) if console.is_terminal else _PIPED
    titles = max((len(shown(finding.title, _LONGEST_TITLE)) for finding in found.findings), default=0)
    indent = len("✓ fine ") + titles + 1
    for finding in found.findings:
        mark, colour = _MARKS[finding.level]
        title = shown(finding.title, _LONGEST_TITLE).ljust(titles)
        first, *rest = wrap(_printable(finding.text), width - indent) or [""]
        console.print(Text.assemble((f"{mark} {finding.level} ", colour), (title, "bold"), f" {first}"), soft_wrap=True)
        remedy = wrap(_printable(finding.remedy), width - indent)
        for line in rest:
            console.print(Text(" " * indent + line), soft_wrap=True)
        for number, line in enumerate(remedy):
            arrow = "→ " if number == 0 else "  "
            console.print(Text.assemble((f"{arrow:>{indent}}", colour), (line, "italic")), soft_wrap=True)
    counts = ", ".join(f"{found.count(level)} {level}" for level in ("stop", "look", "fine") if found.count(level))
    console.print(
        f"\n{counts} · {found.seconds:.1f} s on {found.device}. Nothing was trained or stored.", soft_wrap=True
    )


def _printable(text: str) -> str:
    return shown(text, _LONGEST_TEXT)
