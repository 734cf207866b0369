"""The table as LaTeX with booktabs; knows only the built table. Names are escaped: they are text, never commands."""

from __future__ import annotations

from engine.analysis import cell_text
from engine.analysis.cells import Cell, Row, Table, closing
from engine.analysis.formats import TableFormat

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "λ": r"$\lambda$", "γ": r"$\gamma$", "α": r"$\alpha$", "↔": r"$\leftrightarrow$",
    "×": r"$\times$", "·": r"$\cdot$", "†": r"$\dagger$", "±": r"$\pm$",
    "−": "$-$", "–": "--", "’": "'", "“": "``", "”": "''", "▸": "", "✕": r"$\times$",
}  # fmt: skip


def escaped(text: str) -> str:
    """``text`` on one line with every character that LaTeX would read as a command made harmless."""
    return "".join(_SPECIAL.get(character, character) for character in " ".join(text.split()))


def render(table: Table) -> str:
    """A table environment: ``\\usepackage{booktabs}`` is all it needs."""
    extra = cell_text.gradient_heads(table)
    count = len(table.columns) + len(extra) + 2
    names = [*(name for name, _ in extra), *(column.title for column in table.columns)]
    units = [*(unit for _, unit in extra), *(cell_text.train_size_text(column) for column in table.columns)]
    heads, sizes = (" & ".join(map(escaped, texts)) for texts in (names, units))
    lines = [
        "% \\usepackage{booktabs}",
        "\\begin{table}",
        "  \\centering\\small",
        f"  \\begin{{tabular}}{{l{'r' * (count - 1)}}}",
        "    \\toprule",
        f"    Method & \\#\\,P (M) & {heads} \\\\",
        f"    & & {sizes} \\\\",
    ]
    for block in table.blocks:
        lines.append("    \\midrule")
        if block.title:
            baseline = " · baseline: no teacher" if block.has_baseline else ""
            lines.append(f"    \\multicolumn{{{count}}}{{l}}{{\\textbf{{{escaped(block.title + baseline)}}}}} \\\\")
        lines += [f"    {_row(row, table)} \\\\" for row in block.rows]
    lines += [
        "    \\bottomrule",
        "  \\end{tabular}",
        f"  \\caption{{{_caption(table)}}}",
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _caption(table: Table) -> str:
    source = f"Published rows ({table.published_split}): {table.source}." if table.source else ""
    notes = [f"$^{{{_mark(note.mark)}}}$ {escaped(note.text)}{'' if note.text.endswith('.') else '.'}"
             for note in table.footnotes]  # fmt: skip
    own = (
        "Own rows: validation split, mean $\\pm$ sample standard deviation over (n) seeds, difference to no teacher; "
        "\\textbf{best} and \\underline{second} among comparable own rows of a block."
    )
    return " ".join(filter(None, [own, *map(escaped, closing(table)), escaped(source), *notes]))


def _mark(mark: str) -> str:
    return "\\dagger" if mark == "†" else mark


def _marks(marks: tuple[str, ...]) -> str:
    return f"$^{{{','.join(_mark(mark) for mark in marks)}}}$" if marks else ""


def _row(row: Row, table: Table) -> str:
    badge = cell_text.badge_text(row, table)
    title = escaped(row.title)
    if row.kind == "published":
        title = f"\\emph{{{title}}}"
    title += _marks(row.marks) + (f" {{\\scriptsize {escaped(badge)}}}" if badge else "")
    cells = [_cell(row.cells[column.key]) for column in table.columns]
    figures = [cell_text.parameters_text(row), *cell_text.gradient_texts(row, table)]
    return " & ".join([title, *map(escaped, figures), *cells])


def _cell(cell: Cell) -> str:
    if not cell.values:
        return escaped(cell_text.state_text(cell))
    figure = escaped(cell_text.figure_text(cell))
    if cell.state == "published":
        return f"\\emph{{{figure}}}" + _marks(cell.marks)
    figure = {1: f"\\textbf{{{figure}}}", 2: f"\\underline{{{figure}}}"}.get(cell.rank, figure)
    figure += _marks(cell.marks)
    small = [cell_text.spread_text(cell), f"({cell.seeds})", cell_text.delta_text(cell.delta)]
    return f"{figure} {{\\scriptsize {escaped(' '.join(filter(None, small)))}}}"


FORMAT = TableFormat(name="latex", title="LaTeX (booktabs)", suffix=".tex", render=render, order=10)
