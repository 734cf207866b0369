"""The results table in whole sentences, for tooltips and for those who hear it. Plain text; knows no Qt."""

from __future__ import annotations

from engine.analysis import cell_text
from engine.analysis.cells import Cell, Column, Row, Table, left_out_words, metric_title, split_title

GRADIENT_HEAD = (
    "How much of the student's parameter gradient is not the labels', in percent, and the teacher's influence on the logits' "
    "gradient, 0 to 1; means over logged steps and runs"
)


def column_words(column: Column) -> str:
    """What a column's head means."""
    size = f"\n{column.train_examples_k:.1f} thousand training rows" if column.train_examples_k else ""
    parts = "" if len(column.splits) == 1 else f" ({' / '.join(split_title(split) for split in column.splits)})"
    return f"{column.title}: {metric_title(column.metric)}{parts}, in percent{size}"


def row_words(row: Row, table: Table) -> str:
    """What a method's name means: where it was measured and its notes."""
    lines = [row.title]
    if row.kind == "published":
        lines.append(
            f"Published in {table.source}, measured on the {table.published_split}. Never ranked with own rows."
        )
    elif row.kind == "own teacher":
        lines.append("The teacher's own score on validation.")
    else:
        lines.append("Own runs, measured on validation." + (" The baseline of its block." if row.is_baseline else ""))
    if row.more:
        lines.append(f"Also differs in: {', '.join(row.more)}.")
    return "\n".join([*lines, *row.notes])


def gradient_words(row: Row) -> str:
    """What trained the row's students, in sentences."""
    if row.kind != "own":
        return f"{row.title}\nOnly own runs have logged their gradients."
    share, influence = cell_text.share_text(row), cell_text.influence_text(row)
    if not share and not influence:
        return f"{row.title}\nNo gradient share was logged: a run has one where it has more than the labels."
    lines = [row.title]
    lines += [f"{share} % of the student's gradient is not the labels'."] if share else []
    lines += [f"The teacher's influence on the logits' gradient is {influence} of 1."] if influence else []
    return "\n".join([*lines, f"Mean over {row.gradient.runs} run{'' if row.gradient.runs == 1 else 's'}."])


def cell_words(cell: Cell, row: Row, column: Column, table: Table) -> str:
    """All there is to say of a cell, one thing a line."""
    name = f"{column.title} · {row.title}"
    if cell.state == "empty":
        return f"{name}\nNot run yet. Click to compose this run."
    if cell.state == "blank":
        return f"{name}\nNot measured."
    if cell.state == "running":
        share = "" if cell.progress is None else f", {100 * cell.progress:.0f} % of its steps"
        return f"{name}\nRunning{share}. Click to see it."
    if cell.state == "queued":
        return f"{name}\nIn the queue. Click to see it."
    if cell.state in ("stopped", "failed"):
        return (
            f"{name}\nNo figure: {left_out_words(cell.left_out) or cell.state} before the last step. Click to see why."
        )
    lines = [name, f"{metric_title(column.metric)} {_mean(cell.values, cell.spreads)}"]
    if cell.state == "published":
        return "\n".join([*lines, f"Published, measured on the {table.published_split}.", *row.notes, *cell.notes])
    lines[1] += f" over {cell_text.seeds_text(cell.seeds)}, on validation"
    lines += [f"{other.name} {_mean((other.mean,), (other.spread,))}" for other in cell.others]
    if cell.rank:
        lines.append(f"{'Best' if cell.rank == 1 else 'Second'} of the comparable own rows of this block.")
    if cell.delta is not None:
        by = " (mean of both parts)" if len(cell.values) > 1 else ""
        lines.append(f"{cell_text.delta_text(cell.delta)} points against no teacher{by}.")
    if cell.active:
        lines.append(f"{cell.active} more {'run is' if cell.active == 1 else 'runs are'} running or queued.")
    if cell.left_out:
        lines.append(f"Not counted: {left_out_words(cell.left_out)} before the last step.")
    lines += [f"{note[:1].upper()}{note[1:]}." for note in cell.notes]
    return "\n".join([*lines, "Click to see its runs."])


def _mean(values: tuple[float | None, ...], spreads: tuple[float | None, ...]) -> str:
    cell = Cell("result", values=values, spreads=spreads)
    return " ".join(filter(None, [cell_text.figure_text(cell), cell_text.spread_text(cell)]))
