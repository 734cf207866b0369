"""What stands in each cell of the results table: spans of text with a look and a slot. Knows no Qt and no drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.analysis import cell_text
from engine.analysis.cells import Block, Cell, Row, Table

Look = Literal[
    "text", "muted", "heading", "value", "best", "second", "published", "small", "good", "bad", "accent", "mark",
    "badge", "chip",
]  # fmt: skip

VALUE, AFTER, DELTA = 0, 1, 2  # the slots of a figure: digits stand under digits, deltas under deltas


@dataclass(frozen=True)
class Span:
    """A piece of text on one line. Spans of a slot follow each other. ``brief`` says it where there is too little room."""

    text: str
    look: Look
    slot: int = VALUE
    brief: str = ""


@dataclass(frozen=True)
class Face:
    """What a cell shows. ``slotted`` faces align slot by slot with the rest of their column."""

    spans: tuple[Span, ...]
    is_right: bool = True
    slotted: bool = False
    is_heading: bool = False
    clickable: bool = False


BLANK = Face((Span("–", "muted"),), slotted=True)


def heading_face(block: Block) -> Face:
    """The line above a block."""
    baseline = (Span("·  baseline: no teacher", "muted"),) if block.has_baseline else ()
    return Face((Span(block.title, "heading"), *baseline), is_right=False, is_heading=True)


def method_face(row: Row, table: Table) -> Face:
    """Name, notes, what kind of row it is, and its number of seeds where all its figures agree."""
    badge = cell_text.badge_text(row, table)
    spans = [Span(row.title, "published" if row.kind == "published" else "text")]
    spans += [Span(" ".join(row.marks), "mark")] if row.marks else []
    spans += [Span(badge, "badge", brief=badge.partition(" · ")[0])] if badge else []
    spans += [Span(cell_text.seeds_text(row.seeds), "small")] if row.kind == "own" and row.seeds else []
    return Face(tuple(spans), is_right=False)


def size_face(row: Row) -> Face:
    """Millions of parameters."""
    return Face((Span(cell_text.parameters_text(row), "muted"),))


def gradient_face(row: Row) -> Face:
    """What trained the row's students: the share in percent that is not the labels', and the teacher's influence."""
    if row.kind != "own":
        return Face(())
    share, influence = cell_text.share_text(row), cell_text.influence_text(row)
    after = (Span(influence, "small", AFTER),) if influence else ()
    return Face((Span(share or "–", "value" if share else "muted"), *after), slotted=True)


def cell_face(cell: Cell, row: Row) -> Face:
    """A figure with its spread and delta, or what stands in its place."""
    if cell.state in ("result", "published") and cell.values:
        return _figure_face(cell, row)
    if cell.state == "empty":
        return Face((Span("run", "chip"),), clickable=True)
    if cell.state == "running":
        return Face((Span(cell_text.state_text(cell), "accent"),), clickable=True)
    if cell.state in ("queued", "stopped", "failed"):
        return Face((Span(cell_text.state_text(cell), "bad" if cell.state == "failed" else "muted"),), clickable=True)
    return BLANK


def _figure_face(cell: Cell, row: Row) -> Face:
    figure = cell_text.figure_text(cell)
    if cell.state == "published":
        marks = (Span(" ".join(cell.marks), "mark", AFTER),) if cell.marks else ()
        return Face((Span(figure, "published"), *marks), slotted=True)
    look: Look = "best" if cell.rank == 1 else "second" if cell.rank == 2 else "value"
    spans = [Span(figure, look)]
    spans += [Span(" ".join(cell.marks), "mark", AFTER)] if cell.marks else []
    spread = cell_text.spread_text(cell, short=True)
    spans += [Span(spread, "small", AFTER)] if spread else []
    # The number of seeds stands beside the method's name unless the row's figures differ in it.
    spans += [Span(f"n {cell.seeds}", "small", AFTER)] if row.kind == "own" and row.seeds is None else []
    spans += [Span("▸", "accent", AFTER)] if cell.active else []
    delta = cell_text.delta_text(cell.delta)
    if delta:
        tone: Look = "good" if delta.startswith("+") else "bad" if delta.startswith(cell_text.MINUS) else "small"
        spans.append(Span(delta, tone, DELTA))
    return Face(tuple(spans), slotted=True, clickable=True)
