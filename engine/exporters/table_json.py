"""The table as JSON, every number unrounded, for other programs; knows only the built table."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from engine.analysis.cells import Cell, Row, Table, legend, remarks
from engine.analysis.formats import TableFormat


def render(table: Table) -> str:
    """Keys as in engine/analysis/cells.py; scores and spreads in percent."""
    data = {
        "unit": "percent",
        "own_split": "validation",
        "published_split": table.published_split,
        "published_source": table.source,
        "legend": legend(table),
        "remarks": remarks(table),
        "columns": [asdict(column) for column in table.columns],
        "blocks": [
            {"architecture": block.architecture, "title": block.title, "rows": [_row(row, table) for row in block.rows]}
            for block in table.blocks
        ],
        "footnotes": [asdict(note) for note in table.footnotes],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _row(row: Row, table: Table) -> dict[str, Any]:
    told = {"gradient": asdict(row.gradient)} if table.has_gradient and row.kind == "own" else {}
    return told | {
        "method": row.title,
        "kind": row.kind,
        "parameters_m": row.parameters_m,
        "is_baseline": row.is_baseline,
        "settings": row.settings,
        "notes": list(row.notes),
        "more_settings": list(row.more),
        "cells": {key: _cell(cell) for key, cell in row.cells.items() if cell.state not in ("blank", "empty")},
    }


def _cell(cell: Cell) -> dict[str, Any]:
    figures = {
        "values": list(cell.values), "spreads": list(cell.spreads), "seeds": cell.seeds, "rank": cell.rank,
        "delta": cell.delta, "others": [asdict(other) for other in cell.others],
    }  # fmt: skip
    told = {"progress": cell.progress, "runs": list(cell.runs), "notes": list(cell.notes),
            "left_out": list(cell.left_out)}  # fmt: skip
    return {"state": cell.state} | {key: value for key, value in (figures | told).items() if value not in ([], None, 0)}


FORMAT = TableFormat(name="json", title="JSON", suffix=".json", render=render, order=60)
