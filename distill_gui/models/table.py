"""The results table as an item model: rows of methods under block headings, columns of tasks. Knows no QtWidgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from distill_gui.models.table_faces import BLANK, Face, cell_face, gradient_face, heading_face, method_face, size_face
from distill_gui.models.table_words import GRADIENT_HEAD, cell_words, column_words, gradient_words, row_words
from distill_gui.plain import wrapped_tip
from engine.analysis import cell_text
from engine.analysis.cells import Block, Cell, Column, Row, Table, remarks
from engine.analysis.formats import table_formats
from engine.analysis.progress import with_progress
from engine.analysis.published import PublishedTable, read_published
from engine.analysis.table import build_table

if TYPE_CHECKING:
    from engine.store import RunRecord, ScoreRow

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
FACE_ROLE = int(Qt.ItemDataRole.UserRole) + 1  # the cell's Face
KEY_ROLE = FACE_ROLE + 1  # what finds the cell again in a table of other rows or columns

METHOD, SIZE, FIRST_TASK = 0, 1, 2  # columns; where the gradient is shown it comes before the tasks
GRADIENT = 2
GATHER_MS = 150  # changes within this time make one new table


@dataclass(frozen=True)
class Line:
    """A line of the view: a block's heading (``row`` is None) or one of its rows."""

    block: Block
    row: Row | None

    @property
    def key(self) -> str:
        return self.row.key if self.row else f"block {self.block.architecture}"

    def shows_the_same(self, other: Line) -> bool:
        """Whether it looks like ``other``: a row whatever is new in its block."""
        if self.row is not None or other.row is not None:
            return self.row == other.row
        return (self.block.title, self.block.has_baseline) == (other.block.title, other.block.has_baseline)


class TableModel(QAbstractTableModel):
    """Rebuilt a little after runs or scores change; a rebuilt table of the same shape changes cells, never resets. How far
    runs have come changes their cells alone: a store has thousands of runs, and a run hundreds of steps."""

    switches_changed = Signal()  # what is shown was chosen anew
    table_changed = Signal()  # other rows, columns or notes; emitted after the view was told

    def __init__(self, published: PublishedTable | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._published = read_published() if published is None else published
        self._records: dict[int, RunRecord] = {}
        self._scores: list[ScoreRow] = []
        self._means: dict[int, Mapping[str, float]] = {}
        self._show_published = True
        self._show_gradient = False
        self._hidden: frozenset[str] = frozenset()
        self._table = Table((), (), ())
        self._whole: tuple[Column, ...] = ()
        self._lines: list[Line] = []
        self._known_told = self.known = (
            False  # whether the store has answered: until then nobody knows that there are no results
        )
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(GATHER_MS)
        self._gathering.timeout.connect(self.rebuild)
        self.rebuild()

    # what comes in ----------------------------------------------------------------------------------------------------

    def update(self, records: Iterable[RunRecord]) -> None:
        """Take new and changed runs; those in the trash go."""
        changed, self.known = not self.known, True
        further = []
        for record in records:
            old = self._records.get(record.id)
            if record.trashed_at is not None:
                changed = self._records.pop(record.id, None) is not None or changed
                continue
            self._records[record.id] = record
            changed = changed or old is None or _seen(old) != _seen(record)
            if old is not None and _percent(old) != _percent(record):
                further.append(record)
        if changed and not self._gathering.isActive():
            self._gathering.start()
        elif further and not changed:
            table = with_progress(self._table, further)
            self._replace_lines(table, [line for block in table.blocks for line in _lines(block)], False)

    def forget(self, runs: Iterable[int]) -> None:
        """Keep nothing of runs that were deleted for good; their rows went when they were discarded."""
        gone = set(runs)
        self._scores = [score for score in self._scores if score.run not in gone]
        for run in gone:
            self._means.pop(run, None)
        known = gone & self._records.keys()
        for run in known:
            del self._records[run]
        if known:
            self.rebuild()

    def set_scores(self, scores: Iterable[ScoreRow]) -> None:
        """Take the final scores of all runs."""
        scores = list(scores)
        if scores != self._scores:
            self._scores = scores
            if not self._gathering.isActive():
                self._gathering.start()

    def add_curve_means(self, means: Mapping[int, Mapping[str, float]]) -> None:
        """Take the means of finished runs' curves: run → curve → mean."""
        self._means.update(means)
        if means and self._show_gradient and not self._gathering.isActive():
            self._gathering.start()

    def set_gradient_shown(self, shown: bool) -> None:
        """Show or leave out the column of the gradient, here and in every copy."""
        self.set_switches(self.switches() | {"gradient": shown})

    def set_published_shown(self, shown: bool) -> None:
        """Show or leave out the published rows."""
        self.set_switches(self.switches() | {"published": shown})

    def set_hidden_columns(self, keys: Iterable[str]) -> None:
        """Leave the columns of these tasks out, here and in every copy."""
        self.set_switches(self.switches() | {"hidden_columns": sorted(keys)})

    def switches(self) -> dict[str, Any]:
        """What is shown, as plain values to be remembered."""
        return {
            "published": self._show_published,
            "gradient": self._show_gradient,
            "hidden_columns": sorted(self._hidden),
        }

    def set_switches(self, values: Mapping[str, Any]) -> None:
        """Show what was remembered; what is missing or damaged is at its default, and {} means all defaults."""
        before, hidden = self.switches(), values.get("hidden_columns")
        self._show_published = values.get("published") is not False
        self._show_gradient = values.get("gradient") is True
        self._hidden = frozenset(map(str, hidden)) if isinstance(hidden, list) else frozenset()
        if self.switches() != before:
            self.rebuild()
            self.switches_changed.emit()

    def has_choices(self) -> bool:
        """Whether anything but the defaults is shown."""
        return not self._show_published or self._show_gradient or bool(self._hidden)

    def rebuild(self) -> None:
        """Make the table anew, now."""
        self._gathering.stop()
        whole = build_table(
            self._records.values(),
            self._scores,
            self._published,
            show_published=self._show_published,
            curve_means=self._means if self._show_gradient else None,
        )
        self._whole = whole.columns
        table = replace(whole, columns=tuple(column for column in whole.columns if column.key not in self._hidden))
        lines = [line for block in table.blocks for line in _lines(block)]
        same_columns = (table.columns, table.has_gradient) == (self._table.columns, self._table.has_gradient)
        same = same_columns and [l.key for l in lines] == [l.key for l in self._lines]  # noqa: E741
        if same:
            told, self._known_told = self._known_told, self.known
            self._replace_lines(table, lines, told != self.known)
        else:
            self.beginResetModel()
            self._table, self._lines = table, lines
            self.endResetModel()
            self.table_changed.emit()

    def _replace_lines(self, table: Table, lines: list[Line], tell: bool) -> None:
        old, notes = self._lines, self.notes()
        self._table, self._lines = table, lines
        for place, (before, after) in enumerate(zip(old, lines, strict=True)):
            if not before.shows_the_same(after):
                self.dataChanged.emit(self.index(place, 0), self.index(place, self.columnCount() - 1))
        if tell or notes != self.notes():
            self.table_changed.emit()

    # what is shown ----------------------------------------------------------------------------------------------------

    @property
    def table(self) -> Table:
        """The table now shown."""
        return self._table

    def published_shown(self) -> bool:
        return self._show_published

    def gradient_shown(self) -> bool:
        return self._show_gradient

    def all_columns(self) -> list[tuple[str, str, bool]]:
        """(key, title, shown) of every column there could be."""
        return [(column.key, column.title, column.key not in self._hidden) for column in self._whole]

    def has_own_rows(self) -> bool:
        return self._table.own_rows > 0

    def notes(self) -> list[tuple[str, str]]:
        """(mark, sentence) of each footnote, then the remarks without a mark."""
        notes = [(note.mark, note.text) for note in self._table.footnotes]
        return notes + ([("", text) for text in remarks(self._table)] if self._table.columns else [])

    def formats(self) -> list[tuple[str, str]]:
        """(name, title) of the text formats the table can be copied in."""
        return [(name, declared.title) for name, declared in table_formats().items()]

    def text_in(self, format_name: str) -> str:
        """The table shown, in one of ``formats``."""
        return table_formats()[format_name].render(self._table)

    def is_heading(self, line: int) -> bool:
        return self._lines[line].row is None

    def runs_at(self, index: Index) -> list[int]:
        """The runs behind a cell, newest first; none where there are none."""
        cell = self._cell(index)
        return list(cell.runs) if cell else []

    def overrides_at(self, index: Index) -> dict[str, Any]:
        """The dotted settings of the run that would fill an empty cell; empty for every other cell."""
        cell, row = self._cell(index), self._row(index)
        if cell is None or row is None or cell.state != "empty":
            return {}
        task = self._column(index).key
        return {**row.settings, "task.name": task, **self._source_for(task, row)}

    def _source_for(self, task: str, row: Row) -> dict[str, str]:
        """The folder of ``task`` where a run of this row shows that such folders stand side by side."""
        for run in sorted((run for cell in row.cells.values() for run in cell.runs), reverse=True):
            source = self._records[run].config.get("task", {}).get("source")
            if source and Path(source).name == self._records[run].task:
                beside = Path(source).with_name(task)
                if beside.is_dir():
                    return {"task.source": str(beside)}
        return {}

    # Qt's questions ---------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else self.first_task() + len(self._table.columns)

    def first_task(self) -> int:
        """The number of the first column that is a task."""
        return FIRST_TASK + (1 if self._table.has_gradient else 0)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A column's title, and its training size below it after a line break."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < self.columnCount():
            return None
        first = self.first_task()
        column = self._table.columns[section - first] if section >= first else None
        if role == Qt.ItemDataRole.DisplayRole:
            if column is None:
                return ("Method", "# P (M)", "Gradient share\n% · influence")[section]
            return f"{column.title}\n{cell_text.train_size_text(column)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            about = ("Loss and settings", "Millions of parameters", GRADIENT_HEAD)
            return wrapped_tip(column_words(column) if column else about[section])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, tooltip and what a reader says; ``FACE_ROLE`` is what is drawn."""
        if not index.isValid():
            return None
        if role == FACE_ROLE:
            return self._face(index)
        if role == KEY_ROLE:
            return f"{self._lines[index.row()].key}\n{self._column_key(index.column())}"
        if role == Qt.ItemDataRole.DisplayRole:
            return "  ".join(span.text for span in self._face(index).spans)
        if role == Qt.ItemDataRole.ToolTipRole:
            return wrapped_tip(self._words(index))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(self._words(index).splitlines())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(index.column())
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self.is_heading(index.row()):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def _face(self, index: Index) -> Face:
        line = self._lines[index.row()]
        if line.row is None:
            return heading_face(line.block) if index.column() == METHOD else Face((), is_heading=True)
        if index.column() == METHOD:
            return method_face(line.row, self._table)
        if index.column() == SIZE:
            return size_face(line.row)
        if self._is_gradient(index):
            return gradient_face(line.row)
        cell = self._cell(index)
        return cell_face(cell, line.row) if cell else BLANK

    def _words(self, index: Index) -> str:
        line = self._lines[index.row()]
        if line.row is None:
            return line.block.title + (
                ": rows are compared with the one without a teacher" if line.block.has_baseline else ""
            )
        if index.column() == METHOD:
            return row_words(line.row, self._table)
        if index.column() == SIZE:
            return f"{cell_text.parameters_text(line.row)} million parameters"
        if self._is_gradient(index):
            return gradient_words(line.row)
        cell = self._cell(index)
        return cell_words(cell, line.row, self._column(index), self._table) if cell else ""

    def _row(self, index: Index) -> Row | None:
        return self._lines[index.row()].row if index.isValid() else None

    def _is_gradient(self, index: Index) -> bool:
        return self._table.has_gradient and index.column() == GRADIENT

    def _column(self, index: Index) -> Column:
        return self._table.columns[index.column() - self.first_task()]

    def _column_key(self, section: int) -> str:
        first = self.first_task()
        return self._table.columns[section - first].key if section >= first else ("method", "size", "gradient")[section]

    def _cell(self, index: Index) -> Cell | None:
        row = self._row(index)
        return row.cells.get(self._column(index).key) if row and index.column() >= self.first_task() else None


def _lines(block: Block) -> Sequence[Line]:
    heading = [Line(block, None)] if block.title else []
    return [*heading, *(Line(block, row) for row in block.rows)]


def _seen(record: RunRecord) -> tuple[object, ...]:
    """What of a run decides how the table is made, how far it has come left aside."""
    return (record.state, record.parameters, record.teacher_parameters, record.toml)


def _percent(record: RunRecord) -> int | None:
    """A step counts only when it moves the percentage."""
    return 100 * record.step // record.total_steps if record.total_steps else None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == METHOD else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
