"""The hand-written cases, all of them, and the few that are also run as a process of their own."""

from __future__ import annotations

from tests.faults.hostile import configurations, model_folders, names, rows_files
from tests.faults.hostile.case import Case

# At least one of each kind of danger: a process has its own terminal, signals, recursion limit and exit status.
AS_PROCESSES = (
    "configuration: empty",
    "configuration: Latin-1",
    "configuration: arrays nested 100,000 deep",
    "configuration: 10 MB in one string",
    "configuration: a link to a device without end",
    "configuration: a pipe nobody writes to",
    "configuration: everything wrong at once",
    "configuration: a name that is no text",
    "configuration: --set with an escape sequence",
    "rows: csv: NUL bytes",
    "rows: jsonl: nested without end",
    "rows: parquet: cut",
    "model: a pickle that is code",
    "model: a pickle that is code, in a zip, opted in",
    "model: code of its own",
    "model: an index to the passwords",
    "model: hidden size a billion",
    "model: weights of another width",
    "model: tokenizer of an unknown kind",
    "name: an escape sequence as a label",
    "name: rich markup as a model",
    "name: SQL as an unknown key",
)


def cases() -> list[Case]:
    """Every hand-written case; no two have one title."""
    found = [
        case for module in (configurations, rows_files, model_folders, names) for case in module.cases()
    ]  # fmt: skip
    assert len({case.title for case in found}) == len(found)
    return found
