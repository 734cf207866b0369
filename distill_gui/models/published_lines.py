"""Which published figures may stand as lines beside own curves. Knows no Qt.

A figure with a note (another metric than its column says) is no line, nor is one of several parts.
"""

from __future__ import annotations

from engine.analysis.published import PublishedTable

LOSSES = {"Vanilla KD": "kl", "Taylor KD (paper)": "taylor"}


def published_lines(table: PublishedTable) -> dict[tuple[str, str, str], tuple[str, float]]:
    """(task, loss, architecture) → what to call the figure, and the figure from 0 to 1."""
    found = {}
    for block in table.blocks:
        for row in block.rows:
            loss = LOSSES.get(row.system)
            if loss is None or row.architecture is None or row.notes:
                continue
            for task, parts in row.scores.items():
                if len(parts) == 1 and task not in row.cell_notes:
                    found[task, loss, row.architecture] = (f"published ({table.split})", parts[0] / 100)
    return found
