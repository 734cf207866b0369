"""The settings: theme, runs, where things are kept, keys, what this program is. Shows and asks; stores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import XL, L, M, S
from distill_gui.theme.emblem import app_icon
from distill_gui.version import NAME, version
from distill_gui.widgets.buttons import button
from distill_gui.widgets.card import Card
from distill_gui.widgets.fitted_scroll import FittedScroll
from distill_gui.widgets.labels import ElidedLabel, caption, heading, label, muted, title
from distill_gui.widgets.segmented import Segmented

THEMES = (("system", "As the desktop"), ("light", "Light"), ("dark", "Dark"))
SWITCHES = (
    (
        "awake",
        "Keep the machine awake",
        "While a run trains; its display may sleep. Holds for runs that begin from now on.",
    ),
    ("notices", "Notify when a run ends", "By the desktop, while another window is in front."),
)
# an arrow key chooses what it comes to, and “Resume” begins at once: it stands where none passes over it
INTERRUPTED = (("offer", "Offer to resume"), ("leave", "Leave"), ("resume", "Resume"))
WIDTH = 520  # px
FRAME = 48  # px, what a desktop may put around a window


class PreferencesDialog(QDialog):
    """``theme_chosen(key)``, ``switched(key, on)`` and ``interrupted_chosen(key)`` as soon as one is chosen;
    ``welcome_wanted``, ``folder_wanted`` and ``trash_wanted`` are its buttons."""

    theme_chosen = Signal(str)
    switched = Signal(str, bool)  # one of SWITCHES
    interrupted_chosen = Signal(str)
    welcome_wanted = Signal()
    folder_wanted = Signal()
    trash_wanted = Signal()

    def __init__(
        self,
        theme: str,
        switches: Mapping[str, bool],
        interrupted: str,
        home: str,
        keys: list[tuple[str, str]],
        parent: QWidget | None = None,
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        """``fixed`` are the switches that something else decides, and what."""
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self.setFixedWidth(WIDTH)
        self.themes = Segmented(THEMES)
        self.themes.setAccessibleName("Theme")
        self.themes.set_current(theme)
        self.themes.chosen.connect(self.theme_chosen)
        self.switches: dict[str, QCheckBox] = {}
        self.interrupted = Segmented(INTERRUPTED)
        self.interrupted.setAccessibleName("Interrupted runs")
        self.interrupted.set_current(interrupted)
        self.interrupted.chosen.connect(self.interrupted_chosen)
        self.close_button = button("Done", "primary")
        self.close_button.clicked.connect(self.accept)
        self.welcome_button = button("Show the welcome page", "quiet")
        self.welcome_button.clicked.connect(self._on_welcome)
        foot = QHBoxLayout()
        foot.addWidget(self.welcome_button)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        content = QWidget()
        cards = QVBoxLayout(content)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(M)
        for card in (
            self._appearance(),
            self._runs(switches, fixed or {}),
            self._storage(home),
            _keyboard(keys),
            _about(),
        ):
            cards.addWidget(card)
        self.area = FittedScroll(content)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, L, XL, L)
        column.setSpacing(M)
        column.addWidget(title("Settings"))
        column.addWidget(self.area)
        column.addLayout(foot)
        self.setFocus()  # no ring before the first Tab

    def _appearance(self) -> Card:
        card = Card()
        row = QHBoxLayout()
        row.addWidget(muted("Theme"))
        row.addStretch(1)
        row.addWidget(self.themes)
        card.body.addLayout(row)
        return card

    def _runs(self, switches: Mapping[str, bool], fixed: Mapping[str, str]) -> Card:
        card = Card("Runs")
        beside = QHBoxLayout()
        beside.setSpacing(L)
        for key, text, about in SWITCHES:
            made = self.switches[key] = QCheckBox(text)
            made.setChecked(switches.get(key, True))
            made.toggled.connect(partial(self.switched.emit, key))
            set_tip(made, fixed.get(key) or about)
            made.setEnabled(key not in fixed)
            beside.addWidget(made)
        beside.addStretch(1)
        card.body.addLayout(beside)
        for said in fixed.values():
            card.body.addWidget(caption(said, wrap=True))
        row = QHBoxLayout()
        row.addWidget(muted("When interrupted"))
        row.addStretch(1)
        row.addWidget(self.interrupted)
        card.body.addLayout(row)
        said = "Runs whose process or machine went down. “Resume” has them go on from their last checkpoint, at once and at "
        card.body.addWidget(caption(f"{said}every start, as long as they get further.", wrap=True))
        return card

    def _storage(self, home: str) -> Card:
        card = Card("Where runs are kept")
        path = ElidedLabel(home, mode=Qt.TextElideMode.ElideMiddle)
        self.folder_button = button("Open folder", "secondary", "folder")
        self.folder_button.clicked.connect(self.folder_wanted)
        row = QHBoxLayout()
        row.setSpacing(M)
        row.addWidget(path, 1)
        self.trash_button = button("Trash…", "secondary")
        self.trash_button.clicked.connect(self.trash_wanted)
        row.addWidget(self.folder_button)
        row.addWidget(self.trash_button)
        card.body.addLayout(row)
        card.body.addWidget(caption("Another folder: start with --home, or set DISTILL_HOME.", wrap=True))
        return card

    def showEvent(self, event: QShowEvent) -> None:
        layout, content = self.layout(), self.area.widget()
        if layout is not None and content is not None:
            # wrapped texts are as high as they are only at this width
            whole = content.heightForWidth(WIDTH - 2 * XL) - self.area.sizeHint().height()
            room = self.screen().availableGeometry().height() - FRAME
            self.setFixedHeight(min(layout.totalSizeHint().height() + whole, room))
        super().showEvent(event)

    def _on_welcome(self) -> None:
        self.accept()
        self.welcome_wanted.emit()


def _keyboard(keys: list[tuple[str, str]]) -> Card:
    card = Card("Keyboard")
    grid = QGridLayout()
    grid.setHorizontalSpacing(L)
    grid.setVerticalSpacing(S - 2)
    for position, (key, what) in enumerate(keys):
        row, column = position // 2, position % 2 * 2
        grid.addWidget(label(key), row, column)
        grid.addWidget(muted(what), row, column + 1)
    grid.setColumnStretch(1, 1)
    grid.setColumnStretch(3, 1)
    card.body.addLayout(grid)
    return card


def _about() -> Card:
    card = Card()
    picture = label()
    picture.setPixmap(app_icon().pixmap(40, 40))
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(heading(f"{NAME} {version()}"))
    words.addWidget(caption("Knowledge distillation on your own machine. Apache License 2.0.", wrap=True))
    row = QHBoxLayout()
    row.setSpacing(M)
    row.addWidget(picture)
    row.addLayout(words, 1)
    card.body.addLayout(row)
    return card
