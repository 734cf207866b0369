"""What the command palette lists: commands that fit what is typed, the recently used ones first. No QtWidgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from distill_gui.models.fuzzy import fit
from distill_gui.plain import wrapped_tip

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
COMMAND_ROLE = int(Qt.ItemDataRole.UserRole) + 1  # the Command
PLACES_ROLE = COMMAND_ROLE + 1  # which letters of its title fit what is typed
SHOWN = 60  # at most: who sees more types another letter
MOST_RECENT = 20
RECENT = 12.0  # what a recent use counts, against how well letters fit
A_RUN = 5.0  # what it costs to be a run: there are many, and they are called alike
IMPOSSIBLE = 30.0  # what it costs that it is not possible now
BESIDE = (
    30.0  # what a word counts that only the place has, or the number of a run: more than scattered letters of a title
)


@dataclass(frozen=True)
class Command:
    """One thing that can be done. ``key`` is what it is remembered by, ``where`` what it belongs to or acts on, ``keys`` its
    shortcut; ``why_not`` says why it is not possible now, "" where it is. ``still`` says whether it would still do what it says:
    a run may end, and another one be shown, while the palette is open."""

    key: str
    title: str
    act: Callable[[], object]
    where: str = ""
    keys: str = ""
    why_not: str = ""
    is_run: bool = False
    still: Callable[[], bool] = lambda: True


class PaletteModel(QAbstractListModel):
    """Ordered by fit and use; while nothing is typed: recent ones, what is possible, runs, what is not, as they came."""

    def __init__(self, recent: Sequence[str] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._commands: list[Command] = []
        self._recent = list(recent)
        self._typed = ""
        self._fitting: list[tuple[int, Command]] = []  # those that fit what is typed, with their number
        self._rows: list[tuple[Command, tuple[int, ...]]] = []

    def set_commands(self, commands: Iterable[Command]) -> None:
        """List these."""
        self._commands = list(commands)
        self._fitting = list(enumerate(self._commands))
        self._find()

    def set_typed(self, typed: str) -> None:
        """List those that fit; with another letter at the end only those are looked at that fitted without it."""
        if not typed.lower().startswith(self._typed.lower()):
            self._fitting = list(enumerate(self._commands))
        self._typed = typed
        self._find()

    def use(self, command: Command) -> None:
        """Take note that it was used."""
        self._recent = [command.key, *(key for key in self._recent if key != command.key)][:MOST_RECENT]

    def recent(self) -> list[str]:
        """The keys of those used, the latest first."""
        return list(self._recent)

    def command(self, row: int) -> Command | None:
        return self._rows[row][0] if 0 <= row < len(self._rows) else None

    def first_chosen(self) -> int:
        """The row that Return is meant for: while nothing is typed the first command that can be done now, else the best fit.

        One that fits so much better than all that is possible is what was meant, and says why it cannot be.
        """
        if self._typed.strip():
            return 0
        return next((row for row, (command, _) in enumerate(self._rows) if not command.why_not), 0)

    def _find(self) -> None:
        used = {key: place for place, key in enumerate(self._recent)}
        words = self._typed.lower().split()
        found, fitting = [], []
        for number, command in self._fitting:
            fits = fit(self._typed, command.title)
            if words and (fits is None or fits[0] < BESIDE * len(words)):  # a place and a command of it: “runs stop”
                text = f"{command.title} {command.where}".lower()
                if all(word in text for word in words):
                    fits = BESIDE * len(words), ()
            if fits is None:
                continue
            fitting.append((number, command))
            score = fits[0] - IMPOSSIBLE * bool(command.why_not) - A_RUN * command.is_run
            if command.key in used:
                score += RECENT - 0.1 * used[command.key] if self._typed else 1000 - used[command.key]
            found.append((-score, command.is_run, number, command, fits[1]))
        self._fitting = fitting
        self.beginResetModel()
        self._rows = [(command, places) for *_, command, places in nsmallest(SHOWN, found, key=lambda row: row[:3])]
        self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if not index.isValid():
            return None
        command, places = self._rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole and command.why_not:
            return wrapped_tip(command.why_not)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return command.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(part for part in (command.title, command.where, command.keys, command.why_not) if part)
            case _ if role == COMMAND_ROLE:
                return command
            case _ if role == PLACES_ROLE:
                return places
        return None
