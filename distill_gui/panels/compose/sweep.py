"""“Sweep over…”: which settings, which values, which runs come of it. Knows its model and widgets only."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QListWidget,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from distill_gui.models.compose_sweep import SweepModel
from distill_gui.panels.compose.sweep_row import SweepRow
from distill_gui.plain import set_tip
from distill_gui.theme import XL, L, M, S
from distill_gui.widgets.buttons import button
from distill_gui.widgets.fitted_scroll import FittedScroll
from distill_gui.widgets.labels import heading, muted, title
from distill_gui.widgets.notice import Notice
from distill_gui.widgets.visibility import show_if

SIZE = (840, 640)  # px, within a screen of 1280 × 720
LIST_HEIGHT = 150  # px, some six runs at the least


class SweepDialog(QDialog):
    """``queue_requested`` carries one whole TOML a run; the model is the dialog's own."""

    queue_requested = Signal(list)

    def __init__(self, model: SweepModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        model.setParent(self)
        self.setWindowTitle("Sweep over settings")
        self.resize(*SIZE)
        self.rows: list[SweepRow] = []
        self.add_button = button("Add a setting", "secondary", "plus")
        self.many = QCheckBox()
        self.said = Notice("bad")
        self.left_out = Notice("info")
        self.runs_heading = heading()
        self.runs = QListWidget()
        self.runs.setAccessibleName("The runs of the sweep")
        self.runs.setMinimumHeight(LIST_HEIGHT)
        self.runs.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.runs.setItemDelegate(_NameDelegate(self.runs))
        self.runs.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # what tells them apart stands at the end
        self.runs.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.cancel_button = button("Cancel")
        self.main = button("", "primary")
        self.main.setDefault(True)
        self._lay_out()
        self.add_button.clicked.connect(self._on_add_clicked)
        self.many.clicked.connect(model.allow_many)
        self.cancel_button.clicked.connect(self.reject)
        self.main.clicked.connect(self._on_main_clicked)
        model.rows_changed.connect(self._arrange)
        model.changed.connect(self._refresh)
        self.finished.connect(model.stop)
        self._arrange()
        self._refresh()
        self.setFocus()  # no ring before the first Tab

    def _lay_out(self) -> None:
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, S, 0)
        inside.setSpacing(M)
        self._column = QVBoxLayout()
        self._column.setSpacing(M)
        inside.addLayout(self._column)
        adding = QHBoxLayout()
        adding.addWidget(self.add_button)
        adding.addStretch(1)
        inside.addLayout(adding)
        self.area = FittedScroll(content)
        foot = QHBoxLayout()
        foot.setSpacing(S)
        foot.addWidget(self.many)
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.main)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, L, XL, L)
        column.setSpacing(M)
        column.addWidget(title("Sweep over settings"))
        column.addWidget(muted("One run for every combination of these values; all else is as in the form.", wrap=True))
        column.addWidget(self.area)
        column.addWidget(self.said)
        column.addWidget(self.left_out)
        column.addWidget(self.runs_heading)
        column.addWidget(self.runs, 1)
        column.addLayout(foot)

    def _arrange(self) -> None:
        """A row for each setting; those whose setting and way stay are kept, with the keyboard in them."""
        wanted = self._model.rows()
        kept = {row.identity: row for row in self.rows}
        self.rows = []
        before: QWidget | None = None
        for place, row in enumerate(wanted):
            identity = (id(row), row.mode)
            widget = kept.pop(identity, None) or SweepRow(self._model, row)
            widget.place = place
            widget.set_offered(self._model.offered(place))
            self._column.insertWidget(place, widget)
            for part in widget.parts():
                if before is not None:
                    QWidget.setTabOrder(before, part)
                before = part
            self.rows.append(widget)
        for gone in kept.values():
            if (focused := self.focusWidget()) is not None and gone.isAncestorOf(focused):
                self._hand_on(gone, focused)
            gone.hide()
            gone.deleteLater()
        for last in (self.add_button, self.runs, self.many, self.cancel_button, self.main):
            if before is not None:
                QWidget.setTabOrder(before, last)
            before = last
        self.add_button.setEnabled(self._model.can_add())
        self._refresh()

    def _hand_on(self, gone: SweepRow, focused: QWidget) -> None:
        """The keyboard goes on where it was in the row that takes the place of one that goes, else to what adds one."""
        heir = self.rows[gone.place] if gone.place < len(self.rows) and focused is not gone.remove else None
        way = heir.way if heir is not None and focused is not gone.setting else None
        if way is not None:
            way.button(way.current()).setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            (heir.setting if heir is not None else self.add_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def _refresh(self) -> None:
        """Show the runs and what is wrong."""
        model = self._model
        for row in self.rows:
            row.set_fault(model.fault(row.place) if row.place < len(model.rows()) else "")
        self.said.set_text("", model.words_of_faults())
        self.left_out.set_text("", model.notes())
        names = model.names()
        self.runs_heading.setText(model.heading())
        if names != [self.runs.item(at).text() for at in range(self.runs.count())]:
            self.runs.clear()
            self.runs.addItems(names)
            for at, name in enumerate(names):
                set_tip(self.runs.item(at), name)
        self.many.setText(model.many())
        self.many.setChecked(model.allows_many())
        show_if(self.many, bool(model.many()))
        self.main.setText(model.main_text())
        self.main.setEnabled(model.is_in_order())

    def _on_add_clicked(self) -> None:
        self._model.add()
        self.rows[-1].setting.setFocus(Qt.FocusReason.OtherFocusReason)
        self.area.ensureWidgetVisible(self.rows[-1])

    def _on_main_clicked(self) -> None:
        said = self.main.text()
        if self._model.is_looking():
            self._model.look()  # what was typed last counts, and is seen before it is queued
        if self._model.can_queue() and self.main.text() == said:
            self.queue_requested.emit(self._model.tomls())
            self.accept()


class _NameDelegate(QStyledItemDelegate):
    """A row is as wide as the list, so that a long name is cut rather than scrolled to."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, super().sizeHint(option, index).height())


def open_sweep(model: SweepModel, parent: QWidget) -> SweepDialog:
    """Open the dialog over ``parent``; it goes with its closing."""
    dialog = SweepDialog(model, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog
