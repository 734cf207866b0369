"""The list of runs, sorted, filtered, grouped and ticked; a changed run repaints one row. Knows no widgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from distill_gui.models.row_stretches import stretches
from distill_gui.models.run_index import RunIndex
from distill_gui.models.run_marks import RunMarks, difference
from distill_gui.models.run_order import GROUPS, SORTS, TOP, Entry, RunOrder
from distill_gui.models.run_text import signed, summary
from distill_gui.plain import wrapped_tip

if TYPE_CHECKING:
    from engine.store import RunRecord

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()

RECORD_ROLE = int(Qt.ItemDataRole.UserRole) + 1  # the RunRecord, None on a heading
COUNT_ROLE = RECORD_ROLE + 1  # on a heading: how many runs stand under it
PINNED_ROLE = COUNT_ROLE + 1  # whether it is kept at the top
BASELINE_ROLE = PINNED_ROLE + 1  # whether the others are compared with it
DIFFERENCE_ROLE = BASELINE_ROLE + 1  # points above the baseline, None where there is nothing to compare

TICKED_AT_FIRST = 6  # runs, the colours there are


class RunListModel(QAbstractListModel):
    """Rows are runs and, when grouped, a heading above each group."""

    marks_changed = Signal()  # other runs are kept at the top, or another is the baseline
    ticked_changed = Signal()  # other runs are to be drawn
    shown_changed = Signal()  # the filter lets other runs through, or there are more
    records_changed = Signal(object)  # frozenset of run ids: new or changed

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records: dict[int, RunRecord] = {}
        self._entries: list[Entry] = []
        self._rows: dict[Entry, int] = {}
        self._counts: dict[str, int] = {}
        self._index = RunIndex()
        self._ticked: set[int] = set()
        self._decided: set[int] = set()  # whether to tick them: by a person, or at first sight
        self._marks = RunMarks()
        self._order = RunOrder()
        self.known = False  # whether the store has answered: until then nobody knows that there are no runs
        self._published: Mapping[tuple[str, str, str], tuple[str, float]] = {}

    # what comes in ----------------------------------------------------------------------------------------------------

    def update(self, records: Iterable[RunRecord]) -> None:
        """Take new and changed runs; those in the trash go. Rows move only where a run's place changed, else one row is
        repainted."""
        changed, moved = [], False
        told, self.known = self.known, True
        records = list(records)
        dropped = self._marks.settle(records, are_all=not told)
        self.remove(record.id for record in records if record.trashed_at is not None)
        ticked, compared = self.ticked(), self._compared_with()
        for record in records:
            if record.trashed_at is not None:
                continue
            old = self._records.get(record.id)
            if old == record:
                continue
            was = self._order.place(old) if old is not None else None
            self._records[record.id] = record
            self._index.put(record)
            self._order.forget(record.id)
            changed.append(record.id)
            moved = moved or old is None or was != self._order.place(record)
            if record.state == "running" and (old is None or old.state != "running"):
                self._tick_undecided(record.id, True)
        if dropped:
            self._remark()
        if not changed:
            if not told:
                self.records_changed.emit(frozenset())
            return
        self._tick_at_first(changed)
        if moved:
            self._rearrange()
        if compared != self._compared_with():
            self._repaint()
        for run in changed:
            if run in self._rows:
                index = self.index(self._rows[run])
                self.dataChanged.emit(index, index)
        self.records_changed.emit(frozenset(changed))
        if self.ticked() != ticked:
            self.ticked_changed.emit()

    def remove(self, runs: Iterable[int]) -> None:
        """Take out runs that were discarded; what a person has marked stays marked, they may come back."""
        ticked, compared = self.ticked(), self._compared_with()
        gone = [run for run in runs if run in self._records]
        for run in gone:
            del self._records[run]
            self._index.drop(run)
            self._ticked.discard(run)
            self._decided.discard(run)
            self._order.forget(run)
        if gone:
            self._rearrange()
            if compared != self._compared_with():
                self._repaint()
            self.records_changed.emit(frozenset(gone))
            if self.ticked() != ticked:
                self.ticked_changed.emit()

    def forget(self, runs: Iterable[int]) -> None:
        """Keep nothing of runs that were deleted for good."""
        runs = list(runs)
        dropped = self._marks.forget(runs)
        self.remove(runs)
        if dropped:
            self._remark()

    def set_published(self, scores: Mapping[tuple[str, str, str], tuple[str, float]]) -> None:
        """Published results by (task, loss, architecture): what to call the figure, and the figure from 0 to 1."""
        self._published = scores

    def _tick_at_first(self, changed: Iterable[int]) -> None:
        """The newest runs that have curves are drawn until a person says otherwise."""
        drawable = ("running", "paused", "finished", "stopped")
        for run in sorted((run for run in changed if self._records[run].state in drawable), reverse=True):
            self._tick_undecided(run, len(self._ticked) < TICKED_AT_FIRST)

    def _tick_undecided(self, run: int, ticked: bool) -> None:
        if run not in self._decided:
            self._decided.add(run)
            if ticked:
                self._ticked.add(run)

    # what a person asks -----------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show the runs that hold every word of `text` in name, task, loss, student, teacher, state or number."""
        words = text.casefold().split()
        if words != self._order.words:
            self._order.words = words
            self._start_over()

    def set_group(self, key: str) -> None:
        if key not in GROUPS:
            raise KeyError(key)
        if key != self._order.group:
            self._order.group = key
            self._start_over()

    def set_sort(self, key: str) -> None:
        if key not in SORTS:
            raise KeyError(key)
        if key != self._order.sort:
            self._order.sort = key
            self._start_over()

    @property
    def group(self) -> str:
        return self._order.group

    @property
    def sort_key(self) -> str:
        return self._order.sort

    def set_ticked(self, runs: Iterable[int], ticked: bool) -> None:
        """Draw these runs, or do not."""
        changed = [run for run in runs if run in self._records and self.is_ticked(run) != ticked]
        for run in changed:
            self._decided.add(run)
            (self._ticked.add if ticked else self._ticked.discard)(run)
            if run in self._rows:
                index = self.index(self._rows[run])
                self.dataChanged.emit(index, index, [int(Qt.ItemDataRole.CheckStateRole)])
        if changed:
            self.ticked_changed.emit()

    def set_marks(self, kept: Mapping[str, Any]) -> None:
        """Take what ``marks`` gave."""
        self._marks = RunMarks(kept)
        self._rearrange()

    def marks(self) -> dict[str, Any]:
        """What stands at the top and what is compared with, to be remembered."""
        return self._marks.kept()

    def set_pinned(self, runs: Iterable[int], pinned: bool) -> None:
        """Keep these runs at the top, or no longer."""
        self._marks.pin(runs, pinned)
        self._marks.settle(self._records.values(), are_all=False)
        self._remark()

    def is_pinned(self, run: int) -> bool:
        return run in self._marks.pinned

    def set_baseline(self, run: int | None) -> None:
        """Compare all runs with this one, None for with none."""
        if run != self._marks.baseline:
            self._marks.baseline = run
            self._marks.settle(self._records.values(), are_all=False)
            self._remark()

    def baseline(self) -> RunRecord | None:
        """The run that the others are compared with, None without one or while it is in the trash."""
        return self._records.get(self._marks.baseline) if self._marks.baseline is not None else None

    def _compared_with(self) -> tuple[str, str, float | None] | None:
        """What of the baseline the differences rest on."""
        record = self.baseline()
        return (record.task, record.key_metric, record.best_score) if record is not None else None

    def _remark(self) -> None:
        self._rearrange()
        self._repaint()
        self.marks_changed.emit()

    def _repaint(self) -> None:
        if self._entries:
            self.dataChanged.emit(self.index(0), self.index(len(self._entries) - 1))

    # what is asked of it ----------------------------------------------------------------------------------------------

    def record(self, run: int) -> RunRecord | None:
        return self._records.get(run)

    def records(self) -> list[RunRecord]:
        """All runs, oldest first, whatever the filter."""
        return [self._records[run] for run in sorted(self._records)]

    def shown(self) -> list[int]:
        """The runs the filter lets through, in the order of the list."""
        return [entry for entry in self._entries if isinstance(entry, int)]

    def ticked(self) -> list[int]:
        """The runs to draw, oldest first, whatever the filter."""
        return sorted(self._ticked)

    def is_ticked(self, run: int) -> bool:
        return run in self._ticked

    def row_of(self, run: int) -> int:
        """The row of a run, -1 while the filter hides it."""
        return self._rows.get(run, -1)

    def run_at(self, index: Index) -> int | None:
        """The run in a row, None on a heading or outside."""
        entry = self._entries[index.row()] if index.isValid() else None
        return entry if isinstance(entry, int) else None

    def newest(self) -> RunRecord | None:
        """The run queued last, None without runs."""
        return self._records[max(self._records)] if self._records else None

    def active(self) -> list[RunRecord]:
        """The runs that train or wait, oldest first."""
        return self._index.active()

    def live(self) -> RunRecord | None:
        """The run that trains now, the oldest if there are several."""
        return self._index.live()

    def control_score(self, record: RunRecord) -> tuple[float, int] | None:
        """The mean best score, and of how many, of finished runs like `record` but trained without a teacher."""
        return self._index.control_score(record)

    def published_score(self, record: RunRecord) -> tuple[str, float] | None:
        """What others published for this task, loss and student: its name and the score, None if nothing is known.

        Nothing is for a run with feature terms: the published losses are without.
        """
        if record.config.get("features"):
            return None
        return self._published.get((record.task, record.loss, record.architecture))

    # Qt's questions ---------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if isinstance(entry, str):
            text = "At the top" if entry == TOP else entry
            answers: dict[int, Any] = {Qt.ItemDataRole.DisplayRole: text, COUNT_ROLE: self._counts[entry]}
            return answers.get(role)
        record = self._records.get(entry)
        if record is None:  # its row is about to be taken out
            return None
        if role == Qt.ItemDataRole.ToolTipRole:  # names and reasons are cut where the column is narrow
            about = f"run {record.id} · {summary(record)}"
            return wrapped_tip("\n".join((record.name, about, *self._marks_text(record))))
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return record.name
            case Qt.ItemDataRole.CheckStateRole:
                return Qt.CheckState.Checked if self.is_ticked(entry) else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.AccessibleTextRole:
                drawn = "drawn" if self.is_ticked(entry) else "not drawn"
                return ", ".join(
                    (f"{record.name}, run {record.id}, {record.state}, {drawn}", *self._marks_text(record))
                )
            case _ if role == RECORD_ROLE:
                return record
            case _ if role == PINNED_ROLE:
                return self.is_pinned(entry)
            case _ if role == BASELINE_ROLE:
                return entry == self._marks.baseline
            case _ if role == DIFFERENCE_ROLE:
                return difference(record, self.baseline())
        return None

    def _marks_text(self, record: RunRecord) -> list[str]:
        said = ["pinned"] if self.is_pinned(record.id) else []
        if record.id == self._marks.baseline:
            said.append("baseline")
        if (points := difference(record, self.baseline())) is not None:
            said.append(f"{signed(points)} against the baseline")
        return said

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        run = self.run_at(index)
        if run is None or role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.set_ticked([run], Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if self.run_at(index) is None:
            return flag.NoItemFlags  # the arrow keys step over headings
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsUserCheckable | flag.ItemIsEditable

    # order ------------------------------------------------------------------------------------------------------------

    def _start_over(self) -> None:
        """Order everything anew because a person asked; streaming never comes here."""
        self.beginResetModel()
        self._entries, self._counts = self._order.arranged(
            self._records, frozenset(self._marks.on_top()), self._marks.baseline
        )
        self._number()
        self.endResetModel()
        self.shown_changed.emit()

    def _number(self) -> None:
        self._rows = {entry: row for row, entry in enumerate(self._entries)}

    def _rearrange(self) -> None:
        """Move from the rows now shown to the right ones: take out, reorder, put in. Selection and scroll survive."""
        entries, counts = self._order.arranged(self._records, frozenset(self._marks.on_top()), self._marks.baseline)
        before, self._counts = self._counts, {**self._counts, **counts}  # headings on their way out are still asked
        wanted = set(entries)
        for first, last in reversed(stretches(self._entries, lambda entry: entry not in wanted)):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._entries[first : last + 1]
            self.endRemoveRows()
        held = set(self._entries)
        self._reorder([entry for entry in entries if entry in held])
        for first, last in stretches(entries, lambda entry: entry not in held):
            self.beginInsertRows(QModelIndex(), first, last)
            self._entries[first:first] = entries[first : last + 1]
            self.endInsertRows()
        self._number()
        self._counts = counts
        for group, count in counts.items():
            if group and before.get(group, count) != count:
                index = self.index(self._rows[group])
                self.dataChanged.emit(index, index, [COUNT_ROLE])
        self.shown_changed.emit()

    def _reorder(self, entries: list[Entry]) -> None:
        if entries == self._entries:
            return
        self.layoutAboutToBeChanged.emit()
        old, self._entries = self._entries, entries
        rows = {entry: row for row, entry in enumerate(entries)}
        kept = self.persistentIndexList()
        self.changePersistentIndexList(kept, [self.index(rows[old[index.row()]]) for index in kept])
        self.layoutChanged.emit()
