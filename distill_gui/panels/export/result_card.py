"""What was exported: the folder, how it was checked, and the lines that load it. Knows nothing of runs."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.theme import M, S
from distill_gui.widgets.badge import Badge
from distill_gui.widgets.buttons import button, icon_button
from distill_gui.widgets.card import Card
from distill_gui.widgets.code_block import CodeBlock
from distill_gui.widgets.labels import ElidedLabel, muted
from distill_gui.widgets.toast import show_toast
from distill_gui.widgets.visibility import show_if


class ResultCard(Card):
    """Hidden until something was exported."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._badge = Badge("done", "good")
        super().__init__("Exported", self._badge, parent)
        self._folder = ""
        self.path = ElidedLabel("", "heading", mode=Qt.TextElideMode.ElideMiddle)
        self.path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._checked = muted(wrap=True)
        self.open_button = button("Open folder", icon="folder")
        self.open_button.clicked.connect(self._on_open_clicked)
        self.copy_path_button = button("Copy path", icon="copy")
        self.copy_path_button.clicked.connect(lambda: self._copy(self._folder, "The path is in the clipboard."))
        self.lines = CodeBlock()
        self.lines.setAccessibleName("Lines that load it")
        self.copy_lines_button = icon_button("copy", "Copy the lines that load it")
        self.copy_lines_button.clicked.connect(
            lambda: self._copy(self.lines.toPlainText(), "The lines are in the clipboard.")
        )
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.copy_path_button)
        buttons.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self.lines, 1)
        row.addWidget(self.copy_lines_button, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.path)
        words.addWidget(self._checked)
        self.body.setSpacing(M)
        self.body.addLayout(words)
        self.body.addLayout(buttons)
        self.body.addLayout(row)

    def set(self, folder: str, checked: str, lines: str) -> None:
        """Show an exported folder; an empty ``folder`` hides the card."""
        self._folder = folder
        self.path.setText(folder)
        self._checked.setText(checked)
        self._checked.setVisible(bool(checked))
        self.lines.set_text(lines)
        show_if(self, bool(folder))

    def folder(self) -> str:
        """The folder shown, "" without one."""
        return self._folder

    def _on_open_clicked(self) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(self._folder)):
            show_toast(self.window(), f"No program opens folders here. The path is {self._folder}.")

    def _copy(self, text: str, said: str) -> None:
        QGuiApplication.clipboard().setText(text)
        show_toast(self.window(), said)
