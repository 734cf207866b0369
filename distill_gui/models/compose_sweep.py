"""A sweep in the making: over which settings of the form, over which values, and the runs that come of it. Knows no widgets.

The engine makes the runs and words what is wrong, and is asked about files and models; nothing is started here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import tomli_w
from PySide6.QtCore import QObject, QTimer, Signal

from distill_gui.models.compose_draft import SECTIONS, Draft
from distill_gui.models.compose_fields import FieldSpec
from distill_gui.models.compose_values import as_text
from distill_gui.models.sweep_files import LOOKING, SweepFiles, rests_on_files
from engine.config import notice_of
from engine.config.sweep import MOST_RUNS, MOST_RUNS_AT_ALL, Sweep, sweep_over
from engine.config.sweep_axes import WHERE
from engine.errors import Fault

LIST, RANGE, CHOICES = "list", "range", "choices"
DELAY_MS = 200
MOST_SETTINGS = 6  # swept over at once: six settings of two values are 64 runs
_HEADS = {"teacher": "Teacher", "student": "Student", "task": "Task", "loss": "Loss", "training": "Training"}
_WHOLE = {"seeds": "a whole number", "whole": "a whole number", "number": "a number"}


@dataclass(frozen=True)
class Setting:
    """What can be swept over: its key, where it stands in the form and what it is called, its choices, what it is now."""

    key: str
    title: str
    help: str
    numeric: bool
    choices: tuple[tuple[str, str], ...] = ()
    now: str = ""
    limits: str = ""  # what may be put in
    track: tuple[str, str] | None = None  # the ends of a range to begin with


@dataclass
class Row:
    """One setting and its values, in each of the ways to give them; ``mode`` says which way counts."""

    setting: Setting
    mode: str
    text: str = ""
    first: str = ""
    last: str = ""
    step: str = ""
    chosen: list[str] = field(default_factory=list)

    def over(self) -> str:
        """As it is typed after ``--over``."""
        if self.mode == CHOICES:
            return f"{self.setting.key}={','.join(self.chosen)}"
        values = f"{self.first}:{self.last}:{self.step}" if self.mode == RANGE else self.text
        return f"{self.setting.key}={values}"


class SweepModel(QObject):
    """Rows of settings over the draft as it stood when this was made. Answers come ``DELAY_MS`` after the last change."""

    changed = Signal()  # the runs and what is wrong
    rows_changed = Signal()  # which settings there are, and how their values are given
    files_wanted = Signal(
        int, str, list, bool
    )  # number, TOML, values, whether many are meant; 0: the answer is not wanted

    def __init__(self, draft: Draft, seeds: Sequence[int], parent: QObject | None = None) -> None:
        super().__init__(parent)
        table = draft.table(seeds[0])
        self._text = tomli_w.dumps(table)
        self._settings = {setting.key: setting for setting in _settings(draft)}
        self._rows: list[Row] = []
        self._agreed = 0  # how many runs a person said are meant, where that is asked
        self._sweep = Sweep([], 0)
        self._files = SweepFiles()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.look)
        self.add("loss.lambda" if "loss.lambda" in self._settings else "training.learning_rate")
        if len(seeds) > 1:
            self.add("training.seed")
            self._rows[-1].mode, self._rows[-1].text = LIST, ", ".join(map(str, seeds))
        self.look()

    # what the person does ---------------------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        return list(self._rows)

    def offered(self, place: int | None = None) -> list[Setting]:
        """The settings that can be chosen for a row: its own, and those no row has."""
        taken = {row.setting.key for at, row in enumerate(self._rows) if at != place}
        return [setting for key, setting in self._settings.items() if key not in taken]

    def can_add(self) -> bool:
        return len(self._rows) < MOST_SETTINGS and bool(self.offered())

    def add(self, key: str = "") -> None:
        """One more setting, the first that no row has unless one is named. KeyError for one that is not in the form."""
        self._rows.append(_row(self._settings[key] if key else self.offered()[0]))
        self._touch(rows=True)

    def remove(self, place: int) -> None:
        del self._rows[place]
        self._touch(rows=True)

    def choose(self, place: int, key: str) -> None:
        """Sweep over another setting in this row."""
        self._rows[place] = _row(self._settings[key])
        self._touch(rows=True)

    def set_mode(self, place: int, mode: str) -> None:
        """Give the values as a list or a range; what was written either way stays."""
        self._rows[place].mode = mode
        self._touch(rows=True)

    def set_part(self, place: int, part: str, text: str) -> None:
        """Change ``text``, ``first``, ``last`` or ``step`` of a row."""
        setattr(self._rows[place], part, text.strip())
        self._touch()

    def set_chosen(self, place: int, value: str, chosen: bool) -> None:
        """Tick or untick one of the choices; they stay in the order of the form."""
        row = self._rows[place]
        row.chosen = [
            key for key, _ in row.setting.choices if (chosen if key == value else key in row.chosen)
        ]  # fmt: skip
        self._touch()

    def allow_many(self, allowed: bool) -> None:
        """Whether that many runs are meant, more than ``MOST_RUNS``; with another number it is asked anew."""
        self._agreed = self._sweep.count if allowed else 0
        self.look()

    def allows_many(self) -> bool:
        """Whether so many are meant."""
        return self._sweep.count == self._agreed

    def _touch(self, rows: bool = False) -> None:
        self._timer.start()
        if rows:
            self.rows_changed.emit()

    # what comes of it -------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Make the runs of what is chosen now."""
        self._timer.stop()
        overs = [row.over() for row in self._rows]
        self._sweep = sweep_over(self._text, overs, None, (), MOST_RUNS, "say below that this is meant")
        if self.allows_many():
            self._sweep = sweep_over(self._text, overs, None, (), MOST_RUNS_AT_ALL)
        else:
            self._agreed = 0
        if self._sweep.configs and rests_on_files(axis.key for axis in self._sweep.axes):
            self.files_wanted.emit(self._files.ask(), self._text, overs, self.allows_many())
        else:
            self.stop()
        self.changed.emit()

    def take_files(self, number: int, found: Mapping[str, Any]) -> None:
        """Take what the engine found in files and models; an answer to an older question is none."""
        if self._files.take(number, found):
            self.changed.emit()

    def stop(self) -> None:
        """Want no answer any more."""
        if self._files.number:
            self.files_wanted.emit(0, "", [], False)
        self._files.forget()

    def is_looking(self) -> bool:
        """Whether what was typed last has not been looked at yet."""
        return self._timer.isActive()

    def fault(self, place: int) -> str:
        """What is wrong with the values of a row, "" if nothing."""
        key = self._rows[place].setting.key
        return "\n".join(
            f"{fault.message[0].upper()}{fault.message[1:]}." for fault in self._all_faults() if fault.key == key
        )

    def faults(self) -> list[Fault]:
        """What is wrong beside the rows: with their number, or with a key that no row has."""
        here = {row.setting.key for row in self._rows}
        return [fault for fault in self._all_faults() if fault.key not in here]

    def _all_faults(self) -> list[Fault]:
        return self._sweep.faults + self._files.faults

    def words_of_faults(self) -> str:
        """The faults beside the rows in sentences."""
        own = [f"{fault.message[0].upper()}{fault.message[1:]}." for fault in self.faults() if fault.key == WHERE]
        return "\n".join([*own, *(f"{fault}." for fault in self.faults() if fault.key != WHERE)])

    def notes(self) -> str:
        """What is left out of some of the runs, and what must be known of their losses."""
        configs = self._sweep.configs
        found = Counter(filter(None, (notice_of(config.loss, config.features) for config in configs)))
        of_losses = [
            text if count == len(configs) else f"{text} ({count:,} of the {len(configs):,} runs.)"
            for text, count in found.items()
        ]
        return "\n".join(dict.fromkeys([*self._sweep.left_out, *of_losses, *self._files.notices]))

    def many(self) -> str:
        """The question whether so many are meant; "" where it need not be asked."""
        wanted = MOST_RUNS < self._sweep.count <= MOST_RUNS_AT_ALL
        return f"Queue all {self._sweep.count:,} runs" if wanted else ""

    def names(self) -> list[str]:
        """What the runs will be called, in the order they are trained in."""
        return [config.name for config in self._sweep.configs]

    def heading(self) -> str:
        """How many runs it is, as far as that can be told."""
        count = self._sweep.count
        told = self._sweep.configs or self.many()
        return f"{count:,} run{'s' if count != 1 else ''}" if told else "No runs yet"

    def can_queue(self) -> bool:
        return self.is_in_order() and not self._timer.isActive()

    def is_in_order(self) -> bool:
        """Whether all that was looked at so far can be queued."""
        return bool(self._sweep.configs) and not self._files.number and not self._files.faults

    def main_text(self) -> str:
        """What the main button says."""
        faults = len(self._all_faults())
        if not self._rows:
            return "Choose a setting"
        if faults:
            return f"Mend {faults} thing{'s' if faults > 1 else ''}"
        if self._files.number:
            return LOOKING
        count = len(self._sweep.configs)
        return f"Add {count:,} run{'s' if count != 1 else ''} to the queue"

    def tomls(self) -> list[str]:
        """One whole configuration a run."""
        return [config.to_toml() for config in self._sweep.configs]


def _settings(draft: Draft) -> list[Setting]:
    """The numbers, choices and named sizes of the form as it is now, in its order."""
    found: list[Setting] = []
    heads = dict(_HEADS)
    for number, (section, term) in enumerate(zip(draft.term_sections(), draft.terms(), strict=True), 1):
        heads[section] = f"Term {number}, {term.kind}"
    for section in ("loss", *(key for key in heads if key.startswith("features")), *SECTIONS):
        for spec in draft.fields(section):
            if draft.is_visible(spec.key) and spec.key not in [setting.key for setting in found]:
                numeric = spec.kind in _WHOLE
                if numeric or spec.choices or spec.suggestions or spec.kind in ("flag", "path"):
                    found.append(_setting(draft, spec, heads[section], numeric))
    return found


def _setting(draft: Draft, spec: FieldSpec, head: str, numeric: bool) -> Setting:
    choices = tuple((value, title) for value, title, _ in draft.choices(spec.key)) if spec.choices else ()
    if spec.kind == "flag":
        choices = (("false", "Off"), ("true", "On"))
    kind = _WHOLE.get(spec.kind, "")
    limits = f"{kind} {spec.limits}".strip() if kind else ""
    track = (as_text(spec.track[0]), as_text(spec.track[1])) if spec.track else None
    return Setting(
        spec.key, f"{head} · {spec.title}", spec.help, numeric, choices, as_text(draft.value(spec.key)), limits, track
    )


def _row(setting: Setting) -> Row:
    """A setting with something to begin with: a slider's whole length in quarters, else what it is now."""
    if setting.choices:
        return Row(setting, CHOICES, chosen=[setting.now] if setting.now in dict(setting.choices) else [])
    row = Row(setting, LIST, text=setting.now)
    if setting.track is not None:
        low, high = map(float, setting.track)
        row.mode, row.first, row.last, row.step = RANGE, *setting.track, as_text(round((high - low) / 4, 6))
    return row
