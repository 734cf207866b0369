"""Choose a run, a format and a folder; see what leaves; take it. Knows its model and widgets only.

What it asks for leaves by ``export_requested``; how it went comes back by ``set_exported`` and ``set_failed``.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from distill_gui.models.export import CAPTION_ROLE, COLOUR_ROLE, TRAILING_ROLE, ExportModel, size_text
from distill_gui.panels.export.result_card import ResultCard
from distill_gui.panels.export.student_card import StudentCard
from distill_gui.panels.export.target_card import TargetCard
from distill_gui.theme import L, M, S
from distill_gui.widgets.card import Card
from distill_gui.widgets.empty_state import EmptyState
from distill_gui.widgets.labels import heading, muted
from distill_gui.widgets.markdown_view import MarkdownView
from distill_gui.widgets.offer import Offer
from distill_gui.widgets.place import lay_out_place
from distill_gui.widgets.segmented import Segmented
from distill_gui.widgets.toast import show_toast
from distill_gui.widgets.two_line_rows import Roles, TwoLineRows

LIST_WIDTH, FORM_WIDTH = 280, 408  # px
LONGEST_NAME = 40  # characters, in a sentence
WRITTEN = (("README.md", "model card"), ("distill_export.json", "what was checked"))


class ExportPanel(QWidget):
    """Remembers for each run the folder typed and what was exported."""

    export_requested = Signal(int, str, str)  # run, format, folder

    def __init__(self, model: ExportModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._run: int | None = None
        self._busy_run: int | None = None
        self._folders: dict[int, str] = {}
        self._exported: dict[int, str] = {}
        self._failures: dict[int, str] = {}
        self.rows = TwoLineRows(model, Roles(CAPTION_ROLE, TRAILING_ROLE, COLOUR_ROLE))
        self.rows.setAccessibleName("Runs with a student")
        self.rows.chosen.connect(self._on_row_chosen)
        self.student = StudentCard()
        self.target = TargetCard()
        self.target.set_formats(model.formats())
        self.target.folder_changed.connect(self._on_folder_changed)
        self.target.export_wanted.connect(self._on_export_wanted)
        self.result = ResultCard()
        self.view = MarkdownView()
        self.view.setAccessibleName("Model card")
        self.reading = Segmented((("page", "Preview"), ("source", "Markdown")))
        self.reading.chosen.connect(lambda key: self.view.show_source(key == "source"))
        self.empty = EmptyState(
            "export",
            "Nothing to export yet",
            "A run keeps its student when it finishes, or when it is stopped and kept. It then appears here, ready to be "
            "taken away as a folder that transformers loads.",
        )
        self._lay_out()
        model.runs_changed.connect(self._on_runs_changed)
        model.run_wanted.connect(self.set_run)
        self._on_runs_changed()

    def _lay_out(self) -> None:
        runs = QFrame()
        runs.setProperty("role", "card")
        runs.setFixedWidth(LIST_WIDTH)
        head = heading("Students")
        head.setContentsMargins(M, 0, M, 0)
        inside = QVBoxLayout(runs)
        inside.setContentsMargins(1, M, 1, M)  # rows from border to border
        inside.setSpacing(M)
        inside.addWidget(head)
        inside.addWidget(self.rows, 1)
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, S, 0)  # clear of the scroll bar
        column.setSpacing(L)
        column.addWidget(self.result)
        column.addWidget(self.target)
        column.addStretch(1)
        self._scroll = scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(FORM_WIDTH)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes through what is in it
        scroll.setWidget(form)
        card = Card("Model card", self.reading)
        card.body.addWidget(self.view, 1)
        below = QHBoxLayout()
        below.setSpacing(L - S)
        below.addWidget(scroll)
        below.addWidget(card, 1)
        right = QVBoxLayout()
        right.setSpacing(L)
        right.addWidget(self.student)
        right.addLayout(below, 1)
        filled = QWidget()
        row = QHBoxLayout(filled)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(L)
        row.addWidget(runs)
        row.addLayout(right, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(filled)
        self._pages.addWidget(self.empty)
        about = muted("Take a student away: weights, config, tokenizer and a model card in one folder.")
        lay_out_place(self, "Export", about, (), self._pages)

    # the view obeys ---------------------------------------------------------------------------------------------------

    def set_run(self, run: int) -> None:
        """Show a run, if it has a student."""
        index = self._model.index_of(run)
        if index.isValid():
            self._run = run
            self.rows.set_chosen(index)
            self._show()

    def run(self) -> int | None:
        """The run shown."""
        return self._run

    def set_exported(self, run: int, folder: str) -> None:
        """Say that a run's student now lies in ``folder``."""
        self._exported = {other: taken for other, taken in self._exported.items() if taken != folder}  # it is replaced
        self._exported[run] = folder
        self._failures.pop(run, None)
        if self._busy_run == run:
            self._busy_run = None
        self._show()
        if run != self._run:
            show_toast(self.window(), f"Exported to {folder}.")
        else:
            self._scroll.verticalScrollBar().setValue(0)

    def set_failed(self, run: int, reason: str) -> None:
        """Say why a run's export did not come about."""
        self._failures[run] = reason
        if self._busy_run == run:
            self._busy_run = None
        self._show()
        if run != self._run:
            name = f"“{self._model.name(run)}”" if self._model.index_of(run).isValid() else f"Run {run}"
            show_toast(self.window(), f"{name} was not exported. {reason}")
        else:  # in sight once it is laid out
            QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(self.target.failure))

    def _on_runs_changed(self) -> None:
        other = self._run is None or not self._model.index_of(self._run).isValid()
        if other:
            first = self._model.run_at(self._model.index(0)) if self._model.rowCount() else None
            self._run = first
        self._pages.setCurrentIndex(0 if self._run is not None else 1)
        self.empty.set_known(self._model.known)
        if self._run is not None:
            self.rows.set_chosen(self._model.index_of(self._run), scroll=other)  # news moves no list that is being read
            self._show()

    def _show(self) -> None:
        """Show the run chosen, everywhere."""
        run = self._run
        if run is None:
            return
        self.student.set(self._model.name(run), self._model.line(run), self._model.facts(run))
        self.view.set_markdown(self._model.card(run))
        files = self._model.files(run)
        listed = [(name, size_text(count)) for name, count in files] + list(WRITTEN)
        self.target.set_files(listed, size_text(sum(count for _, count in files)))
        self.target.set_folder(self._folders[run] if run in self._folders else self._model.default_folder(run))
        self.target.set_busy(self._busy_run is not None)
        self._show_failure()
        self._judge_folder()
        folder = self._exported.get(run, "")
        self.result.set(folder, self._model.checked(folder) if folder else "", self._model.loading_lines(folder))

    def _show_failure(self) -> None:
        reason = self._failures.get(self._run or 0, "")
        self.target.failure.set_text("Not exported." if reason else "", reason)

    def _judge_folder(self) -> None:
        folder = self.target.folder.text()
        earlier = _brief(self._model.replaces(folder))
        self.target.set_trouble(
            self._model.trouble_with(folder),
            f"Replaces the export of “{earlier}” that is there." if earlier else "",
        )

    def offers(self) -> list[Offer]:
        """What can be done here, for the command palette."""

        def about() -> str:
            return self._model.name(self._run) if self._run is not None else ""

        if self._run is None:
            return []
        return [Offer(self.target.button, text="Export this student", about=about, reason=self.target.why_not)]

    # the person commands ----------------------------------------------------------------------------------------------

    def _on_row_chosen(self, index: QModelIndex) -> None:
        self._run = self._model.run_at(index)
        self._show()

    def _on_folder_changed(self, folder: str) -> None:
        if self._run is not None:
            self._folders[self._run] = folder
            self._judge_folder()

    def _on_export_wanted(self) -> None:
        self._judge_folder()  # the folder may have filled meanwhile
        if self._run is None or not self.target.button.isEnabled():
            return
        self._busy_run = self._run
        self._failures.pop(self._run, None)
        self._show_failure()
        self.target.set_busy(True)
        self._folders[self._run] = self.target.folder.text()
        folder = str(Path(self._folders[self._run]).expanduser())
        self.export_requested.emit(self._run, self.target.format.current(), folder)


def _brief(name: str) -> str:
    """A name that fits in a line of the form, cut in its middle: names of a sweep differ at their end."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}…{name[1 - LONGEST_NAME // 2 :]}"
