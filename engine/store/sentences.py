"""What SQLite and the disk say when something is wrong, in sentences with the remedy; knows no tables."""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import StoreError
from engine.visible import cut, on_one_line

# Primary result codes of SQLite; an extended code has one of them in its lowest byte.
BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB = 5, 6, 8, 10, 11, 13, 14, 26
PASSING = frozenset({BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN})  # may be gone a moment later

_ELSEWHERE = "or choose another home with --home or DISTILL_HOME"
_BUSY = (
    "is busy: another program has been writing to it all the time. Try again; if that does not help, end that program"
)
_REMEDIES = {
    BUSY: _BUSY,
    LOCKED: _BUSY,
    READONLY: f"cannot be written: the file or its folder is read-only. Change that, {_ELSEWHERE}",
    IOERR: "cannot be read or written: the disk reports an error. Check the disk and its connection",
    CORRUPT: "is damaged. {repair}",
    FULL: "cannot be written: the disk is full. Make room and try again",
    CANTOPEN: f"cannot be opened. See whether its folder is there and may be written, {_ELSEWHERE}",
    NOTADB: "is damaged, or is not a store of this program. {repair}",
}


def result_code(error: BaseException) -> int | None:
    """SQLite's primary result code of an error; None if it has none."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def as_store_error(error: Exception, file: Path) -> StoreError:
    """The sentence for an error met while using ``file``."""
    if isinstance(error, OSError):
        return StoreError(
            f"{error.filename or file} cannot be written: {error.strerror or error}. Change that, {_ELSEWHERE}."
        )
    if _is_undecodable(error):
        return damaged(file, error)
    remedy = _REMEDIES.get(result_code(error) or 0, "does not answer as it should. {repair}")
    return StoreError(f"The store {file} {remedy.replace('{repair}', _repair(file))} ({error}).")


def damaged(file: Path, what: object) -> StoreError:
    """The sentence for a store that holds what this program cannot have written."""
    said = str(what).partition(" with text ")[0]  # SQLite quotes all of a text that it cannot read
    return StoreError(f"The store {file} is damaged. {_repair(file)} ({cut(on_one_line(said), 200)}).")


def repair_of(file: Path) -> str:
    """The command that repairs a store, as a person types it."""
    return f"“distill store repair --home {shlex.quote(str(file.parent))}”"


def _repair(file: Path) -> str:
    return f"Run {repair_of(file)}: it moves the file aside and keeps all that can be read; nothing was changed"


@contextmanager
def in_sentences(file: Path) -> Iterator[None]:
    """Turn what SQLite and the disk report about ``file`` into StoreErrors; a wrong statement stays a bug."""
    try:
        yield
    except OSError as error:
        raise as_store_error(error, file) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if result_code(error) not in _REMEDIES and not _is_undecodable(error):
            raise
        raise as_store_error(error, file) from error


@contextmanager
def damage_in_sentences(file: Path) -> Iterator[None]:
    """Rows of ``file`` that cannot be what this program wrote become a StoreError."""
    try:
        yield
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise damaged(file, error) from error


def _is_undecodable(error: Exception) -> bool:
    """Text in the file, or in SQLite's own report about it, that is not UTF-8."""
    return isinstance(error, UnicodeDecodeError) or "Could not decode to UTF-8" in str(error)
