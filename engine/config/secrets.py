"""Access tokens do not belong into a configuration: it is stored, shown and given away with the student."""

from __future__ import annotations

from typing import Any

from engine.errors import Fault
from engine.visible import holds_secret

SENTENCE = (
    "looks like an access token or a password, and a configuration is stored and shown; take it out and log in with "
    "“hf auth login”, or set HF_TOKEN"
)


def take_secrets_out(raw: dict[str, Any]) -> list[Fault]:
    """A fault for each value of a raw configuration that looks like one; the value is taken out, so that nothing repeats it."""
    faults: list[Fault] = []
    open_tables: list[tuple[str, Any]] = [("", raw)]  # no recursion: nesting is as deep as somebody likes
    while open_tables:
        place, table = open_tables.pop()
        for key, value in list(table.items() if isinstance(table, dict) else enumerate(table)):
            said = str(key + 1) if isinstance(key, int) else "(a key)" if holds_secret(key) else key
            where = f"{place}.{said}" if place else said
            if isinstance(value, (dict, list)):
                open_tables.append((where, value))
            if said == "(a key)" or (isinstance(value, str) and holds_secret(value)):
                faults.append(Fault(where, SENTENCE))
                if isinstance(table, dict):
                    del table[key]
                else:
                    table[key] = ""
    return faults
