"""What may go into a column: numpy numbers as plain ones, text without half characters; knows no tables."""

from __future__ import annotations

from typing import Any


def storable(value: Any) -> Any:
    """SQLite would keep a numpy number as a blob, and refuses the lone surrogates of undecodable file names."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value.item() if hasattr(value, "item") else value
