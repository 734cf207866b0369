"""The table as aligned plain text, for a terminal; knows only the built table."""

from __future__ import annotations

import textwrap

from engine.analysis import cell_text
from engine.analysis.cells import Cell, Row, Table, closing
from engine.analysis.formats import TableFormat

LONGEST_NAME = 60  # columns

KEY = (
    "Own rows: validation split, mean ± sample standard deviation, (number of seeds), difference to no teacher. "
    "* best and ' second among comparable own rows of a block."
)


def render(table: Table) -> str:
    """Columns aligned by spaces; a line with the student's architecture opens each block."""
    extra = cell_text.gradient_heads(table)
    head = ["Method", "# P (M)", *(name for name, _ in extra), *(column.title for column in table.columns)]
    sizes = ["", "", *(unit for _, unit in extra), *(cell_text.train_size_text(column) for column in table.columns)]
    lines: list[list[str] | str] = [head, sizes]
    for block in table.blocks:
        if block.title:
            lines.append(block.title + ("  (baseline: no teacher)" if block.has_baseline else ""))
        for row in block.rows:
            lines += _lines(_row(row, table))
    widths = [max(len(line[place]) for line in lines if isinstance(line, list)) for place in range(len(head))]
    text = [line if isinstance(line, str) else _aligned(line, widths) for line in lines]
    text.insert(2, "-" * (sum(widths) + 2 * (len(widths) - 1)))
    notes = [f"{note.mark}  {note.text}" for note in table.footnotes]
    source = [f"Published rows: {table.source}."] if table.source else []
    return "\n".join([*text, "", *notes, *source, KEY, *closing(table)]) + "\n"


def _lines(row: list[str]) -> list[list[str] | str]:
    """A row with a long name goes on below it, indented: the figures stay where a terminal shows them."""
    first, *more = textwrap.wrap(row[0], LONGEST_NAME, subsequent_indent="    ") or [""]
    return [[first, *row[1:]], *more]


def _row(row: Row, table: Table) -> list[str]:
    badge = cell_text.badge_text(row, table)
    title = row.title + "".join(f" {mark}" for mark in row.marks) + (f" [{badge}]" if badge else "")
    cells = (_cell(row.cells[column.key]) for column in table.columns)
    return [title, cell_text.parameters_text(row), *cell_text.gradient_texts(row, table), *cells]


def _cell(cell: Cell) -> str:
    if not cell.values:
        return cell_text.state_text(cell)
    if cell.state == "published":
        return cell_text.figure_text(cell) + "".join(cell.marks)
    rank = {1: "*", 2: "'"}.get(cell.rank, "")
    marks = f" {' '.join(cell.marks)}" if cell.marks else ""
    parts = [cell_text.figure_text(cell) + rank + marks, cell_text.spread_text(cell), f"({cell.seeds})"]
    return " ".join(filter(None, [*parts, cell_text.delta_text(cell.delta)]))


def _aligned(line: list[str], widths: list[int]) -> str:
    first, *rest = line
    return "  ".join(
        [first.ljust(widths[0]), *(part.rjust(width) for part, width in zip(rest, widths[1:], strict=True))]
    )


FORMAT = TableFormat(name="text", title="Plain text", suffix=".txt", render=render, order=50)
