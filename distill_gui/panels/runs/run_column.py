"""The column of runs: filter, groups and order above the list that is the legend. Knows models and widgets only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, Signal, SignalInstance
from PySide6.QtGui import QAction, QActionGroup, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from distill_gui.models.run_list import RunListModel
from distill_gui.models.run_order import GROUPS, SORTS
from distill_gui.panels.runs.run_rows import RunRows
from distill_gui.plain import set_tip
from distill_gui.theme import M, S, notifier
from distill_gui.theme.icons import icon
from distill_gui.widgets.buttons import button
from distill_gui.widgets.labels import caption, line
from distill_gui.widgets.offer import WHY_NOT, Offer
from distill_gui.widgets.visibility import show_if

PIN, UNPIN = "Pin to the top", "Unpin"
COMPARE, COMPARE_NOT = "Compare all with this run", "Compare with no run"


class RunColumn(QFrame):
    """`set_run` obeys; the signals are what a person asked for."""

    run_chosen = Signal(int)
    run_pointed = Signal(object)
    stop_wanted = Signal(int)
    export_wanted = Signal(int)
    duplicate_wanted = Signal(int)
    discard_wanted = Signal(int)
    pause_wanted = Signal(int)
    resume_wanted = Signal(int)
    trash_wanted = Signal()
    renamed = Signal(int, str)

    def __init__(self, runs: RunListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs = runs
        self._run: int | None = None
        self.setProperty("role", "card")
        self.filter = self._make_filter()
        self.order = button("", "quiet")
        self._order_menu = self._make_order_menu()
        self.order.clicked.connect(self._on_order_wanted)
        self.count = caption()
        self.nothing = caption("No run matches the filter.")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setMinimumHeight(64)
        self.rows = RunRows()
        self.rows.setModel(runs)
        self._actions = self._make_actions()
        self._lay_out()
        self.rows.selectionModel().currentChanged.connect(self._on_current_changed)
        self.rows.pointed.connect(self.run_pointed)
        self.rows.renamed.connect(self.renamed)
        self.rows.customContextMenuRequested.connect(self._on_menu_wanted)
        runs.marks_changed.connect(self._enable)
        runs.shown_changed.connect(self._on_shown_changed)
        notifier().changed.connect(self._restyle)
        self._on_shown_changed()

    def _make_filter(self) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText("Filter runs…")
        field.setAccessibleName("Filter runs")
        set_tip(field, "Words that occur in the name, task, loss, student, teacher or state (Ctrl+F)")
        field.setClearButtonEnabled(True)
        self._looking_glass = field.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        field.textChanged.connect(self._runs.set_filter)
        return field

    def _restyle(self) -> None:
        self._looking_glass.setIcon(icon("search"))
        self.rows.viewport().update()

    def _make_order_menu(self) -> QMenu:
        menu = QMenu(self)
        for caption_text, choices, set_choice, current in (
            ("Group by", GROUPS, self._runs.set_group, self._runs.group),
            ("Sort by", SORTS, self._runs.set_sort, self._runs.sort_key),
        ):
            title = menu.addAction(caption_text)
            title.setEnabled(False)
            group = QActionGroup(menu)
            for key, text in choices.items():
                action = group.addAction(text)
                action.setCheckable(True)
                action.setChecked(key == current)
                action.triggered.connect(lambda _=False, set_choice=set_choice, key=key: set_choice(key))
                menu.addAction(action)
        return menu

    def _make_actions(self) -> dict[str, QAction]:
        made = {}
        for key, text, shortcut, act in (
            ("rename", "Rename", "F2", lambda: self.rows.edit(self.rows.currentIndex())),
            ("duplicate", "Duplicate with changes…", "Ctrl+D", lambda: self._ask(self.duplicate_wanted)),
            ("pause", "Pause", "Ctrl+P", lambda: self._ask(self.pause_wanted)),
            ("resume", "Resume", "Ctrl+R", lambda: self._ask(self.resume_wanted)),
            ("stop", "Stop and keep", "Ctrl+.", lambda: self._ask(self.stop_wanted)),
            ("pin", PIN, "Ctrl+T", self._pin),
            ("baseline", COMPARE, "Ctrl+B", self._compare),
            ("export", "Export student…", "Ctrl+E", lambda: self._ask(self.export_wanted)),
            ("discard", "Discard", "Delete", lambda: self._ask(self.discard_wanted)),
            ("trash", "Show the trash…", "", self.trash_wanted.emit),
            ("copy", "Copy run number", "Ctrl+Shift+C", self._copy_number),
            ("only", "Draw only this run", "", self._draw_only),
            ("all", "Draw all runs shown", "", lambda: self._runs.set_ticked(self._runs.shown(), True)),
            ("none", "Draw no other run", "", lambda: self._runs.set_ticked(self._runs.ticked(), False)),
        ):
            action = QAction(text, self)
            if shortcut:
                action.setShortcut(QKeySequence(shortcut))
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _=False, act=act: act())
            self.addAction(action)
            made[key] = action
        return made

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(self.order)
        bar.addStretch(1)
        bar.addWidget(self.count)
        top = QVBoxLayout()
        top.setContentsMargins(M, M, M, S)
        top.setSpacing(S)
        top.addWidget(self.filter)
        top.addLayout(bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 1, 1)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(line())
        column.addWidget(self.nothing)
        column.addWidget(self.rows, 1)
        self.setMinimumWidth(232)

    # what to show -----------------------------------------------------------------------------------------------------

    def set_run(self, run: int | None) -> None:
        """Mark `run` as the chosen one."""
        self._run = run
        self._show_run()
        self._enable()

    def _show_run(self) -> None:
        row = self._runs.row_of(self._run) if self._run is not None else -1
        selection = self.rows.selectionModel()
        if row < 0:
            selection.clear()
        elif selection.currentIndex().row() != row or not selection.isRowSelected(row, QModelIndex()):
            selection.setCurrentIndex(self._runs.index(row), QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _on_shown_changed(self) -> None:
        shown, total = len(self._runs.shown()), len(self._runs.records())
        self.count.setText(f"{shown:,} of {total:,} shown" if shown != total else f"{total:,} run{'s' * (total != 1)}")
        order = f"Grouped by {GROUPS[self._runs.group]}" if self._runs.group != "none" else SORTS[self._runs.sort_key]
        self.order.setText(f"{order[0].upper()}{order[1:]} ▾")
        self.order.setAccessibleName(f"Order of the runs: {order}")
        show_if(self.nothing, total > 0 and shown == 0)
        self._show_run()

    def refresh(self) -> None:
        """The chosen run may have changed its state: what can be done with it too."""
        self._enable()

    def _enable(self) -> None:
        record = self._runs.record(self._run) if self._run is not None else None
        state = record.state if record is not None else ""
        is_it = f"It is {state}" if state else "No run is chosen"
        for key in ("rename", "duplicate", "copy", "only", "discard", "pin", "baseline"):
            self._allow(key, record is not None, is_it)
        for key in ("stop", "pause"):
            self._allow(key, state in ("running", "queued"), is_it)
        self._allow("resume", state in ("paused", "stopped", "failed", "interrupted"), is_it)
        running = state == "running"
        pinned = self._run is not None and self._runs.is_pinned(self._run)
        self._actions["pin"].setText(UNPIN if pinned else PIN)
        self._actions["baseline"].setText(COMPARE_NOT if self._is_baseline() else COMPARE)
        self._actions["discard"].setText("Stop and discard" if running else "Discard")
        queued = record is not None and record.state == "queued"
        self._actions["stop"].setText("Take out of the queue" if queued else "Stop and keep")
        has_student = record is not None and record.has_student
        self._allow("export", has_student and not running, is_it if running or not state else "It has no student")
        for key, any_run in (("all", self._runs.rowCount() > 0), ("none", bool(self._runs.ticked()))):
            self._allow(key, any_run, "There is none")

    def _allow(self, key: str, possible: bool, why_not: str) -> None:
        action = self._actions[key]
        action.setEnabled(possible)
        action.setProperty(WHY_NOT, "" if possible else why_not)

    def offers(self, name: Callable[[], str]) -> list[Offer]:
        """What can be done with the chosen run, which is called ``name()``, and with all."""
        self._enable()
        of_all = ("all", "none")
        return [
            Offer(action, about=str if key in of_all else name)
            for key, action in self._actions.items()
            if key != "trash"
        ]

    # what a person does -----------------------------------------------------------------------------------------------

    def _on_current_changed(self, index: QModelIndex) -> None:
        run = self._runs.run_at(index)
        if run is not None and run != self._run:
            self._run = run
            self._enable()
            self.run_chosen.emit(run)

    def _on_order_wanted(self) -> None:
        self._order_menu.popup(self.order.mapToGlobal(QPoint(0, self.order.height())))

    def _on_menu_wanted(self, position: QPoint) -> None:
        if self._runs.run_at(self.rows.indexAt(position)) is None:
            return
        self._enable()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key in (
            "rename",
            "duplicate",
            "pause",
            "resume",
            "stop",
            "export",
            "copy",
            "",
            "pin",
            "baseline",
            "",
            "only",
            "all",
            "none",
            "",
            "discard",
            "trash",
        ):
            if key:
                menu.addAction(self._actions[key])
            else:
                menu.addSeparator()
        menu.popup(self.rows.viewport().mapToGlobal(position))

    def _ask(self, signal: SignalInstance) -> None:
        if self._run is not None:
            signal.emit(self._run)

    def _is_baseline(self) -> bool:
        baseline = self._runs.baseline()
        return baseline is not None and baseline.id == self._run

    def _pin(self) -> None:
        if self._run is not None:
            self._runs.set_pinned([self._run], not self._runs.is_pinned(self._run))
            self._stay_with_it()

    def _compare(self) -> None:
        if self._run is not None:
            self._runs.set_baseline(None if self._is_baseline() else self._run)
            self._stay_with_it()

    def _stay_with_it(self) -> None:
        """The run chosen has moved, to the top or back, because a person asked: they see where to."""
        self.rows.scrollTo(self.rows.currentIndex())

    def _copy_number(self) -> None:
        if self._run is not None:
            QGuiApplication.clipboard().setText(str(self._run))

    def _draw_only(self) -> None:
        if self._run is not None:
            self._runs.set_ticked([run for run in self._runs.ticked() if run != self._run], False)
            self._runs.set_ticked([self._run], True)
