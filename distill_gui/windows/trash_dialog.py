"""The trash: what was discarded, back with one click, or deleted for good after a question that names the bytes.

Shows what it is handed and asks by signals; ``app.py`` connects.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionRange, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.models.row_stretches import stretches
from distill_gui.models.run_text import bytes_text
from distill_gui.theme import XL, L, M, S
from distill_gui.widgets.buttons import button
from distill_gui.widgets.labels import muted, title
from distill_gui.widgets.second_click import swallow_second_click
from distill_gui.widgets.two_line_rows import Roles, TwoLineRows
from distill_gui.widgets.visibility import show_if

if TYPE_CHECKING:
    from engine.store import RunRecord

WIDTH, HEIGHT = 520, 420  # px
RUN_ROLE = int(Qt.ItemDataRole.UserRole) + 1
ROLES = Roles(caption=RUN_ROLE + 1, trailing=RUN_ROLE + 2, colour=RUN_ROLE + 3)
BYTES_ROLE = RUN_ROLE + 4

Entry = tuple["RunRecord", int]  # a run in the trash, and the bytes of its files


class TrashDialog(QDialog):
    """``set_entries`` shows; ``restore_wanted`` and ``purge_wanted`` carry lists of runs. ``ask`` is the question."""

    restore_wanted = Signal(object)
    purge_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None, ask: Callable[[QWidget, int, int], bool] | None = None) -> None:
        super().__init__(parent)
        self._ask = ask or ask_purge
        self._entries: list[Entry] | None = None
        self.setWindowTitle("Trash")
        self.resize(WIDTH, HEIGHT)
        self.model = QStandardItemModel(self)
        self.rows = TwoLineRows(self.model, ROLES)
        self.rows.setAccessibleName("Runs in the trash")
        self.rows.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.rows.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.text = muted(wrap=True)
        self.restore_button = button("Restore")
        self.purge_button = button("", "danger")
        self.close_button = button("Done", "primary")
        self.close_button.setDefault(True)  # else Return anywhere would ask to delete
        self.restore_button.clicked.connect(self._on_restore)
        self.purge_button.clicked.connect(self._on_purge)
        self.close_button.clicked.connect(self.accept)
        self._lay_out()
        self.set_entries([])

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(S)
        foot.addWidget(self.purge_button)
        foot.addStretch(1)
        foot.addWidget(self.restore_button)
        foot.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, L, XL, L)
        column.setSpacing(M)
        column.addWidget(title("Trash"))
        column.addWidget(self.text)
        self.card = QFrame()
        self.card.setProperty("role", "card")
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(1, S, 1, S)
        inside.addWidget(self.rows)
        column.addWidget(self.card, 1)
        column.addStretch(0)
        column.addLayout(foot)
        self.setFocus()  # no ring before the first Tab

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these runs; those chosen before stay chosen as far as they are still there.

        Where they are all gone the one in their place is chosen: the buttons never come to mean all by themselves.
        """
        entries = list(entries)
        if entries == self._entries:
            return
        self._entries, scrolled = entries, self.rows.verticalScrollBar().value()
        selected = self.rows.selectionModel().selectedIndexes()
        chosen = {int(index.data(RUN_ROLE)) for index in selected}
        first = min((index.row() for index in selected), default=-1)
        self.rows.clearSelection()  # else each row that goes says that the selection changed
        self.model.clear()
        for record, size in entries:
            item = QStandardItem(record.name)
            item.setEditable(False)
            day = time.strftime("%d %b %H:%M", time.localtime(record.trashed_at or 0.0))
            caption = f"#{record.id} · {record.state} · {record.task} · discarded {day}"
            for role, value in (
                (RUN_ROLE, record.id), (ROLES.caption, caption), (ROLES.trailing, bytes_text(size)),
                (ROLES.colour, record.colour), (BYTES_ROLE, size),
                (int(Qt.ItemDataRole.AccessibleTextRole), f"{record.name}, {caption}, {bytes_text(size)}"),
            ):  # fmt: skip
                item.setData(value, role)
            self.model.appendRow(item)
        self._choose(chosen, first)
        self.rows.verticalScrollBar().setValue(scrolled)  # somebody else has changed what is in it
        show_if(self.card, bool(entries))
        self.text.setText(
            "Discarded runs are hidden from lists, tables and the queue. Nothing of them is deleted until you say so here."
            if entries
            else "The trash is empty. Discarded runs come here first, and can be restored."
        )
        self._enable()

    def _choose(self, runs: set[int], instead: int) -> None:
        """Select these runs; where none of them is here and ``instead`` is no less than 0, that row or the last."""
        rows, count = self.rows.selectionModel(), self.model.rowCount()
        found = stretches([self.model.index(row, 0).data(RUN_ROLE) for row in range(count)], runs.__contains__)
        if not found and instead >= 0 and count:
            found = [(min(instead, count - 1),) * 2]
        selection = QItemSelection()
        for first, last in found:
            selection.append(QItemSelectionRange(self.model.index(first, 0), self.model.index(last, 0)))
        if found:
            rows.select(selection, rows.SelectionFlag.Select)
            rows.setCurrentIndex(self.model.index(found[0][0], 0), rows.SelectionFlag.NoUpdate)  # the keyboard goes on

    def _chosen(self) -> list[int]:
        """The selected runs, all where none is."""
        selected = self.rows.selectionModel().selectedIndexes()
        indexes = selected or [self.model.index(row, 0) for row in range(self.model.rowCount())]
        return [int(index.data(RUN_ROLE)) for index in indexes]

    def _size(self) -> int:
        chosen = set(self._chosen())
        items = (self.model.item(row) for row in range(self.model.rowCount()))
        return sum(int(item.data(BYTES_ROLE)) for item in items if item.data(RUN_ROLE) in chosen)

    def _enable(self) -> None:
        count, total = len(self._chosen()), self.model.rowCount()
        all_of = "all " if count == total and count > 1 else ""
        for made in (self.restore_button, self.purge_button):
            show_if(made, total > 0)
        many = f"{all_of}{count}" if count != 1 else "1 run"
        self.restore_button.setText("Restore" if count == 1 else f"Restore {many}")
        self.purge_button.setText(f"Delete {many} for good…")

    def _on_restore(self) -> None:
        swallow_second_click(self)  # the button may mean another run by then
        self.restore_wanted.emit(self._chosen())

    def _on_purge(self) -> None:
        chosen = self._chosen()
        if chosen and self._ask(self, len(chosen), self._size()):
            there = {record.id for record, _ in self._entries or ()}
            if still := [run for run in chosen if run in there]:  # the others were restored or deleted meanwhile
                self.purge_wanted.emit(still)


class PurgeQuestion(QDialog):
    """``accepted`` deletes; Enter and Escape keep."""

    def __init__(self, count: int, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        runs = "this run" if count == 1 else f"these {count} runs"
        self.setWindowTitle("Delete for good?")
        heading = title(f"Delete {runs} for good?")
        text = muted(
            f"{bytes_text(size)} of files are deleted: {'its' if count == 1 else 'their'} students, logs and "
            "configurations; and the curves and scores in the store. This cannot be undone.",
            wrap=True,
        )
        text.setMinimumWidth(430)
        self.keep_button = button("Keep in the trash", "primary")
        self.delete_button = button(f"Delete {bytes_text(size)}", "danger")
        self.keep_button.clicked.connect(self.reject)
        self.delete_button.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addStretch(1)
        row.addWidget(self.delete_button)
        row.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(S)
        column.addWidget(heading)
        column.addWidget(text)
        column.addSpacing(L)
        column.addLayout(row)
        self.keep_button.setFocus(Qt.FocusReason.OtherFocusReason)


def ask_purge(parent: QWidget, count: int, size: int) -> bool:
    """Ask and wait; whether to delete."""
    question = PurgeQuestion(count, size, parent)
    answer = question.exec() == int(QDialog.DialogCode.Accepted)
    question.deleteLater()
    return answer
