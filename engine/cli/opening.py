"""What several commands share: opening the store, saying what that did to it, and sizes in words."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from engine.store import Store


def opened(home: Path) -> Store:
    """The store of ``home``; a migration is said on stderr. Raises StoreError."""
    store = Store(home)
    if store.notice:
        typer.echo(store.notice, file=sys.stderr)
    return store


def megabytes(count: int) -> str:
    """A number of bytes as a person reads it, in powers of ten as disks are sold."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
