"""How far a running run has come, brought up to date in a table that is there: making it anew reads every run again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.analysis.cells import Row, Table
from engine.analysis.own_rows import RunLike, progress_of


def with_progress(table: Table, runs: Iterable[RunLike]) -> Table:
    """The table with the progress of these ``runs``, which may have changed in nothing else: rows without one of them stay
    the same objects."""
    shares = {run.id: progress_of(run) for run in runs}

    def brought_up(row: Row) -> Row:
        late = {key: cell for key, cell in row.cells.items() if cell.progress_of in shares}
        if not late:
            return row
        now = {key: replace(cell, progress=shares[cell.progress_of or 0]) for key, cell in late.items()}
        return replace(row, cells=row.cells | now)

    blocks = [replace(block, rows=tuple(map(brought_up, block.rows))) for block in table.blocks]
    return replace(table, blocks=tuple(blocks))
