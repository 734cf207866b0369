"""How a name is cut where there is too little room for it. Knows fonts, nothing of what is named."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics


def elided_name(metrics: QFontMetrics, name: str, width: int) -> str:
    """What tells the runs of a sweep apart stands at the end of their names: so the end gets most of the room."""
    if metrics.horizontalAdvance(name) <= width:
        return name
    end = metrics.elidedText(name, Qt.TextElideMode.ElideLeft, 3 * width // 4).removeprefix("…").lstrip(" ·")
    whole = end.partition(" · ")[2]  # without what is left of a part that is cut
    if whole and metrics.horizontalAdvance(whole) > width // 2:
        end = whole
    return metrics.elidedText(name, Qt.TextElideMode.ElideRight, width - metrics.horizontalAdvance(end)) + end
