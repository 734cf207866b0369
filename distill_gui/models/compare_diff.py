"""The settings that differ, as a table for the grid: a row a key, a column a contender. Knows no widgets."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from distill_gui.models.table_faces import Face, Look, Span
from distill_gui.plain import wrapped_tip
from engine.analysis.cell_text import seeds_text
from engine.analysis.compare.comparison import Comparison
from engine.analysis.compare.config_diff import NOT_SET
from engine.analysis.compare.contenders import Contender
from engine.analysis.compare.words import score_text

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()

FACE_ROLE = int(Qt.ItemDataRole.UserRole) + 1  # the cell's Face
KEY_ROLE = FACE_ROLE + 1
LONGEST = 28  # characters of a value; more stand in the tooltip
LONGEST_HEAD = 40


class DiffModel(QAbstractTableModel):
    """The head names each contender, its score below; values that are not the baseline's stand out."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown = Comparison()

    def show(self, comparison: Comparison) -> None:
        """Show the differences of another comparison; nothing is reset where they are the same."""
        if (comparison.diff, comparison.contenders, comparison.baseline) != (
            self._shown.diff,
            self._shown.contenders,
            self._shown.baseline,
        ):
            self.beginResetModel()
            self._shown = comparison
            self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._shown.diff)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else 1 + len(self._shown.contenders)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A contender's name, and below it its score."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if section == 0:
            return "Setting" if role == Qt.ItemDataRole.DisplayRole else None
        one = self._shown.contenders[section - 1]
        flag = " ⚑" if one is self._shown.baseline else ""
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{_short(one.title, LONGEST_HEAD)}{flag}\n{score_text(one)}, {seeds_text(len(one.by_seed))}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return wrapped_tip(_about(one, bool(flag)))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """``FACE_ROLE`` is what is drawn; tooltips and readers get the whole value."""
        if not index.isValid():
            return None
        row, column = self._shown.diff[index.row()], index.column()
        text = row.key if column == 0 else row.values[column - 1]
        differs = column > 0 and row.differs[column - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == FACE_ROLE:
            look: Look = "muted" if column == 0 or text == NOT_SET else "best" if differs else "value"
            return Face((Span(text if column == 0 else _short(text), look),), is_right=column > 0)
        if role == KEY_ROLE:
            return (row.key, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return wrapped_tip(text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            of = self._shown.contenders[column - 1].title if column else ""
            return ", ".join(filter(None, (row.key, text if column else "", of, "not as the baseline" * differs)))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return None


def _about(one: Contender, is_baseline: bool) -> str:
    runs = ", ".join(map(str, sorted(one.runs)))
    return f"{one.title}\nRuns {runs}" + ("\nThe others are compared with it." if is_baseline else "")


def _short(text: str, longest: int = LONGEST) -> str:
    """A long value with its middle left out: paths are told apart by their ends."""
    if len(text) <= longest:
        return text
    head = longest // 3
    return f"{text[:head]}…{text[head + 1 - longest :]}"


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
