"""The Compose place: the form in two columns, the run preview beside it, presets and files above.

Knows its model and widgets only; who trains what is started here is connected elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.group import FieldGroup
from distill_gui.panels.compose.groups import LossGroup, TaskGroup, TeacherGroup
from distill_gui.panels.compose.preview import PreviewCard
from distill_gui.plain import set_tip
from distill_gui.theme import XL, L, M, S
from distill_gui.widgets.buttons import button
from distill_gui.widgets.field_choice import NotedChoice
from distill_gui.widgets.labels import ElidedLabel, title
from distill_gui.widgets.offer import Offer
from distill_gui.widgets.toast import show_toast

if TYPE_CHECKING:
    from distill_gui.panels.compose.sweep import SweepDialog

PREVIEW_WIDTH = (320, 380)  # px, narrowest and widest
FILES = "Configurations (*.toml);;All files (*)"


class ComposePanel(QWidget):
    """``start_requested`` and ``queue_requested`` carry one whole TOML a run, ``preview_requested`` and
    ``examination_requested`` a number and one to look at."""

    start_requested = Signal(list)
    queue_requested = Signal(list)
    preview_requested = Signal(int, str)
    examination_requested = Signal(int, str)
    examination_cancelled = Signal()
    sweep_look_requested = Signal(int, str, list, bool)  # as SweepModel.files_wanted; its answers come by …
    sweep_looked_at = Signal(int, object)  # … this: number, what was found

    def __init__(self, model: ComposeModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setAcceptDrops(True)
        self.teacher, self.task, self.loss = TeacherGroup(model), TaskGroup(model), LossGroup(model)
        self.student = FieldGroup(model, "student", "Student")
        self.training = FieldGroup(model, "training", "Training")
        self.groups = (self.teacher, self.student, self.task, self.loss, self.training)
        self.preview = PreviewCard(model)
        self.preset = NotedChoice(prefix="Preset: ", placeholder="Preset")
        self.preset.setAccessibleName("Preset")
        self.preset.setFixedWidth(250)
        self.open_button, self.save_button = button("Open TOML…"), button("Save…")
        self.file = ElidedLabel("", "muted", mode=Qt.TextElideMode.ElideMiddle)
        self._lay_out()
        self._fill_menu()
        self._connect()
        self._refresh()
        model.ask_preview()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(S)
        top.addWidget(title("Compose a distillation"))
        top.addSpacing(S)
        top.addWidget(self.file, 1)
        for widget in (self.preset, self.open_button, self.save_button):
            top.addWidget(widget)
        form = QWidget()
        columns = QHBoxLayout(form)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(M)
        for cards in ((self.teacher, self.student, self.task), (self.loss, self.training)):
            column = QVBoxLayout()
            column.setSpacing(M)
            for card in cards:
                column.addWidget(card)
            column.addStretch(1)
            columns.addLayout(column, 1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(form)
        beside = QVBoxLayout()
        beside.addWidget(self.preview)
        beside.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(M)
        body.addWidget(self.area, 1)
        body.addLayout(beside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(XL, L, XL, L)
        whole.setSpacing(M)
        whole.addLayout(top)
        whole.addLayout(body, 1)

    def _fill_menu(self) -> None:
        menu = self.preview.menu
        menu.addAction("Copy command line").triggered.connect(self._on_copy_command)
        menu.addAction("Copy TOML").triggered.connect(self._on_copy_toml)
        menu.addSeparator()
        menu.addAction("Open TOML…").triggered.connect(self._on_open_clicked)
        menu.addAction("Save TOML…").triggered.connect(self._on_save_clicked)

    def _connect(self) -> None:
        self._model.changed.connect(self._refresh)
        self._model.preview_changed.connect(self._refresh)
        self._model.preview_wanted.connect(self.preview_requested)
        self.loss.terms.added.connect(self._scroll_to)
        self._model.doctor.changed.connect(self.preview.refresh)
        self._model.doctor.wanted.connect(self.examination_requested)
        self._model.doctor.unwanted.connect(self.examination_cancelled)
        self.preset.chosen.connect(self._model.choose_preset)
        self.open_button.clicked.connect(self._on_open_clicked)
        self.save_button.clicked.connect(self._on_save_clicked)
        self.preview.start_clicked.connect(self._on_start_clicked)
        self.preview.queue_clicked.connect(self._on_queue_clicked)
        self.preview.sweep_clicked.connect(self.open_sweep)
        self.preview.key_chosen.connect(self.lead_to)
        for keys, act in (
            (QKeySequence("Ctrl+Return"), self.preview.main.click),
            (QKeySequence("Ctrl+Shift+Return"), self.preview.queue.click),
            (QKeySequence("Ctrl+Shift+S"), self.preview.sweep.click),
            (QKeySequence(QKeySequence.StandardKey.Open), self._on_open_clicked),
            (QKeySequence(QKeySequence.StandardKey.Save), self._on_save_clicked),
        ):
            shortcut = QShortcut(keys, self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setAutoRepeat(False)  # keys held a little long are one wish: the queue stays here and would fill
            shortcut.activated.connect(lambda act=act: self._after_typing(act))
        set_tip(self.open_button, "Ctrl+O")
        set_tip(self.save_button, "Ctrl+S")

    def _after_typing(self, act: Callable[[], object]) -> None:
        """Do what a key asks for, of the number just typed too: the keyboard stays in its box, which would keep it."""
        box = QApplication.focusWidget()
        if isinstance(box, QAbstractSpinBox) and self.isAncestorOf(box):
            box.interpretText()
        act()

    # what comes in ----------------------------------------------------------------------------------------------------

    def set_preview(self, preview: dict[str, Any]) -> None:
        """Take what the engine says of the TOML last asked about."""
        self._model.set_preview(preview)

    def lead_to(self, key: str) -> None:
        """Put the keyboard into the field of a key and scroll there."""
        if key == "name":
            self.preview.name.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        section = key.partition(".")[0]
        for group in self.groups:
            named = {"teacher": "teacher.model", "task": "task.name", "loss": "loss.kind"}.get(key, key)
            if (place := group.lead_to(named)) is not None:
                self._scroll_to(place)
                return
        if section in ("teacher", "student", "task", "loss", "training"):
            self.area.ensureWidgetVisible(getattr(self, section))

    def _scroll_to(self, place: QWidget) -> None:
        """Bring a row or a card into sight, of one taller than the form its head."""
        # what has just been unfolded gets its place only now
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        self.area.ensureWidgetVisible(place, 0, L)
        form = self.area.widget()
        if form is not None:
            self.area.ensureVisible(0, place.mapTo(form, QPoint(0, 0)).y(), 0, S)

    def _refresh(self) -> None:
        for group in self.groups:
            group.refresh()
        self.preview.refresh()
        self.preset.set_options([(preset.key, preset.title, preset.about) for preset in self._model.presets()])
        self.preset.show_key(self._model.preset())
        self.file.setText(self._model.file())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        low, high = PREVIEW_WIDTH
        self.preview.setFixedWidth(max(low, min(high, round(self.width() * 0.275))))

    # what the person wants --------------------------------------------------------------------------------------------

    def _on_start_clicked(self) -> None:
        self.start_requested.emit(self._model.tomls())

    def _on_queue_clicked(self) -> None:
        self.queue_requested.emit(self._model.tomls())

    def open_sweep(self) -> SweepDialog:
        """Ask which settings of the draft to sweep over; the runs go to the queue."""
        from distill_gui.panels.compose.sweep import open_sweep

        model = self._model.sweep()
        model.files_wanted.connect(self.sweep_look_requested)
        self.sweep_looked_at.connect(model.take_files)
        dialog = open_sweep(model, self)
        dialog.queue_requested.connect(self.queue_requested)
        return dialog

    def _on_copy_command(self) -> None:
        QGuiApplication.clipboard().setText(self._model.command_line())
        self._say("Command line copied.")

    def _on_copy_toml(self) -> None:
        QGuiApplication.clipboard().setText(self._model.shared_toml())
        self._say("TOML copied.")

    def _on_open_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Open a configuration", self._model.folder(), FILES)
        if path:
            self.open_file(path)

    def _on_save_clicked(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the configuration", self._model.file_name(), FILES)
        if path:
            self.save_file(path)

    def open_file(self, path: str) -> None:
        """Show a TOML file; what cannot be read is said and changes nothing."""
        if said := self._model.open_file(path):
            self._say(said)

    def save_file(self, path: str) -> None:
        """Write the configuration to a TOML file and say so."""
        self._say(self._model.save_file(path))

    def _say(self, text: str) -> None:
        show_toast(self.window(), text)

    def offers(self) -> list[Offer]:
        """What can be done here, for the command palette."""
        card = self.preview
        shortcuts = {"Open TOML…": QKeySequence.StandardKey.Open, "Save TOML…": QKeySequence.StandardKey.Save}
        return [
            Offer(card.main, "Ctrl+Return"),
            Offer(card.queue, "Ctrl+Shift+Return", reason=self._first),
            Offer(card.sweep, "Ctrl+Shift+S", reason=self._first),
            Offer(card.examine, reason=self._first),
            *(
                Offer(action, QKeySequence(shortcuts.get(action.text(), "")).toString())
                for action in card.menu.actions()
                if not action.isSeparator()
            ),
        ]

    def _first(self) -> str:
        return f"First: {self._model.main_text().lower()}"

    # files dropped on the form ----------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if len(_local_files(event)) == 1:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        (path,) = _local_files(event)
        event.acceptProposedAction()
        if Path(path).is_dir():
            self.take_folder(path)
        else:
            self.open_file(path)

    def take_folder(self, path: str) -> None:
        """Use a folder for what it holds: a model as the teacher, rows as the task's."""
        key = self._model.take_folder(path)
        if key:
            self.lead_to(key)
        else:
            self._say(
                f"{Path(path).name} holds neither a model (config.json) nor rows (train.parquet, .csv or .jsonl)."
            )


def _local_files(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
