"""What can be exported and what would leave: runs with a kept student, their files, their model card. No QtWidgets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from distill_gui.models.run_text import loss_text, metric_text, score_text
from engine import catalog
from engine.analysis.export_record import FILE_NAME, deleted_from, read_record
from engine.analysis.row_names import architecture_title
from engine.analysis.student_folder import leaving_files

if TYPE_CHECKING:
    from engine.store import RunRecord, ScoreRow

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
CAPTION_ROLE = int(Qt.ItemDataRole.UserRole) + 1  # second line
TRAILING_ROLE = CAPTION_ROLE + 1  # what stands at the right
COLOUR_ROLE = CAPTION_ROLE + 2  # index of the run's colour

ENDED = ("finished", "stopped", "failed", "interrupted")
DEFAULT_PARENT = "distilled"  # in the home folder


@dataclass(frozen=True)
class Facts:
    """A student in figures, ready to show. ``state_note`` is empty for a run that finished."""

    parameters: str
    size: str
    score: str
    score_name: str
    teacher_score: str
    state: str
    state_note: str


class ExportModel(QAbstractListModel):
    """Rows are the runs that have kept a student, newest first."""

    runs_changed = Signal()  # other runs, or other facts of them
    run_wanted = Signal(int)  # another place asks to show this run

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records: dict[int, RunRecord] = {}
        self._scores: dict[int, list[ScoreRow]] = {}
        self._order: list[int] = []
        self.known = False  # whether the store has answered: until then nobody knows that there is no student

    # what comes in ----------------------------------------------------------------------------------------------------

    def update(self, records: Iterable[RunRecord]) -> None:
        """Take new and changed runs; those that still run, have kept nothing, or are in the trash are left out."""
        known = dict(self._records)
        for record in records:
            if record.state in ENDED and record.has_student and record.trashed_at is None:
                known[record.id] = record
            else:
                known.pop(record.id, None)
        told, self.known = self.known, True
        if not self._take(known) and not told:
            self.runs_changed.emit()

    def remove(self, runs: Iterable[int]) -> None:
        """Forget runs that were deleted."""
        gone = set(runs)
        self._take({run: record for run, record in self._records.items() if run not in gone})

    def set_scores(self, scores: Iterable[ScoreRow]) -> None:
        """Take the final scores of all runs."""
        by_run: dict[int, list[ScoreRow]] = {}
        for score in scores:
            by_run.setdefault(score.run, []).append(score)
        if by_run != self._scores:
            self._scores = by_run
            self.runs_changed.emit()

    def _take(self, records: dict[int, RunRecord]) -> bool:
        """Hold these runs; whether they are others, or other facts of them."""
        if records == self._records:
            return False
        order = sorted(records, reverse=True)
        if order == self._order:
            self._records = records
            self.dataChanged.emit(self.index(0), self.index(len(order) - 1))
        else:
            self.beginResetModel()
            self._records, self._order = records, order
            self.endResetModel()
        self.runs_changed.emit()
        return True

    def choose(self, run: int) -> None:
        """Ask whoever shows this model to show ``run``."""
        self.run_wanted.emit(run)

    # what is shown ----------------------------------------------------------------------------------------------------

    def run_at(self, index: Index) -> int | None:
        """The run of a row."""
        return self._order[index.row()] if index.isValid() else None

    def index_of(self, run: int) -> QModelIndex:
        """The row of a run; an invalid index where it has none."""
        return self.index(self._order.index(run)) if run in self._records else QModelIndex()

    def name(self, run: int) -> str:
        return self._records[run].name

    def line(self, run: int) -> str:
        """Task, student, and what it learnt by, named as in the Runs place."""
        record = self._records[run]
        task = catalog.tasks().get(record.task)
        words = [task.title if task else record.task, architecture_title(record.architecture), loss_text(record)]
        return " · ".join(words)

    def facts(self, run: int) -> Facts:
        """The student of a run in figures."""
        record = self._records[run]
        size = sum(count for _, count in self.files(run))
        note = "" if record.state == "finished" else "Its run did not reach its last step: the card says so."
        return Facts(
            parameters=count_text(record.parameters) if record.parameters else "—",
            size=size_text(size),
            score=score_text(record.best_score),
            score_name=metric_text(record.key_metric),
            teacher_score=score_text(record.teacher_score),
            state=record.state,
            state_note=note,
        )

    def files(self, run: int) -> list[tuple[str, int]]:
        """(name, bytes) of the stored files that would leave."""
        found = []
        for file in leaving_files(self._records[run].folder / "student"):
            try:
                found.append((file.name, file.stat().st_size))
            except OSError:  # it went while one looked
                continue
        return found

    def card(self, run: int) -> str:
        """The model card as Markdown."""
        from engine.analysis.model_card import model_card  # loads pydantic: not before there is a run to show

        return model_card(self._records[run], self._scores.get(run, []))

    def formats(self) -> list[tuple[str, str, str]]:
        """(name, title, what it is) of each format a student can leave in."""
        return [(name, exporter.title, exporter.about) for name, exporter in catalog.exporters().items()]

    def default_folder(self, run: int) -> str:
        """A folder named after the run, also with its number where another's export or something else is in the way."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self._records[run].name).strip("-.")[:60] or f"run-{run}"
        folder = Path.home() / DEFAULT_PARENT / name
        record = read_record(folder)
        taken = record.run != run if record else bool(self.trouble_with(str(folder)))
        return str(folder.with_name(f"{name}-{run}") if taken else folder)

    def trouble_with(self, folder: str) -> str:
        """Why a folder cannot take an export, in a sentence; "" where it can."""
        if not folder.strip():
            return "Name a folder for the export."
        if "\0" in folder:
            return "A folder's name cannot hold a null character."
        try:
            path = Path(folder).expanduser()
        except RuntimeError:
            return "There is no person of this name here; give the whole path of the folder, from the top."
        try:
            if not path.is_absolute():
                return "Give the whole path of the folder, from the top."
            if path.is_symlink():
                return "This is a link to another place; choose a folder of its own."
            if path.exists() and not path.is_dir():
                return "This is a file; choose a new or empty folder."
            one = next(iter(self._records.values()), None)  # all lie in one home
            if one is not None and deleted_from(path, one.folder.parent.parent):
                return "This folder goes with a run or a cache that is deleted; choose one of your own."
            present = [entry.name for entry in path.iterdir()] if path.is_dir() else []
        except OSError as error:
            return f"This folder cannot be read ({error.strerror}); choose another."
        record = read_record(path) if present else None
        if present and record is None:
            return "This folder is not empty and holds no earlier export; choose a new or empty one."
        foreign = sorted({*present} - {*record.files, FILE_NAME}) if record else []
        return f"This folder holds an earlier export and also {foreign[0]}; choose another one." if foreign else ""

    def replaces(self, folder: str) -> str:
        """The name of the run whose earlier export lies in ``folder``, or ""."""
        if not folder.strip() or self.trouble_with(folder):
            return ""
        record = read_record(Path(folder).expanduser())
        return record.name if record else ""

    def checked(self, folder: str) -> str:
        """What an exported folder says of its check against the stored student; "" where it says nothing."""
        record = read_record(Path(folder))
        if record is None:
            return ""
        exact = "exactly" if record.largest_difference == 0 else f"to {record.largest_difference:.0e}"
        return f"Plain transformers gives the stored student’s logits {exact}, on {record.rows_checked} fixed rows."

    def exported_files(self, folder: str) -> list[tuple[str, int]]:
        """(name, bytes) of what lies in an exported folder."""
        try:
            return [
                (file.name, file.stat().st_size) for file in sorted(Path(folder).iterdir()) if file.name != FILE_NAME
            ]
        except OSError:
            return []

    def loading_lines(self, folder: str) -> str:
        """The Python that loads an exported folder with its tokenizer."""
        return f'from transformers import pipeline\nstudent = pipeline("text-classification", {folder!r})'

    # Qt's questions ---------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._order)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name, second line, score and colour of a run."""
        run = self.run_at(index)
        if run is None:
            return None
        record = self._records[run]
        if role == Qt.ItemDataRole.DisplayRole:
            return record.name
        if role == CAPTION_ROLE:
            return ("" if record.state == "finished" else f"{record.state} · ") + self.line(run)
        if role == TRAILING_ROLE:
            return score_text(record.best_score)
        if role == COLOUR_ROLE:
            return record.colour
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{record.name}, {self.line(run)}, {metric_text(record.key_metric)} {score_text(record.best_score)}"
        return None


def count_text(count: int) -> str:
    """A number of parameters in millions, or in thousands where that says more."""
    return f"{count / 1e6:.1f} M" if count >= 10**6 else f"{count / 1e3:.0f} K"


def size_text(count: int) -> str:
    """Bytes in the unit a person would take."""
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "KB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
