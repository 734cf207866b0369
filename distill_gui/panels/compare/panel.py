"""The Compare place: verdicts, swept values, score against cost, and what is set differently. Knows its model and widgets."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from distill_gui.models.compare import ALL, TICKED, CompareModel, VerdictLine
from distill_gui.models.compare_diff import FACE_ROLE, KEY_ROLE, DiffModel
from distill_gui.panels.compare.score_cards import CostCard, SweepCard
from distill_gui.panels.compare.verdict_card import VerdictCard
from distill_gui.plain import set_tip
from distill_gui.theme import M
from distill_gui.widgets.buttons import button
from distill_gui.widgets.choice import Choice
from distill_gui.widgets.empty_state import EmptyState
from distill_gui.widgets.labels import caption, heading, muted
from distill_gui.widgets.offer import Offer
from distill_gui.widgets.place import lay_out_place
from distill_gui.widgets.segmented import Segmented
from distill_gui.widgets.table_card import TableCard
from distill_gui.widgets.toast import show_toast
from distill_gui.widgets.visibility import show_if

NO_DIFFERENCE = "Nothing that counts is set differently."


class ComparePanel(QWidget):
    """Emits what the person asks for: ``queue_requested`` (TOMLs), ``show_runs_requested`` (run ids), ``export_requested``
    (a run), ``tick_requested`` (run ids), ``runs_place_requested``."""

    queue_requested = Signal(list)
    show_runs_requested = Signal(list)
    export_requested = Signal(int)
    tick_requested = Signal(list)
    runs_place_requested = Signal()

    def __init__(self, model: CompareModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._subtitle = muted(" ", wrap=True)
        self.scope = Segmented([(TICKED, "Ticked runs"), (ALL, "All runs")])
        self.scope.setAccessibleName("Which runs are compared")
        self.task = Choice()
        self.task.setAccessibleName("Task")
        self.baseline = Choice()
        self.baseline.setAccessibleName("Baseline: what the others are compared with")
        self.copy_button = button("Copy")
        set_tip(self.copy_button, "Everything here as Markdown")
        self.verdicts = VerdictCard(model)
        self.sweep = SweepCard(model)
        self.costs = CostCard(model)
        self.differences = DiffModel(self)
        self.diff = TableCard(self.differences, FACE_ROLE, key_role=KEY_ROLE)
        self.diff.grid.setAccessibleName("Settings that differ, by method")
        self.empty = EmptyState("compare", "", "", "")
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        for choice, width in ((self.task, 130), (self.baseline, 220)):
            choice.setFixedWidth(width)
        self._against = caption("Baseline")
        charts = QHBoxLayout()
        charts.setSpacing(M)
        charts.addWidget(self.sweep, 1)
        charts.addWidget(self.costs, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        column.addWidget(self.verdicts)
        column.addLayout(charts)
        self._differently = heading("What is set differently")
        column.addWidget(self._differently)
        column.addWidget(self.diff)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._pages = QStackedWidget()
        self._pages.addWidget(scroll)
        self._pages.addWidget(self.empty)
        controls = (self.scope, self.task, self._against, self.baseline, self.copy_button)
        lay_out_place(self, "Compare", self._subtitle, controls, self._pages)

    def _connect(self) -> None:
        self.scope.chosen.connect(self._model.set_scope)
        self.task.chosen.connect(self._model.set_task)
        self.baseline.chosen.connect(self._model.set_baseline)
        self.copy_button.clicked.connect(self._on_copy_clicked)
        self.verdicts.seeds_wanted.connect(self._on_seeds_wanted)
        self.sweep.chosen.connect(self._on_contender_chosen)
        self.costs.chosen.connect(self._on_contender_chosen)
        self.empty.clicked.connect(self._on_empty_clicked)
        self._model.changed.connect(self._show)

    # what is shown ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        self._model.set_in_sight(True)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._model.set_in_sight(False)
        super().hideEvent(event)

    def _show(self) -> None:
        """Bring everything up to the model."""
        found, focused = self._model.comparison, QApplication.focusWidget()
        self._subtitle.setText(self._model.subtitle() or " ")
        self.scope.set_current(self._model.scope)
        self.task.set_choices(list(found.tasks))
        if found.task:
            self.task.set_current(found.task)
        show_if(self.task, len(found.tasks) > 1)
        self.baseline.set_choices([(one.key, one.title) for one in found.contenders])
        if found.baseline is not None:
            self.baseline.set_current(found.baseline.key)
            set_tip(self.baseline, f"The others are compared with {found.baseline.title}")
        for widget in (self._against, self.baseline):
            show_if(widget, len(found.contenders) > 1)
        self.copy_button.setEnabled(bool(found.contenders))
        self._show_nothing()
        if found.contenders:
            self.verdicts.show_verdicts()
            self.sweep.show_scores()
            self.costs.show_scores()
            self.differences.show(found)
            for part in (self._differently, self.diff):
                show_if(part, len(found.contenders) > 1)
            self.diff.set_notes([] if found.diff else [("", NO_DIFFERENCE)])
        self._pages.setCurrentIndex(0 if found.contenders else 1)
        if (
            focused is not None
            and self.isAncestorOf(focused)
            and not focused.isVisibleTo(self)
            and not self.verdicts.hasFocus()
        ):
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # else Qt hands it to the next best button, with a ring

    def _show_nothing(self) -> None:
        said, sentence = self._model.nothing()
        self.empty.set(said, sentence, "Compare all runs" if self._model.is_all_left_out() else "Go to Runs")
        self.empty.set_known(self._model.known)

    # what the person does ---------------------------------------------------------------------------------------------

    def _on_empty_clicked(self) -> None:
        if self._model.is_all_left_out():
            self._model.set_scope(ALL)
        else:
            self.runs_place_requested.emit()

    def _on_seeds_wanted(self, line: VerdictLine) -> None:
        if line.left_out:
            self.tick_requested.emit(list(line.left_out))
            return
        tomls, why_not = self._model.more_seeds(line)
        if why_not:
            show_toast(self.window(), why_not)
        elif tomls:
            self.queue_requested.emit(tomls)

    def _on_contender_chosen(self, key: str, where: QPoint) -> None:
        one = self._model.contender(key)
        if one is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        runs = f"Show its {len(one.runs)} runs" if len(one.runs) > 1 else "Show its run"
        menu.addAction(runs).triggered.connect(lambda: self.show_runs_requested.emit(list(one.runs)))
        menu.addAction("Export its newest student").triggered.connect(lambda: self.export_requested.emit(one.runs[0]))
        menu.addAction("Compare the others with it").triggered.connect(lambda: self._model.set_baseline(one.key))
        menu.popup(where)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self._model.markdown())
        show_toast(self.window(), "The comparison is in the clipboard as Markdown.")

    def offers(self) -> list[Offer]:
        """What can be done here, for the command palette."""

        def reason() -> str:
            return "" if self.copy_button.isEnabled() else "Nothing to compare yet"

        scopes = [
            Offer(self.scope.button(key), text=f"Compare: {self.scope.button(key).text()}") for key in (TICKED, ALL)
        ]
        return [Offer(self.copy_button, text="Copy the comparison as Markdown", reason=reason), *scopes]
