"""The run being composed: the draft, what is wrong with it, what the engine says of it, and the TOML to start it.

Knows no widgets and starts nothing. The engine judges the draft; this file only asks and remembers the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from distill_gui.models import compose_words as words
from distill_gui.models.compose_answer import Answer, place_of
from distill_gui.models.compose_doctor import Doctor
from distill_gui.models.compose_draft import Draft, flatten
from distill_gui.models.compose_fields import Choices, FieldSpec
from distill_gui.models.compose_files import key_for, plain_name, write_toml
from distill_gui.models.compose_judgement import Judgement, judge
from distill_gui.models.compose_past import PastRuns
from distill_gui.models.compose_preview import Fact, Finding, control, facts
from distill_gui.models.compose_sharing import as_toml, for_elsewhere, one_a_seed, shell_command, table_of
from distill_gui.models.compose_term import SECTION, TermWords
from distill_gui.models.presets import Preset, presets
from engine.config import read_text
from engine.errors import ConfigError, Fault

if TYPE_CHECKING:
    from distill_gui.models.compose_sweep import SweepModel
    from engine.store import RunRecord

PREVIEW_DELAY_MS = 400
MOST_SUGGESTIONS = 10
FIRST_PRESET = "taylor"


class ComposeModel(QObject):
    """One draft of a run, or of several that differ in their seed."""

    changed = Signal()  # a value, and with it perhaps which fields apply, faults and formula
    preview_changed = Signal()  # the engine's answer, or what past runs add to it
    preview_wanted = Signal(int, str)  # number, and the TOML to look at; at most once in PREVIEW_DELAY_MS

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._draft = Draft()
        self._preset = ""
        self._file: Path | None = None
        self._judgement = Judgement([0], [], [])
        self._answer = Answer()
        self._asked = ""
        self._questions = 0  # how many were asked; the last one's number
        self._said_of_loss: set[str] = set()  # said beside the formula, at once; the engine says it again later
        self._past = PastRuns()
        self.doctor = Doctor(self.toml, self)
        self.changed.connect(self.doctor.forget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PREVIEW_DELAY_MS)
        self._timer.timeout.connect(self._ask)
        self._take_preset(FIRST_PRESET)
        self._judgement = judge(self._draft, ask_engine=False)  # a method alone has no fault, a test says so
        self._said_of_loss.add(words.whole_notice(self._draft))

    # the form ---------------------------------------------------------------------------------------------------------

    def fields(self, section: str) -> tuple[FieldSpec, ...]:
        """The fields of "teacher", "student", "task", "loss", "training" or of a feature term, "features.1" and so on;
        basic before advanced ones. KeyError for a term that is not there."""
        return self._draft.fields(section)

    def field(self, key: str) -> FieldSpec:
        return self._draft.field(key)

    def has_field(self, key: str) -> bool:
        """Whether the form has this key now; those of a feature term, or of another loss, come and go."""
        try:
            self._draft.field(key)
        except KeyError:
            return False
        return True

    def value(self, key: str) -> Any:
        return self._draft.value(key)

    def choices(self, key: str) -> Choices:
        return self._draft.choices(key)

    def is_visible(self, key: str) -> bool:
        return self._draft.is_visible(key)

    def is_changed(self, key: str) -> bool:
        return self._draft.is_changed(key)

    def base(self, key: str) -> Any:
        """The value "reset" goes back to: the preset's, else the default."""
        return self._draft.base(key)

    def advanced(self, section: str) -> tuple[int, int, bool]:
        """Of the advanced fields that apply: how many there are, how many are changed, and whether one is faulty."""
        keys = [spec.key for spec in self.fields(section) if spec.advanced and self.is_visible(spec.key)]
        wanting = any(self.fault(key) or any(missing.key == key for missing in self._judgement.missing) for key in keys)
        return len(keys), sum(map(self.is_changed, keys)), wanting

    def set_value(self, key: str, value: Any) -> None:
        """Choose a value; None goes back to the default. KeyError where the form has no such key."""
        self._draft.field(key)
        self._draft.set(key, value)
        self._touch({key})

    def reset(self, key: str) -> None:
        """Go back to the preset's value, else to the default."""
        self._draft.reset(key)
        self._touch({key})

    def terms(self) -> list[TermWords]:
        """The feature terms in their order, in words."""
        return words.terms(self._draft)

    def term_choices(self) -> list[tuple[str, str, str]]:
        """The kinds of feature terms there are: key, title and what it does."""
        return words.term_choices()

    def add_term(self, kind: str) -> None:
        """One more feature term, at the end. KeyError for an unknown kind."""
        if kind not in [known for known, _, _ in self.term_choices()]:
            raise KeyError(kind)
        self._draft.add_term(kind)
        self._touch({SECTION})

    def remove_term(self, token: int) -> None:
        """Take the feature term with this token out. KeyError if it is gone."""
        self._draft.remove_term(token)
        self._touch({SECTION})

    def note(self, key: str) -> str:
        """What stands at the right inside a field: sizes, counts, units."""
        return words.note(key, self._draft, len(self._judgement.seeds), self._answer.found)

    def suggestions(self, key: str) -> list[str]:
        """Values to offer for a field that takes any text: those of the engine, then those of past runs, newest first."""
        past = self._past.texts_of(key) if self.field(key).kind == "path" else []
        return list(dict.fromkeys([*self.field(key).suggestions, *past]))[:MOST_SUGGESTIONS]

    def placeholder(self, key: str) -> str:
        """What a field means when it is empty, or what goes into it."""
        if key == "name":
            return self.title()
        needed = any(missing.key == key for missing in self._judgement.missing)
        return "folder or hub id" if needed and key.endswith(".tokenizer") else self.field(key).placeholder

    def metrics(self) -> tuple[str, str]:
        """The key metric of the task and those beside it, as words; empty without a task."""
        return words.metrics(self._draft)

    def title(self) -> str:
        """The name the run has, or will be given."""
        return words.title(self._draft, self._judgement.seeds)

    def formula(self) -> str:
        """The whole loss in plain numbers; empty for an unknown one."""
        return words.formula(self._draft)

    def notice(self) -> tuple[str, str]:
        """What must be known about exactly these settings of the loss: its point, and the rest. Empty if nothing."""
        return words.notice(self._draft)

    def teacher_remark(self) -> str:
        """What the teacher is for where the loss does not ask it; empty where it does."""
        return words.teacher_remark(self._draft)

    # what is wrong ----------------------------------------------------------------------------------------------------

    def seeds(self) -> list[int]:
        """The seeds to run, one run each."""
        return list(self._judgement.seeds)

    def missing(self) -> list[Finding]:
        """What has not been chosen yet, in the order of decision; each text is what to do."""
        return list(self._judgement.missing)

    def faults(self) -> list[Fault]:
        """Everything that is wrong, the form's own faults before those the engine found in files and models."""
        own, missing = self._judgement.faults, self._judgement.missing
        known = {fault.key for fault in own} | {key for gap in missing for key in (gap.key, gap.key.partition(".")[0])}
        found = [words.spoken(fault, self._draft) for fault in self._answer.faults() if fault.key not in known]
        return own + [fault for fault in found if fault.key not in known]

    def place(self, key: str) -> str:
        """Where a key is found in the form, in the words of the form."""
        return words.place(key, self._draft)

    def fault(self, key: str) -> str:
        """The sentence about one field, or ""."""
        return next((fault.message for fault in self.faults() if fault.key == key), "")

    def findings(self) -> list[Finding]:
        """What is missing, what is wrong, then what to know, the pressing things first.

        Once the doctor has looked, it speaks in the place of the check: it asked the same and measured the rest.
        """
        wrong = [Finding("stop", fault.message, fault.key) for fault in self.faults()]
        point = self.notice()[0]
        of_loss = [Finding("look", f"{point} (See Loss.)")] if point else []
        said = self._answer.failures() if self.doctor.has_findings() else self._answer.findings()
        known = [finding for finding in said + self.doctor.findings() if finding.text not in self._said_of_loss]
        return self._judgement.missing + sorted(wrong + of_loss + known, key=lambda finding: place_of(finding.level))

    def is_advised_against(self) -> bool:
        """Whether the doctor found what speaks against a start of the draft as it stands; it can start all the same."""
        return self.can_start() and bool(self.doctor.stops())

    def can_start(self) -> bool:
        return not self._judgement.missing and not self.faults()

    def is_checking(self) -> bool:
        """Whether the engine's answer to the draft as it stands is still to come."""
        return self._timer.isActive() or bool(self._asked)

    def state(self) -> tuple[str, str]:
        """The badge: a word and its tone."""
        if not self.can_start():
            return "not ready", "warn" if not self.faults() else "bad"
        if self.is_advised_against():
            return "not advised", "bad"
        if self.is_checking() or not self._answer.found:
            return "checking", "neutral"
        return ("ready", "good") if self._answer.ready else ("not checked", "warn")

    def main_text(self) -> str:
        """What the main button says: the first missing thing, what to mend, or how many runs it starts."""
        if self._judgement.missing:
            return self._judgement.missing[0].text
        if faults := self.faults():
            return f"Mend {len(faults)} thing{'s' if len(faults) > 1 else ''}"
        start = f"Start {len(self._judgement.seeds)} runs" if len(self._judgement.seeds) > 1 else "Start"
        return f"{start} anyway" if self.is_advised_against() else start

    def main_key(self) -> str:
        """The field the main button leads to; "" where it starts."""
        if self._judgement.missing:
            return self._judgement.missing[0].key
        return next((fault.key for fault in self.faults() if fault.key), "")

    # the preview ------------------------------------------------------------------------------------------------------

    def facts(self) -> list[Fact]:
        """The lines of the run preview."""
        table = self._table()
        lines = facts(self._answer.found, len(self._judgement.seeds), table, self._past)
        beside = control(table, self._past)
        return [*lines, beside] if beside else lines

    def take_preview(self, number: int, preview: Mapping[str, Any]) -> None:
        """Take the engine's answer to the question of this number; one to an earlier question is dropped."""
        if number == self._questions and self._asked:
            self.set_preview(preview)

    def set_preview(self, preview: Mapping[str, Any]) -> None:
        """Take the engine's answer to the last question; one about another draft than there is now is dropped."""
        late = bool(self._asked) and self._asked != self.toml()
        self._asked = ""
        if not late:  # else a new question is about to be asked
            self._answer.take(preview)
        self.preview_changed.emit()

    def update_runs(self, records: Iterable[RunRecord]) -> None:
        """Take new and changed runs, to tell the time a run takes and whether its control exists."""
        if self._past.update(records):
            self.preview_changed.emit()

    def forget_runs(self, runs: Iterable[int]) -> None:
        """Keep nothing of runs that were deleted for good."""
        self._past.forget(runs)

    def ask_preview(self) -> None:
        """Ask the engine about the draft soon; several calls in a row ask once."""
        self._timer.start()

    def _ask(self) -> None:
        if not self.value("teacher.model") and not self.value("task.name"):
            self._answer.take({})  # nothing to look at yet
        else:
            self._asked = self.toml()
            self._questions += 1
            self.preview_wanted.emit(self._questions, self._asked)
        self.preview_changed.emit()

    # presets and whole configurations ---------------------------------------------------------------------------------

    def presets(self) -> list[Preset]:
        return list(presets().values())

    def preset(self) -> str:
        """The key of the preset chosen last, "" after a file was opened or while other terms are chosen."""
        return "" if self._draft.is_method_changed() else self._preset

    def choose_preset(self, key: str) -> None:
        """Take over a preset's values; a method leaves teacher, student and task alone. KeyError for an unknown one."""
        preset = self._take_preset(key)
        self._touch({*flatten(preset.table), *(section for section in preset.table if section == SECTION)})

    def load_toml(self, text: str, folder: Path | str | None = None) -> list[str]:
        """Show a whole configuration; paths are relative to ``folder``. Returns the keys it has and no form knows.

        Raises ConfigError where the text is no TOML.
        """
        left_out = self._draft.take(table_of(text, Path(folder or Path.cwd())))
        self._preset, self._file = "", None
        self._answer.take({})
        self._touch(set())
        return left_out

    def merge(self, table: Mapping[str, Any]) -> None:
        """Change the values of a nested table or of dotted keys, as an empty cell of the results asks; the rest stays."""
        self._draft.merge(table)
        self._touch({*flatten(table), *(section for section in table if section == SECTION)})

    def open_file(self, path: Path | str) -> str:
        """Show the configuration in a file; a file that cannot be read changes nothing. Returns what to say, or ""."""
        path = Path(path)
        try:
            left_out = self.load_toml(read_text(path), path.resolve().parent)
        except ConfigError as error:
            return f"{path.name}: {' '.join(str(fault) for fault in error.faults)}."
        self._file = path.resolve()
        self.changed.emit()
        return f"{path.name} opened; unknown keys were left out: {', '.join(left_out)}." if left_out else ""

    def save_file(self, path: Path | str) -> str:
        """Write the configuration to a file, of several seeds the first. Returns what to say."""
        path = Path(path)
        if complaint := write_toml(path, self.shared_toml()):
            return complaint
        self._file = path.resolve()
        self.changed.emit()
        seeds = self._judgement.seeds
        return f"Saved as {path.name}." + (f" It holds one seed, {seeds[0]}." if len(seeds) > 1 else "")

    def file(self) -> str:
        """The name of the file opened or saved last, "" without one."""
        return self._file.name if self._file else ""

    def folder(self) -> str:
        """Where to look for files first."""
        return str(self._file.parent) if self._file else ""

    def take_folder(self, path: Path | str) -> str:
        """Use a folder for what it holds: a model as teacher, rows for the task. Returns the key, "" for neither."""
        key = key_for(Path(path))
        if key:
            self.set_value(key, str(Path(path).resolve()))
        return key

    def file_name(self) -> str:
        """A name to save under."""
        return str(self._file or plain_name(self._draft))

    def toml(self) -> str:
        """The draft as TOML, whole where it is in order, else as far as it goes; of several seeds the first."""
        return as_toml(self._table())

    def shared_toml(self) -> str:
        """The same to be taken away, to another machine perhaps."""
        return for_elsewhere(self.toml())

    def tomls(self) -> list[str]:
        """One whole configuration a seed. Raises ConfigError where the draft is not in order."""
        return one_a_seed(self._draft, self._judgement.seeds)

    def sweep(self) -> SweepModel:
        """The draft as it stands, to be swept over some of its settings."""
        from distill_gui.models.compose_sweep import SweepModel

        return SweepModel(self._draft, self._judgement.seeds)

    def command_line(self) -> str:
        """The draft as something to paste into a shell: the saved file where it still says the same, else the TOML."""
        return shell_command(self.shared_toml(), self._judgement.seeds, self._file)

    # inside -----------------------------------------------------------------------------------------------------------

    def _table(self) -> dict[str, Any]:
        return self._draft.table(self._judgement.seeds[0])

    def _take_preset(self, key: str) -> Preset:
        preset = presets()[key]
        self._draft.take_preset(preset.table, preset.whole)
        self._preset = key
        return preset

    def _touch(self, keys: set[str]) -> None:
        """After a change: judge the draft anew and ask the engine soon. What it said of ``keys`` no longer holds."""
        self._answer.forget(keys)
        self._judgement = judge(self._draft)
        self._said_of_loss.add(words.whole_notice(self._draft))
        self.ask_preview()
        self.changed.emit()
