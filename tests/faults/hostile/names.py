"""Names that a terminal, a spreadsheet, a browser or a database would obey, wherever a file can bring one in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from tests.faults.hostile.case import BASE, Case, Place, replaced
from tests.faults.hostile.material import HEADER

GROUP = "name"

NAMES = {
    "new lines": "line one\nline two\r\nline three",
    "an escape sequence": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x1b[2J",
    "an 8-bit escape sequence": "\x9b31mred",
    "HTML": '<img src="file:///etc/passwd" onerror="alert(1)"><b>bold</b>',
    "rich markup": "[red]danger[/red] [link=file:///etc/passwd]here[/link] [/]",
    "SQL": "x'); DROP TABLE runs; --",
    "a direction override": "safe\u202etxt.exe\u2066x\u2069",
    "10,000 characters": "long " * 2000,
    "a formula": '=HYPERLINK("http://localhost/","open")',
    "braces": "{0.__class__} %s %n ${HOME} `touch executed`",
    "combining marks": "a" + "\u0301" * 500,
    "a line separator": "one\u2028two\u2029three\x85four",
}  # fmt: skip


def _quoted(name: str) -> str:
    """``name`` as a TOML string."""
    return json.dumps(name).replace("\x7f", "\\u007f")


def _cell(name: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(["a cat", "a dog", name])
    return f"{HEADER}\n{out.getvalue()}"


def _header(name: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([name, "sentence2", "label"])
    return out.getvalue() + "a,b,1\n"


def _in_config(make: Callable[[str], str]) -> Callable[[str], Callable[[Place], None]]:
    def of(name: str) -> Callable[[Place], None]:
        return lambda place: place.write(make(name))

    return of


def _in_rows(make: Callable[[str], str]) -> Callable[[str], Callable[[Place], None]]:
    def of(name: str) -> Callable[[Place], None]:
        return lambda place: place.write(make(name), "pairs/train.csv")

    return of


def _kind_of_model(name: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        file = place.teacher / "config.json"
        held = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**held, "model_type": name}), encoding="utf-8")

    return make


PLACES: dict[str, Callable[[str], Callable[[Place], None]]] = {
    "an unknown key": _in_config(lambda name: BASE + f"{_quoted(name)} = 1\n"),
    "an unknown section": _in_config(lambda name: BASE + f"[{_quoted(name)}]\nx = 1\n"),
    "a task": _in_config(lambda name: replaced(('"mrpc"', _quoted(name)))),
    "a loss": _in_config(lambda name: replaced(('"kl"', _quoted(name)))),
    "a model": _in_config(lambda name: replaced(('"teacher"', _quoted(name)))),
    "a folder of rows": _in_config(lambda name: replaced(('"pairs"', _quoted(name)))),
    "a number": _in_config(lambda name: replaced(("lambda = 0.5", f"lambda = {_quoted(name)}"))),
    "a device": _in_config(lambda name: replaced(('"cpu"', _quoted(name)))),
    "a label": _in_rows(_cell),
    "a column": _in_rows(_header),
    "a kind of model": _kind_of_model,
}  # fmt: skip


def cases() -> list[Case]:
    """Each name in each place."""
    return [
        Case(GROUP, f"{kind} as {place}", make(name)) for place, make in PLACES.items() for kind, name in NAMES.items()
    ]
