"""A table's figures as text, the same in the window and in every format; knows nothing of where they are shown."""

from __future__ import annotations

from engine.analysis.cells import Cell, Column, Row, Table

MINUS = "−"


def figure_text(cell: Cell) -> str:
    """The score in percent with one decimal; two parts as "84.6/84.9", a part that was not measured as "–"."""
    return "/".join("–" if value is None else decimal(value) for value in cell.values)


def decimal(value: float) -> str:
    """One decimal, with a true minus and no negative zero."""
    return f"{value:.1f}".replace("-0.0", "0.0").replace("-", MINUS)


def spread_text(cell: Cell, short: bool = False) -> str:
    """ "± 0.3", or "±.3" if short; "" for a single seed."""
    if not any(spread is not None for spread in cell.spreads):
        return ""
    parts = ["–" if spread is None else f"{spread:.1f}" for spread in cell.spreads]
    if short:
        return "±" + "/".join(part.removeprefix("0") if part != "0.0" else ".0" for part in parts)
    return "± " + "/".join(parts)


def delta_text(delta: float | None) -> str:
    """The difference to the baseline, always signed: "+0.4", "−0.1", "±0.0"; "" without one."""
    if delta is None:
        return ""
    text = f"{abs(delta):.1f}"
    return f"±{text}" if text == "0.0" else f"{'+' if delta > 0 else MINUS}{text}"


def parameters_text(row: Row) -> str:
    """Millions of parameters: whole as published; own models with one decimal, or two figures below 1; "–" if unknown."""
    if row.parameters_m is None:
        return "–"
    if row.kind == "published":
        return f"{row.parameters_m:g}"
    return f"{row.parameters_m:.1f}" if row.parameters_m >= 1 else f"{row.parameters_m:.2g}"


def train_size_text(column: Column) -> str:
    """Training examples in thousands: "363.8 K"; "" where the task has no official size."""
    return "" if column.train_examples_k is None else f"{column.train_examples_k:.1f} K"


def badge_text(row: Row, table: Table) -> str:
    """What a row is besides one's own result: "published · test server", "teacher · validation", else ""."""
    if row.kind == "published":
        return f"published · {table.published_split}"
    return "teacher · validation" if row.kind == "own teacher" else ""


def state_text(cell: Cell) -> str:
    """What stands in place of a figure."""
    if cell.state == "running":
        return "running ▸" if cell.progress is None else f"{100 * cell.progress:.0f} % ▸"
    return {"queued": "queued", "stopped": "stopped", "failed": "✕ failed", "blank": "–"}.get(cell.state, "")


GRADIENT_HEADS = (("Gradient share", "%"), ("Teacher influence", "0–1"))


def gradient_heads(table: Table) -> tuple[tuple[str, str], ...]:
    """Title and unit of the columns that tell a row's gradient; none where the table does not."""
    return GRADIENT_HEADS if table.has_gradient else ()


def gradient_texts(row: Row, table: Table) -> list[str]:
    """What stands in the columns of ``gradient_heads``: "41.3" percent and "0.12"; "–" where an own row has none."""
    if not table.has_gradient:
        return []
    if row.kind != "own":
        return ["", ""]
    return [share_text(row) or "–", influence_text(row) or "–"]


def share_text(row: Row) -> str:
    """The gradient share in percent: "41.3"; "" where none was logged."""
    return "" if row.gradient.share is None else decimal(row.gradient.share)


def influence_text(row: Row) -> str:
    """The teacher's influence: "0.12"; "" where none was logged."""
    return "" if row.gradient.influence is None else f"{row.gradient.influence:.2f}"


def seeds_text(count: int) -> str:
    return f"{count} seed{'' if count == 1 else 's'}"
