"""The card beside the form: ready or not, how large and how long, what to know, and the buttons to start."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from distill_gui.models.compose import ComposeModel
from distill_gui.models.compose_preview import Finding
from distill_gui.panels.compose.controls import LineControl
from distill_gui.plain import set_tip
from distill_gui.theme import XS, M
from distill_gui.widgets.badge import Badge
from distill_gui.widgets.buttons import button, icon_button, set_kind
from distill_gui.widgets.card import Card
from distill_gui.widgets.fact_list import FactList
from distill_gui.widgets.finding_list import FindingList, Row
from distill_gui.widgets.fitted_scroll import FittedScroll
from distill_gui.widgets.fold import HEIGHT
from distill_gui.widgets.labels import caption, line, muted

EXAMINE, AGAIN = "Examine", "Examine again"
SWEEP = "One run for every value of some settings, such as λ from 0 to 1, added to the queue (Ctrl+Shift+S)"
HELP = (
    "The doctor: the teacher's score against chance, label order, tokens, truncation, each loss term and its gradient, memory "
    "and time. Takes seconds; loads the models."
)


class PreviewCard(Card):
    """``start_clicked``, ``queue_clicked``, ``sweep_clicked`` and ``key_chosen`` (a field to go to) are what the person
    wants."""

    start_clicked = Signal()
    queue_clicked = Signal()
    sweep_clicked = Signal()
    key_chosen = Signal(str)

    def __init__(self, model: ComposeModel, parent: QWidget | None = None) -> None:
        self.badge = Badge()
        super().__init__("Run preview", self.badge, parent)
        self._model = model
        self.heading.setMinimumHeight(HEIGHT)
        self.facts = FactList()
        self.stops, self.findings = (
            FindingList(name_of=model.place) for _ in range(2)
        )  # what the doctor advises against comes before all
        self._stops_line, self._line = line(), line()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        for widget in (self.stops, self._stops_line, self.facts, self._line, self.findings):
            column.addWidget(widget)
        self.examine = button(EXAMINE)
        self.doctor_says = caption("", wrap=True)
        self._name_control = LineControl(model, model.field("name"))
        self.name = self._name_control.widget
        set_tip(self.name, "What the run is called in the list; left out, it is made from the choices.\nname")
        self.main = button("", "primary")
        self.main.setMinimumHeight(36)
        self.queue = button("Add to queue")
        set_tip(self.queue, "Let it wait behind the other runs and stay here (Ctrl+Shift+Return)")
        self.sweep = button("Sweep over…")
        self.more = icon_button("more", "More", "secondary")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.more)
        self.more.setMenu(self.menu)
        named = QHBoxLayout()
        named.setSpacing(M)
        named.addWidget(muted("Name"))
        named.addWidget(self.name, 1)
        row = QHBoxLayout()
        row.setSpacing(XS)  # or the narrowest card has no room for the three
        row.addWidget(self.queue)
        row.addWidget(self.sweep)
        row.addStretch(1)
        row.addWidget(self.more)
        self.body.setSpacing(M)
        doctor = QHBoxLayout()
        doctor.setSpacing(M)
        doctor.addWidget(self.doctor_says, 1)
        doctor.addWidget(self.examine)
        self.body.addWidget(FittedScroll(content))
        self.body.addLayout(doctor)
        self.body.addLayout(named)
        self.body.addWidget(self.main)
        self.body.addLayout(row)
        self.main.clicked.connect(self._on_main_clicked)
        self.queue.clicked.connect(self.queue_clicked)
        self.sweep.clicked.connect(self.sweep_clicked)
        for findings in (self.stops, self.findings):
            findings.chosen.connect(self.key_chosen)
        self.examine.clicked.connect(self._on_examine_clicked)

    def refresh(self) -> None:
        """Show what the model knows now."""
        model = self._model
        self.badge.set(*model.state())
        facts = [(fact.label, fact.value, fact.strong) for fact in model.facts()]
        stops = _rows(model.doctor.stops())
        findings = [row for row in _rows(model.findings()) if row not in stops]
        self.facts.set_rows(facts)
        self.stops.set_rows(stops)
        self.findings.set_rows(findings)
        self.facts.setVisible(bool(facts))
        self.stops.setVisible(bool(stops))
        self.findings.setVisible(bool(findings))
        self._stops_line.setVisible(bool(stops and facts))
        self._line.setVisible(bool(facts and findings))
        self.main.setText(model.main_text())
        set_kind(self.main, "secondary" if model.is_advised_against() else "primary")
        set_tip(self.main, "Ctrl+Return" if model.can_start() else "Go to the field")
        self.queue.setEnabled(model.can_start())
        self.sweep.setEnabled(model.can_start())
        set_tip(self.sweep, SWEEP if model.can_start() else f"First: {model.main_text().lower()}")
        self._name_control.refresh()
        self._show_doctor()

    def _show_doctor(self) -> None:
        doctor = self._model.doctor
        self.doctor_says.setText(doctor.summary())
        self.examine.setText("Cancel" if doctor.is_busy() else AGAIN if doctor.is_answered() else EXAMINE)
        self.examine.setEnabled(doctor.is_busy() or self._model.can_start())
        set_tip(self.examine, HELP if self.examine.isEnabled() else f"First: {self._model.main_text().lower()}")

    def _on_examine_clicked(self) -> None:
        if self._model.doctor.is_busy():
            self._model.doctor.cancel()
        else:
            self._model.doctor.examine()

    def _on_main_clicked(self) -> None:
        if self._model.can_start():
            self.start_clicked.emit()
        else:
            self.key_chosen.emit(self._model.main_key())


def _rows(findings: list[Finding]) -> list[Row]:
    return [(finding.level, finding.tone, finding.text, finding.key) for finding in findings]
