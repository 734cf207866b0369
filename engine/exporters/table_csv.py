"""The table as CSV, plain numbers in their own columns, for a spreadsheet; knows only the built table."""

from __future__ import annotations

import csv
import io

from engine.analysis.cells import Cell, Column, Row, Table, left_out_words, split_title
from engine.analysis.formats import TableFormat


def render(table: Table) -> str:
    """One line a method. Each task has, for each of its splits, mean and std in percent, then seeds and delta."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    heads = [head for column in table.columns for head in _heads(column)]
    extra = ["gradient_share_percent", "teacher_influence"] if table.has_gradient else []
    writer.writerow(["student", "method", "kind", "split", "parameters_m", *extra, *heads, "notes"])
    texts = {note.mark: note.text for note in table.footnotes}
    for block in table.blocks:
        for row in block.rows:
            cells = [value for column in table.columns for value in _values(column, row.cells[column.key])]
            split = table.published_split if row.kind == "published" else "validation"
            size = "" if row.parameters_m is None else f"{row.parameters_m:.4g}"
            if table.has_gradient:
                cells = [_number(row.gradient.share), _number(row.gradient.influence), *cells]
            writer.writerow(
                [safe(block.title), safe(row.title), row.kind, split, size, *cells, safe(_notes(row, texts))]
            )
    return out.getvalue()


def safe(text: str) -> str:
    """Text that a spreadsheet will not run as a formula."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _heads(column: Column) -> list[str]:
    name = column.title.split(" (")[0]
    if len(column.splits) == 1:
        parts = [f"{name} {column.metric}", f"{name} std"]
    else:
        parts = [f"{name} {split_title(split)} {kind}" for split in column.splits for kind in (column.metric, "std")]
    return [*parts, f"{name} seeds", f"{name} delta"]


def _values(column: Column, cell: Cell) -> list[str]:
    values = cell.values or (None,) * len(column.splits)
    spreads = cell.spreads or (None,) * len(column.splits)
    parts = [_number(value) for pair in zip(values, spreads, strict=True) for value in pair]
    return [*parts, str(cell.seeds or ""), _number(cell.delta)]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _notes(row: Row, texts: dict[str, str]) -> str:
    marks = dict.fromkeys([*row.marks, *(mark for cell in row.cells.values() for mark in cell.marks)])
    more = [f"also differs in: {', '.join(row.more)}"] if row.more else []
    left_out = left_out_words(state for cell in row.cells.values() for state in cell.left_out)
    not_counted = [f"not counted: {left_out}"] if left_out else []
    return " ".join([*(texts[mark] for mark in marks), *more, *not_counted])


FORMAT = TableFormat(name="csv", title="CSV", suffix=".csv", render=render, order=30)
