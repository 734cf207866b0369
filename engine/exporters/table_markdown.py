"""The table as a Markdown pipe table; knows only the built table. Names are escaped: they are text, never markup."""

from __future__ import annotations

from engine.analysis import cell_text
from engine.analysis.cells import Cell, Row, Table, closing
from engine.analysis.formats import TableFormat
from engine.analysis.markdown import escaped

KEY = (
    "Own rows: validation split, mean ± sample standard deviation (number of seeds), difference to no teacher. "
    "**Best** and <u>second</u> among comparable own rows of a block."
)


def render(table: Table) -> str:
    """One header row with training sizes; a bold line opens each block; notes below."""
    titles = [f"{name} {unit}" for name, unit in cell_text.gradient_heads(table)]
    titles += [f"{escaped(column.title)} {cell_text.train_size_text(column)}".strip() for column in table.columns]
    lines = [_line(["Method", "# P (M)", *titles]), _line([":--", *["--:"] * (len(titles) + 1)])]
    for block in table.blocks:
        if block.title:
            baseline = " · baseline: no teacher" if block.has_baseline else ""
            lines.append(_line([f"**{escaped(block.title)}{baseline}**", *[""] * (len(titles) + 1)]))
        lines += [_row(row, table) for row in block.rows]
    notes = [f"<sup>{note.mark}</sup> {escaped(note.text)}" for note in table.footnotes]
    source = [f"Published rows: {escaped(table.source)}."] if table.source else []
    return "\n".join(lines) + "\n\n" + "\n\n".join([*notes, *source, KEY, *map(escaped, closing(table))]) + "\n"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _row(row: Row, table: Table) -> str:
    badge = cell_text.badge_text(row, table)
    title = escaped(row.title) + _marks(row.marks) + (f" ({badge})" if badge else "")
    if row.kind == "published":
        title = f"*{title}*"
    cells = (_cell(row.cells[column.key]) for column in table.columns)
    return _line([title, cell_text.parameters_text(row), *cell_text.gradient_texts(row, table), *cells])


def _marks(marks: tuple[str, ...]) -> str:
    return f"<sup>{' '.join(marks)}</sup>" if marks else ""


def _cell(cell: Cell) -> str:
    if not cell.values:
        return cell_text.state_text(cell)
    if cell.state == "published":
        return cell_text.figure_text(cell) + _marks(cell.marks)
    figure = {1: "**{}**", 2: "<u>{}</u>"}.get(cell.rank, "{}").format(cell_text.figure_text(cell)) + _marks(cell.marks)
    parts = [figure, cell_text.spread_text(cell), f"({cell.seeds})", cell_text.delta_text(cell.delta)]
    return " ".join(filter(None, parts))


FORMAT = TableFormat(name="markdown", title="Markdown", suffix=".md", render=render, order=20)
