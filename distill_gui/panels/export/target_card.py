"""Where the student goes: format, folder, what will be in it, and the button. Knows nothing of runs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from distill_gui.theme import M, S
from distill_gui.widgets.buttons import button, icon_button
from distill_gui.widgets.card import Card
from distill_gui.widgets.choice import Choice
from distill_gui.widgets.labels import ElidedLabel, caption, label, line, muted, set_tone
from distill_gui.widgets.notice import Notice

EXPORT, BUSY = "Export", "Exporting and checking…"


class TargetCard(Card):
    """``export_wanted`` on the button, ``folder_changed(str)`` while the folder is typed or chosen."""

    export_wanted = Signal()
    folder_changed = Signal(str)
    format_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Where to", parent=parent)
        self._abouts: dict[str, str] = {}
        self._trouble = ""
        self._busy = False
        self._names: list[str] = []
        self.format = Choice()
        self.format.setAccessibleName("Format")
        self.format.chosen.connect(self._on_format_chosen)
        self._about = caption(wrap=True)
        self.folder = QLineEdit()
        self.folder.setAccessibleName("Folder")
        self.folder.setPlaceholderText("New or empty folder")
        self.folder.textChanged.connect(self.folder_changed)
        self.browse = icon_button("folder", "Choose a folder", "secondary")
        self.browse.clicked.connect(self._on_browse_clicked)
        self._hint = caption(wrap=True)
        self._hint.setMinimumWidth(1)  # one long word widens no column past what is in sight
        self.failure = Notice("bad")
        self.button = button(EXPORT, "primary", "export")
        self.button.clicked.connect(self.export_wanted)
        self._files = QGridLayout()
        self._files.setVerticalSpacing(3)
        self._files.setColumnStretch(0, 1)
        self._total = label()
        self._lay_out()

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.setSpacing(S)
        place.addWidget(self.folder, 1)
        place.addWidget(self.browse)
        form = QGridLayout()
        form.setHorizontalSpacing(M)
        form.setVerticalSpacing(S)
        form.setColumnStretch(1, 1)
        form.addWidget(muted("Format"), 0, 0)
        form.addWidget(self.format, 0, 1)
        form.addWidget(self._about, 1, 1)
        form.addWidget(muted("Folder"), 2, 0)
        form.addLayout(place, 2, 1)
        form.addWidget(self._hint, 3, 1)
        contents = QHBoxLayout()
        contents.addWidget(muted("What will be in it"))
        contents.addStretch(1)
        contents.addWidget(self._total)
        files = QVBoxLayout()
        files.setSpacing(S)
        files.addLayout(contents)
        files.addLayout(self._files)
        self.body.setSpacing(M)
        self.body.addLayout(form)
        self.body.addWidget(self.button)
        self.body.addWidget(self.failure)
        self.body.addWidget(line())
        self.body.addLayout(files)

    # the view obeys ---------------------------------------------------------------------------------------------------

    def set_formats(self, formats: Sequence[tuple[str, str, str]]) -> None:
        """Offer ``(name, title, what it is)``."""
        self._abouts = {name: about for name, _, about in formats}
        self.format.set_choices([(name, title) for name, title, _ in formats])
        self._about.setText(self._abouts.get(self.format.current(), ""))

    def set_folder(self, folder: str) -> None:
        """Put a folder into the field; nobody is told. The one that is there keeps its cursor and what can be undone."""
        if folder == self.folder.text():
            return
        self.folder.blockSignals(True)
        self.folder.setText(folder)
        self.folder.blockSignals(False)

    def why_not(self) -> str:
        """Why the button is disabled; "" where it is not."""
        return BUSY if self._busy else self._trouble

    def set_trouble(self, trouble: str, hint: str = "") -> None:
        """Say why the folder cannot be taken, and lock the button; or, without trouble, a hint about it."""
        self._trouble = trouble
        self._hint.setText(trouble or hint)
        set_tone(self._hint, "bad" if trouble else "")
        self._hint.setVisible(bool(trouble or hint))
        self._show_button()

    def set_busy(self, busy: bool) -> None:
        """Lock everything while an export goes on. Keys then go nowhere, and afterwards to the button again."""
        self._busy = busy
        focused = self.focusWidget()
        if busy and focused is not None and focused.hasFocus():
            self.setFocus()  # else Qt hands it to the next best button
        for widget in (self.format, self.folder, self.browse):
            widget.setEnabled(not busy)
        self._show_button()
        if not busy and self.hasFocus():
            (self.button if self.button.isEnabled() else self.folder).setFocus()

    def set_files(self, files: Sequence[tuple[str, str]], total: str) -> None:
        """List ``(name, size)``."""
        while item := self._files.takeAt(0):
            if widget := item.widget():
                widget.hide()  # it is deleted only when the event loop is reached
                widget.deleteLater()
        for row, (name, size) in enumerate(files):
            self._files.addWidget(ElidedLabel(name), row, 0)
            self._files.addWidget(muted(size), row, 1, Qt.AlignmentFlag.AlignRight)
        self._names = [name for name, _ in files]
        self._total.setText(total)

    def file_names(self) -> list[str]:
        """The names listed."""
        return list(self._names)

    def _show_button(self) -> None:
        self.button.setText(BUSY if self._busy else EXPORT)
        self.button.setEnabled(not self._busy and not self._trouble)

    # the person commands ----------------------------------------------------------------------------------------------

    def _on_format_chosen(self, name: str) -> None:
        self._about.setText(self._abouts.get(name, ""))
        self.format_changed.emit(name)

    def _on_browse_clicked(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Choose a folder for the export", self.folder.text())
        if chosen:
            self.folder.setText(chosen)
