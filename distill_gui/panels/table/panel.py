"""The Table place: one's own results between the published ones, with what is missing one click away.

Knows its model and widgets only; what it asks for is connected elsewhere.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QModelIndex, Signal
from PySide6.QtGui import QGuiApplication, QImageWriter
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from distill_gui.models.table import FACE_ROLE, KEY_ROLE, TableModel
from distill_gui.plain import set_tip
from distill_gui.whole_file import write_whole
from distill_gui.widgets.buttons import button
from distill_gui.widgets.clipboard import copy_html
from distill_gui.widgets.empty_state import EmptyState
from distill_gui.widgets.labels import muted
from distill_gui.widgets.offer import Offer
from distill_gui.widgets.place import lay_out_place
from distill_gui.widgets.segmented import Segmented
from distill_gui.widgets.table_card import TableCard
from distill_gui.widgets.toast import show_toast

EXPLAINED = "Own results: validation split, mean ± std over seeds. Bold best, underlined second among comparable cells."
NOTHING_YET = "Published results so far. Finished runs appear in the block of their student, measured on validation."


class TablePanel(QWidget):
    """Emits what the person asks for: ``show_runs_requested`` (run ids), ``compose_requested`` (dotted settings)."""

    show_runs_requested = Signal(list)
    compose_requested = Signal(dict)

    def __init__(self, model: TableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._subtitle = muted(wrap=True)
        self.rows = Segmented([("published", "Published rows"), ("own", "Own only")])
        self.rows.setAccessibleName("Which rows are shown")
        self.rows.chosen.connect(self._on_rows_chosen)
        self.columns_button = _menu_button("Columns")
        self.columns_menu = QMenu(self.columns_button)
        self.columns_menu.aboutToShow.connect(self._fill_columns_menu)
        self.columns_button.setMenu(self.columns_menu)
        self.copy_button = _menu_button("Copy")
        self.copy_menu = QMenu(self.copy_button)
        for name, words in model.formats():
            self.copy_menu.addAction(words).triggered.connect(partial(self._copy, name, words))
        self.copy_button.setMenu(self.copy_menu)
        self.picture_button = button("Export PNG")
        self.picture_button.clicked.connect(self._on_picture_clicked)
        self.card = TableCard(model, FACE_ROLE, key_role=KEY_ROLE)
        self.card.grid.setAccessibleName("Results by method and task")
        self.card.grid.chosen.connect(self._on_cell_chosen)
        self.empty = EmptyState(
            "table",
            "No results of your own yet",
            "Finished runs appear here, one row a method and one column a task, averaged over their seeds.",
            "Compose a run",
        )
        self.empty.clicked.connect(lambda: self.compose_requested.emit({}))
        self._lay_out()
        model.table_changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        column.addStretch(1)
        self._pages = QStackedWidget()
        self._pages.addWidget(filled)
        self._pages.addWidget(self.empty)
        controls = (self.rows, self.columns_button, self.copy_button, self.picture_button)
        lay_out_place(self, "Table", self._subtitle, controls, self._pages)

    def _show(self) -> None:
        """Bring everything around the grid up to the model."""
        own, published = self._model.has_own_rows(), self._model.published_shown()
        self.rows.set_current("published" if published else "own")
        said = EXPLAINED if own or not published else NOTHING_YET
        self._subtitle.setText(said if own or self._model.known else " ")  # of one line's height
        self.empty.set_known(self._model.known)
        self.card.set_notes(self._model.notes())
        self._pages.setCurrentIndex(0 if own or published else 1)
        for widget in (self.columns_button, self.copy_button, self.picture_button):
            widget.setEnabled(own or published)
        if not self.columns_menu.isVisible():
            self._fill_columns_menu()  # an empty menu opens nowhere on some desktops, and says nothing to a screen reader

    def _on_rows_chosen(self, key: str) -> None:
        self._model.set_published_shown(key == "published")

    def _fill_columns_menu(self) -> None:
        self.columns_menu.clear()
        for key, words, shown in self._model.all_columns():
            action = self.columns_menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(shown)
            action.toggled.connect(partial(self._on_column_toggled, key))
        self.columns_menu.addSeparator()
        gradient = self.columns_menu.addAction("Gradient share")
        set_tip(gradient, "How much of each student's gradient is not the labels'")
        gradient.setCheckable(True)
        gradient.setChecked(self._model.gradient_shown())
        gradient.toggled.connect(self._model.set_gradient_shown)
        self.columns_menu.addSeparator()
        defaults = self.columns_menu.addAction("Back to defaults")
        defaults.setEnabled(self._model.has_choices())
        defaults.triggered.connect(lambda: self._model.set_switches({}))

    def _on_column_toggled(self, key: str, on: bool) -> None:
        hidden = {other for other, _, shown in self._model.all_columns() if not shown}
        self._model.set_hidden_columns(hidden - {key} if on else hidden | {key})

    def _on_cell_chosen(self, index: QModelIndex) -> None:
        overrides = self._model.overrides_at(index)
        runs = self._model.runs_at(index)
        if overrides:
            self.compose_requested.emit(overrides)
        elif runs:
            self.show_runs_requested.emit(runs)

    def _copy(self, name: str, words: str, _: bool = False) -> None:
        text = self._model.text_in(name)
        if name == "html":
            copy_html(text)
        else:
            QGuiApplication.clipboard().setText(text)
        show_toast(self.window(), f"The table is in the clipboard as {words}.")

    def _on_picture_clicked(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Export the table", "table.png", "PNG picture (*.png)")
        if not chosen:
            return
        file = Path(chosen)
        if file.suffix.lower() != ".png":  # the dialog asked about another name than the one that would be written
            file = file.with_name(f"{file.name}.png")
            if file.exists():
                show_toast(self.window(), f"{file} exists; give the name with its .png to replace it.")
                return
        self.save_picture(file)

    def offers(self) -> list[Offer]:
        """What can be done here, for the command palette."""

        def reason() -> str:
            return "" if self.copy_button.isEnabled() else "No results yet"

        copies = [Offer(action, text=f"Copy the table as {action.text()}") for action in self.copy_menu.actions()]
        shown = [
            Offer(self.rows.button(key), text=f"Table: {self.rows.button(key).text()}") for key in ("published", "own")
        ]
        return [*copies, Offer(self.picture_button, text="Export the table as PNG", reason=reason), *shown]

    def save_picture(self, file: Path) -> bool:
        """Write the whole table as PNG in the theme shown, twice as fine as on screen, and say how it went."""
        drawn = QBuffer()
        QImageWriter(drawn, b"PNG").write(self.card.picture())
        try:
            write_whole(file, bytes(drawn.data().data()))
        except OSError as error:
            show_toast(
                self.window(), f"{file} cannot be written: {error.strerror}. Choose another folder, or make room."
            )
            return False
        show_toast(self.window(), f"The table is in {file}.")
        return True


def _menu_button(text: str) -> QPushButton:
    made = button(text)
    made.setProperty("menu", True)
    return made
