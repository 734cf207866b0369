"""The table as a self-contained HTML fragment; knows only the built table. Names are escaped, nothing is fetched."""

from __future__ import annotations

from html import escape

from engine.analysis import cell_text
from engine.analysis.cells import Cell, Row, Table, closing
from engine.analysis.formats import TableFormat

# Inline styles only: a fragment pasted into a mail or a document keeps no style sheet.
_TABLE = "border-collapse:collapse;font:13px sans-serif"
_EDGE = "border-bottom:1px solid #DDE2E8"
_NUMBER = "text-align:right;padding:4px 12px;white-space:nowrap"
_NAME = "text-align:left;padding:4px 12px;white-space:nowrap"
_MUTED = "color:#5B6675;font-size:11px"
_GOOD, _BAD = "#17784A", "#C03232"


def render(table: Table) -> str:
    """One <table> with the notes in its foot."""
    extra = cell_text.gradient_heads(table)
    count = len(table.columns) + len(extra) + 2
    heads = [_head("Method", _NAME), _head("# P (M)", _NUMBER)]
    heads += [_head(name, _NUMBER, unit) for name, unit in extra]
    heads += [_head(column.title, _NUMBER, cell_text.train_size_text(column)) for column in table.columns]
    lines = [f'<table style="{_TABLE}">', f"<thead><tr>{''.join(heads)}</tr></thead>", "<tbody>"]
    for block in table.blocks:
        if block.title:
            title = escape(block.title) + (" · baseline: no teacher" if block.has_baseline else "")
            style = f"{_NAME};background:#EEF1F4"
            lines.append(f'<tr><th colspan="{count}" style="{style}">{title}</th></tr>')
        lines += [_row(row, table) for row in block.rows]
    style = f"{_NAME};{_MUTED};white-space:normal"
    lines += [
        "</tbody>",
        f'<tfoot><tr><td colspan="{count}" style="{style}">{_foot(table)}</td></tr></tfoot>',
        "</table>",
    ]
    return "\n".join(lines) + "\n"


def _head(title: str, style: str, size: str = "") -> str:
    below = f'<br><span style="{_MUTED}">{size}</span>' if size else ""
    return f'<th style="{style};{_EDGE}">{escape(title)}{below}</th>'


def _foot(table: Table) -> str:
    notes = [f"<sup>{note.mark}</sup> {escape(note.text)}" for note in table.footnotes]
    own = (
        "Own rows: validation split, mean ± sample standard deviation (number of seeds), difference to no teacher. "
        "<b>Best</b> and <u>second</u> among comparable own rows of a block."
    )
    source = [f"Published rows: {escape(table.source)}."] if table.source else []
    return "<br>".join([*notes, *source, own, *map(escape, closing(table))])


def _row(row: Row, table: Table) -> str:
    badge = cell_text.badge_text(row, table)
    title = escape(row.title)
    if row.kind == "published":
        title = f"<i>{title}</i>"
    title += _marks(row.marks) + (f' <span style="{_MUTED}">{escape(badge)}</span>' if badge else "")
    texts = [cell_text.parameters_text(row), *cell_text.gradient_texts(row, table)]
    texts += [_cell(row.cells[column.key]) for column in table.columns]
    cells = "".join(f'<td style="{_NUMBER}">{text}</td>' for text in texts)
    return f'<tr><td style="{_NAME}">{title}</td>{cells}</tr>'


def _marks(marks: tuple[str, ...]) -> str:
    return f"<sup>{' '.join(marks)}</sup>" if marks else ""


def _cell(cell: Cell) -> str:
    if not cell.values:
        return escape(cell_text.state_text(cell))
    figure = cell_text.figure_text(cell)
    if cell.state == "published":
        return f"<i>{figure}</i>{_marks(cell.marks)}"
    figure = {1: f"<b>{figure}</b>", 2: f"<u>{figure}</u>"}.get(cell.rank, figure) + _marks(cell.marks)
    small = " ".join(filter(None, [cell_text.spread_text(cell), f"({cell.seeds})"]))
    return f'{figure} <span style="{_MUTED}">{small}</span>{_delta(cell)}'


def _delta(cell: Cell) -> str:
    text = cell_text.delta_text(cell.delta)
    colour = _GOOD if text.startswith("+") else _BAD if text.startswith(cell_text.MINUS) else "#5B6675"
    return f' <span style="color:{colour};font-size:11px">{text}</span>' if text else ""


FORMAT = TableFormat(name="html", title="HTML", suffix=".html", render=render, order=40)
