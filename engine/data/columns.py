"""Reads one file of rows (.parquet, .csv, .jsonl) or one split of the hub as named columns; knows no task and no torch.

A file is data and never code. Whatever is wrong with it is a ``DataError`` that names the file and the place in it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import DataError
from engine.files import opened
from engine.models.hub import silence_of_hub, silent_sentence
from engine.visible import cut, on_one_line, without_secrets

FORMATS = (".parquet", ".csv", ".jsonl")


@dataclass(frozen=True)
class Columns:
    """The wanted columns of one split, all of one length. ``where`` names the file or hub split in messages.

    ``class_names`` holds, for a column of numbers, the names of these numbers where the file itself declares them.
    """

    where: str
    values: dict[str, list[Any]]
    class_names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return len(next(iter(self.values.values()), []))


def read_file(path: Path, wanted: Sequence[str], optional: Sequence[str] = ()) -> Columns:
    """Read the ``wanted`` columns of a file, and those of ``optional`` that it has. Raises DataError."""
    readers: dict[str, Callable[[Path, Sequence[str], Sequence[str]], Columns]] = {
        ".parquet": _read_parquet,
        ".csv": _read_csv,
        ".jsonl": _read_jsonl,
    }
    try:
        return readers[path.suffix](path, wanted, optional)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or _first_line(error)}") from None


def read_hub(
    repository: str, configuration: str, splits: Sequence[str], wanted: Sequence[str], optional: Sequence[str]
) -> dict[str, Columns]:
    """The ``splits`` that a data set on the hub has, through ``datasets``, which downloads it once. Raises DataError."""
    silence = silence_of_hub(repository, "datasets/")
    import datasets

    datasets.disable_progress_bars()  # the run's own phase says what goes on
    try:
        found = datasets.load_dataset(repository, configuration)
    except Exception as error:  # every layer below raises types of its own: network, hub, files
        if silence:
            raise DataError(silent_sentence(f"The data set {repository} ({configuration})", silence)) from error
        raise DataError(
            f"The data set {repository} ({configuration}) could not be had from the hub: {_first_line(error)} "
            "Without a network, set task.source to a folder with train and validation files."
        ) from error
    read = {}
    for split in splits:
        if split in found:
            where, table = f"{repository} ({configuration}), split {split}", found[split]
            names = _present(where, table.column_names, wanted, optional)
            kinds = {name: table.features[name] for name in names}
            labels = {name: tuple(kind.names) for name, kind in kinds.items() if isinstance(kind, datasets.ClassLabel)}
            read[split] = Columns(where, {name: list(table[name]) for name in names}, labels)
    return read


def _present(where: str, has: Sequence[str], wanted: Sequence[str], optional: Sequence[str]) -> list[str]:
    """The columns to read. Raises DataError where a wanted one is missing or named twice."""
    missing = [name for name in wanted if name not in has]
    if missing:
        lacking = " and ".join(f"“{name}”" for name in missing)
        columns = cut(", ".join(f"“{cut(on_one_line(name), 60)}”" for name in has), 400) or "none at all"
        raise DataError(
            f"{where} has no column {lacking}; its columns are {columns}. Rename the column, or choose the task it is for."
        )
    names = [*wanted, *(name for name in optional if name in has)]
    twice = [name for name in names if list(has).count(name) > 1]
    if twice:
        raise DataError(f"{where} has the column “{twice[0]}” twice; rename or remove one of them.")
    return names


def _open_parquet(path: Path) -> Any:
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except pyarrow.ArrowException as error:
        raise DataError(f"{path} is not a sound parquet file: {_first_line(error)} Write or copy it again.") from None


def _read_parquet(path: Path, wanted: Sequence[str], optional: Sequence[str]) -> Columns:
    import pyarrow

    with _open_parquet(path) as file:
        schema = file.schema_arrow
        names = _present(str(path), schema.names, wanted, optional)
        try:
            table = file.read(columns=names)
            values = {name: table.column(name).to_pylist() for name in names}
        except (pyarrow.ArrowException, UnicodeDecodeError) as error:
            raise DataError(
                f"{path} is not a sound parquet file: {_first_line(error)} Write or copy it again."
            ) from None
    return Columns(str(path), values, _declared_class_names(schema.metadata, names))


def _declared_class_names(metadata: dict[bytes, bytes] | None, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The names of ClassLabel columns, from the metadata that ``datasets`` writes; unreadable metadata declares nothing."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        labels = [name for name in names if features.get(name, {}).get("_type") == "ClassLabel"]
        return {name: tuple(str(word) for word in features[name]["names"]) for name in labels}
    except (KeyError, TypeError, AttributeError, ValueError):
        return {}


def _read_csv(path: Path, wanted: Sequence[str], optional: Sequence[str]) -> Columns:
    header, rows = _csv_rows(path)
    names = _present(str(path), header, wanted, optional)
    places = [header.index(name) for name in names]
    return Columns(str(path), {name: [row[place] for row in rows] for name, place in zip(names, places, strict=True)})


def _csv_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a comma-separated file in UTF-8; blank lines are left out."""
    reader = csv.reader(io.StringIO(_utf8(path), newline=""), strict=True)
    rows = []
    try:
        header = next(reader, None)
        if not header:
            raise DataError(f"{path} is empty; its first line must name the columns.")
        for row in reader:
            if row and len(row) != len(header):
                raise DataError(
                    f"{path}, line {reader.line_num}: {len(row)} fields, but the first line names {len(header)} columns; "
                    'put text that holds a comma in "quotes".'
                )
            if row:
                rows.append(row)
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: not valid CSV ({error}); check the quotes there.") from None
    return header, rows


def _read_jsonl(path: Path, wanted: Sequence[str], optional: Sequence[str]) -> Columns:
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(_utf8(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"{path}, line {number}: not valid JSON ({cut(str(error), 200)}); every line must be one object."
            ) from None
        if not isinstance(row, dict):
            raise DataError(f"{path}, line {number}: not a JSON object; write {{…}} with the columns as keys.")
        rows.append((number, row))
    has = list(dict.fromkeys(key for _, row in rows for key in row))
    names = _present(str(path), has, wanted, optional) if rows else list(wanted)
    for number, row in rows:
        lacking = [name for name in names if name not in row]
        if lacking:
            raise DataError(f"{path}, line {number}: no “{lacking[0]}” here; give every line the same keys.")
    return Columns(str(path), {name: [row[name] for _, row in rows] for name in names})


def _utf8(path: Path) -> str:
    """The file's text; a byte-order mark is dropped. Raises DataError with the place of the first byte that is not UTF-8."""
    with opened(path) as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path} is not UTF-8: byte {error.start} (line {line}) is 0x{content[error.start]:02x}. "
            "Save the file as UTF-8."
        ) from None
    if "\0" in text:  # of UTF-16, or of no text at all; what comes after it would be read as nobody meant it
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(f"{path}, line {line}: a NUL byte, which no text holds. Save the file as UTF-8.")
    return text


def _first_line(error: Exception) -> str:
    lines = without_secrets(str(error)).strip().splitlines() or ["it holds what nobody expects there"]
    text = cut(on_one_line(lines[0]), 400)
    return text if text.endswith(".") else text + "."
