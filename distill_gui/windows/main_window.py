"""The main window: rail, places, bottom bar, welcome, notifications, and the question at its close.

Free of services and engine: it is told what to show, and says by signals what the person wants; ``app.py`` connects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from distill_gui.theme.emblem import app_icon
from distill_gui.version import NAME
from distill_gui.widgets.second_click import swallow_second_click
from distill_gui.widgets.toast import show_toast
from distill_gui.windows.bottom_bar import BottomBar
from distill_gui.windows.close_question import Answer, ask_close
from distill_gui.windows.rail import Rail
from distill_gui.windows.status import Status, percent
from distill_gui.windows.welcome import WelcomePage

if TYPE_CHECKING:
    from distill_gui.models import Models
    from distill_gui.models.palette import Command, PaletteModel
    from distill_gui.panels import Panel
    from distill_gui.services.meters import Reading
    from distill_gui.windows.desktop_notice import DesktopNotice
    from distill_gui.windows.palette import CommandPalette
    from distill_gui.windows.preferences import PreferencesDialog
    from distill_gui.windows.trash_dialog import Entry, TrashDialog

SMALLEST = (1280, 720)  # px
USUAL = (1440, 900)  # px


class MainWindow(QMainWindow):
    """``panels`` in rail order, each made from ``models`` when it is first needed. ``home`` is only shown."""

    sample_requested = Signal()
    own_requested = Signal()
    place_changed = Signal(str)
    place_made = Signal(str)  # to be connected before it is shown
    trash_wanted = Signal()  # to see what is in it
    restore_wanted = Signal(object)  # list of runs, out of the trash
    purge_wanted = Signal(object)  # list of runs, after the question
    theme_chosen = Signal(str)  # "system", "light" or "dark"
    switched = Signal(str, bool)  # one of the settings' switches, on or off
    interrupted_chosen = Signal(str)  # "offer", "resume" or "leave"
    close_decided = Signal(str)  # "keep" or "stop", while runs were active; closed follows
    closed = Signal()
    painted = Signal()  # once: all that stands in the window has been drawn for the first time

    def __init__(
        self,
        panels: Sequence[Panel],
        models: Models,
        theme: str = "system",
        home: str = "",
        ask: Callable[[QWidget, int], Answer] = ask_close,
    ) -> None:
        super().__init__()
        self._theme, self._home, self._ask = theme, home, ask
        self._switches: dict[str, bool] = {}
        self._fixed: dict[str, str] = {}
        self._interrupted = "offer"
        self._active = 0
        self._unpainted = True
        self._keys: list[tuple[str, str, Callable[[], object]]] = []
        self._recent: list[str] = []  # what the palette was used for, the latest first
        self._models = models
        self._panels = {panel.key: panel for panel in panels}
        self._places: dict[str, QWidget] = {}
        self._place: str | None = None  # until one was chosen
        self.setWindowTitle(NAME)
        self.setWindowIcon(app_icon())
        self.setMinimumSize(*SMALLEST)
        self.resize(*USUAL)
        self.rail = Rail()
        self.stack = QStackedWidget()
        self.bar = BottomBar()
        self.welcome = WelcomePage()
        self.preferences: PreferencesDialog | None = None
        self.trash: TrashDialog | None = None
        self.palette_open: CommandPalette | None = None
        self._notice: DesktopNotice | None = None
        self._lay_out()
        self.stack.addWidget(self.welcome)
        for number, panel in enumerate(panels, 1):
            self.rail.add_place(panel.key, panel.title, panel.icon)
            self._shortcut(f"Ctrl+{number}", panel.title, partial(self.show_place, panel.key))
        self.rail.chosen.connect(self._on_place_chosen)
        self.rail.settings_wanted.connect(self.show_preferences)
        self.welcome.sample_wanted.connect(self._on_sample_wanted)
        self.welcome.own_wanted.connect(self._on_own_wanted)
        self._shortcut("Ctrl+K", "Commands", self.show_palette)
        self._shortcut("Ctrl+,", "Settings", self.show_preferences)
        self._shortcut("Ctrl+Q", "Close the window", self.close)

    # places -----------------------------------------------------------------------------------------------------------

    def panel(self, key: str) -> QWidget:
        """The widget of a place, made if it is not yet. KeyError if there is none of this name."""
        if key not in self._places:
            widget = self._panels[key].make(self._models)
            self._places[key] = widget
            self.stack.addWidget(widget)
            self.place_made.emit(key)
        return self._places[key]

    def made(self, key: str) -> bool:
        """Whether a place was needed so far."""
        return key in self._places

    def place(self) -> str:
        """The key of the place shown, "" on the welcome page."""
        return self._place or ""

    def show_place(self, key: str) -> None:
        """Show a place; says ``place_changed`` when it is another one."""
        self._switch(self.panel(key))
        self.rail.set_current(key)
        if key != self._place:
            self._place = key
            self.place_changed.emit(key)

    def show_welcome(self) -> None:
        """Show the page of the first start."""
        self._place = ""
        self.rail.set_current("")
        self._switch(self.welcome)

    # what is shown ----------------------------------------------------------------------------------------------------

    def set_status(self, status: Status) -> None:
        """Show the work going on, in the bottom bar and the window's title."""
        self._active = status.active
        self.bar.set_status(status)
        self.setWindowTitle(f"{percent(status.run_fraction)} · {status.name} — {NAME}" if status.name else NAME)

    def set_meters(self, reading: Reading | None) -> None:
        """Show how busy the machine is."""
        self.bar.set_meters(reading)

    def set_theme(self, theme: str) -> None:
        """Which theme the settings show as chosen."""
        self._theme = theme

    def set_switches(self, switches: Mapping[str, bool], fixed: Mapping[str, str] | None = None) -> None:
        """What the settings show as on, and which of these something else decides: say what."""
        self._switches, self._fixed = dict(switches), dict(fixed or {})

    def set_interrupted(self, choice: str) -> None:
        """What the settings show as chosen for interrupted runs."""
        self._interrupted = choice

    def notify(
        self, text: str, action: str = "", on_action: Callable[[], None] | None = None, lasts: bool = False
    ) -> None:
        """Say ``text`` in a toast, one that ``lasts`` until it is answered; a window in the background also asks for
        attention in the task bar."""
        show_toast(self, text, action, on_action, lasts)
        if not self.isActiveWindow():
            QApplication.alert(self)

    def is_in_front(self) -> bool:
        """Whether a person has this window, or a dialog of it, before them."""
        return QApplication.activeWindow() is not None and not self.isMinimized()

    def notify_desktop(self, heading: str, text: str, on_click: Callable[[], None]) -> None:
        """Have the desktop say it, where it can; a click brings this window to the front and calls ``on_click``."""
        from distill_gui.windows.desktop_notice import DesktopNotice

        def come() -> None:
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
            self.show()
            self.raise_()
            self.activateWindow()
            on_click()

        self._notice = self._notice or DesktopNotice(self)
        self._notice.show(heading, text, come)

    def show_preferences(self) -> None:
        """Open the settings, or bring them to the front."""
        if self.preferences is not None:
            self.preferences.raise_()
            return
        from distill_gui.windows.preferences import PreferencesDialog

        dialog = PreferencesDialog(
            self._theme,
            self._switches,
            self._interrupted,
            self._home,
            [key[:2] for key in self._keys],
            self,
            self._fixed,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.theme_chosen.connect(self._on_theme_chosen)
        dialog.switched.connect(self._on_switched)
        dialog.interrupted_chosen.connect(self._on_interrupted_chosen)
        dialog.welcome_wanted.connect(self.show_welcome)
        dialog.folder_wanted.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(self._home)))
        dialog.trash_wanted.connect(self.show_trash)
        dialog.finished.connect(self._on_preferences_closed)
        self.preferences = dialog
        dialog.open()

    def show_trash(self) -> None:
        """Open the trash, or bring it to the front; what is in it comes by ``set_trash``."""
        from distill_gui.windows.trash_dialog import TrashDialog

        if self.trash is None:
            self.trash = TrashDialog(self.preferences or self)
            self.trash.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.trash.restore_wanted.connect(self.restore_wanted)
            self.trash.purge_wanted.connect(self.purge_wanted)
            self.trash.finished.connect(self._on_trash_closed)
            self.trash.open()
        self.trash.raise_()
        self.trash_wanted.emit()

    def set_trash(self, entries: Sequence[Entry]) -> None:
        """Show what is in the trash, if it is open."""
        if self.trash is not None:
            self.trash.set_entries(entries)

    def show_palette(self) -> None:
        """Open the command palette; places that were not needed so far are made once it is painted."""
        if self.palette_open is not None:
            self.palette_open.close()
            return
        from distill_gui.models.palette import PaletteModel
        from distill_gui.windows.palette import CommandPalette

        model = PaletteModel(self._recent)
        model.set_commands(self._commands())
        self.palette_open = palette = CommandPalette(model, self)
        model.setParent(palette)
        palette.chosen.connect(lambda command: self._on_command_chosen(command, model))
        palette.outdated.connect(lambda: model.set_commands(self._commands()))
        palette.gone.connect(self._on_palette_gone)
        if unmade := [key for key in self._panels if key not in self._places]:

            def make() -> None:
                for key in unmade:
                    self.panel(key)
                model.set_commands(self._commands())

            QTimer.singleShot(0, palette, make)

    def _commands(self) -> list[Command]:
        """All there is to do: the window's own, the places', and the runs."""
        from distill_gui.windows.commands import place_commands, run_commands, theme_commands, window_commands

        own = [key for key in self._keys if key[2] != self.show_palette]
        found = window_commands([*own, ("", "Trash", self.show_trash), ("", "Welcome page", self.show_welcome)])
        found += theme_commands(self._theme, self._on_theme_chosen)
        for key, panel in self._panels.items():
            if key in self._places:
                offered = place_commands(key, panel.title, self._places[key], self.show_place)
                found = [*offered, *found] if key == self._place else [*found, *offered]
        return found + run_commands(self._models.runs.records(), self.show_run)

    def show_run(self, run: int) -> None:
        """Show a run in the place of runs."""
        self.show_place("runs")
        self.panel("runs").set_run(run)  # type: ignore[attr-defined]

    def forget_runs(self, runs: Iterable[int]) -> None:
        """Remember no command about runs that were deleted for good."""
        gone = {f"run/{run}" for run in runs}
        self._recent = [key for key in self._recent if key not in gone]

    # layout -----------------------------------------------------------------------------------------------------------

    def layout_state(self) -> dict[str, str]:
        """Size, position, place and what commands were used, for ``restore_layout`` at the next start."""
        geometry = bytes(self.saveGeometry().toBase64().data()).decode("ascii")
        return {"geometry": geometry, "place": self.place(), "commands": "\n".join(self._recent)}

    def restore_layout(self, state: Mapping[str, str]) -> None:
        """Take over a saved layout; what does not fit this screen or this version is left out."""
        self.restoreGeometry(QByteArray.fromBase64(state.get("geometry", "").encode("ascii", "ignore")))
        self._recent = state.get("commands", "").split("\n")
        if state.get("place") in self._panels:
            self.show_place(state["place"])

    def showEvent(self, event: QShowEvent) -> None:
        if self._place is None and self._panels:
            self.show_place(next(iter(self._panels)))
        super().showEvent(event)

    def event(self, event: QEvent) -> bool:
        if self._unpainted and event.type() == QEvent.Type.Paint:
            self._unpainted = False
            QTimer.singleShot(0, self, self.painted.emit)  # the parts of the window are drawn after it, at once
        return super().event(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while runs are active; "cancel" keeps the window."""
        if self._active > 0:
            answer = self._ask(self, self._active)
            if answer == "cancel":
                event.ignore()
                return
            self.close_decided.emit(answer)
        event.accept()
        self.closed.emit()

    # inside -----------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addWidget(self.stack, 1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, 1)
        column.addWidget(self.bar)
        self.setCentralWidget(whole)

    def _switch(self, page: QWidget) -> None:
        if self.palette_open is not None:
            self.palette_open.close()  # what it lists is of the place left
        # a page that is hidden with the focus in it would hand it to the next best button, with a ring no one asked for
        focused = self.focusWidget()
        if focused is None or self.stack.isAncestorOf(focused):
            self.stack.setFocus(Qt.FocusReason.OtherFocusReason)
        if page is not self.stack.currentWidget():
            swallow_second_click(self)  # a double click on a cell or a button is not meant for the place it leads to
        self.stack.setCurrentWidget(page)

    def _shortcut(self, keys: str, what: str, act: Callable[[], object]) -> None:
        QShortcut(QKeySequence(keys), self).activated.connect(lambda: act() and None)
        self._keys.append((keys, what, act))

    def _on_place_chosen(self, key: str) -> None:
        self.show_place(key)

    def _on_sample_wanted(self) -> None:
        self.sample_requested.emit()
        if "runs" in self._panels:
            self.show_place("runs")

    def _on_own_wanted(self) -> None:
        self.own_requested.emit()
        if "compose" in self._panels:
            self.show_place("compose")

    def _on_theme_chosen(self, theme: str) -> None:
        self._theme = theme
        self.theme_chosen.emit(theme)

    def _on_switched(self, key: str, on: bool) -> None:
        self._switches[key] = on
        self.switched.emit(key, on)

    def _on_interrupted_chosen(self, choice: str) -> None:
        self._interrupted = choice
        self.interrupted_chosen.emit(choice)

    def _on_command_chosen(self, command: Command, model: PaletteModel) -> None:
        self._recent = model.recent()
        command.act()

    def _on_palette_gone(self) -> None:
        self.palette_open = None

    def _on_trash_closed(self) -> None:
        self.trash = None

    def _on_preferences_closed(self) -> None:
        self.preferences = None
