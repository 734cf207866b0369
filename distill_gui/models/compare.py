"""What the Compare place shows: the comparison of the ticked runs, or of all, made anew a little after something changed.

Knows no widgets; how two methods are compared is the engine's (``engine.analysis.compare``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from distill_gui.models.run_text import duration_text
from engine.analysis.compare.comparison import Comparison, compare
from engine.analysis.compare.contenders import PENDING, Contender
from engine.analysis.compare.verdict import Verdict
from engine.analysis.compare.words import TAGS, as_markdown, footnote, in_reading_order, subtitle, verdict_words
from engine.analysis.own_rows import forget_all_but
from engine.analysis.student_folder import leaving_bytes
from engine.config import parse_config
from engine.config.sweep import LONGEST_NAME
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.store import RunRecord, ScoreRow

GATHER_MS = 150  # changes within this time make one new comparison
SHARE = 5  # and of thousands of runs it is made at most this part of the time
ASKED_MS = 10_000  # seeds asked for are not offered again meanwhile: the store tells a little later that it has them
SECOND_LOOK = (
    "A second look with more seeds finds a difference by chance a little more often than its p says (8.7 % for 5 %)."
)
TICKED, ALL = "ticked", "all"
TONES = {"better": "good", "worse": "bad", "no difference": "neutral", "same": "neutral", "open": "warn"}


@dataclass(frozen=True)
class VerdictLine:
    """A verdict in words: a tag and its tone, what was found, how sure that is, and what is offered ("" for nothing).

    ``about`` tells more of the offer; ``waits`` is said where none is needed, as the seeds are on their way. ``missing`` are
    the seeds to run: contender's key → seeds; ``left_out`` are finished runs of the two methods to tick instead.
    """

    tag: str
    tone: str
    said: str
    sure: str
    offer: str
    about: str
    missing: tuple[tuple[str, tuple[int, ...]], ...]
    left_out: tuple[int, ...] = ()
    waits: str = ""


class CompareModel(QObject):
    """``comparison`` is what is shown; ``changed`` comes after it became another. ``scope`` is TICKED or ALL."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.known = False  # whether the store has answered
        self.scope = TICKED
        self.comparison = Comparison()
        self._records: dict[int, RunRecord] = {}
        self._scores: list[ScoreRow] = []
        self._ticked: frozenset[int] = frozenset()
        self._marked: int | None = None  # the run that is the baseline in the list of runs
        self._chosen: int | None = None  # a run of the contender chosen here
        self._task = ""
        self._bytes: dict[int, int | None] = {}
        self._asked: set[tuple[str, int]] = set()  # (contender's key, seed)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(ASKED_MS)
        self._asking.timeout.connect(self._on_asked_long_ago)
        self._in_sight = False
        self._stale = True
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(GATHER_MS)
        self._gathering.timeout.connect(self.rebuild)

    # what comes in ----------------------------------------------------------------------------------------------------

    def update(self, records: Iterable[RunRecord]) -> None:
        """Take new and changed runs; those in the trash go."""
        told, self.known = self.known, True
        changed = not told
        for record in records:
            old = self._records.get(record.id)
            if record.trashed_at is not None:
                changed = self._records.pop(record.id, None) is not None or changed
                self._asked.clear()  # taken back: it may be asked for again
                continue
            self._records[record.id] = record
            changed = changed or old is None or _seen(old) != _seen(record)
        if changed:
            self._soon()

    def forget(self, runs: Iterable[int]) -> None:
        """Keep nothing of runs that were deleted for good."""
        gone = set(runs)
        self._scores = [score for score in self._scores if score.run not in gone]
        for run in gone:
            self._bytes.pop(run, None)
            if self._records.pop(run, None) is not None:
                self._soon()
        forget_all_but(self._records)

    def set_scores(self, scores: Iterable[ScoreRow]) -> None:
        """Take the final scores of all runs."""
        self._scores = list(scores)
        self._soon()

    def set_ticked(self, runs: Iterable[int]) -> None:
        """Take the runs that are ticked in the list of runs."""
        ticked = frozenset(runs)
        if ticked != self._ticked:
            self._ticked = ticked
            if self.scope == TICKED:
                self._soon()

    def set_marked(self, run: int | None) -> None:
        """Take the run that is the baseline in the list of runs; it takes the place of one chosen here."""
        if run != self._marked:
            self._marked, self._chosen = run, None
            self._soon()

    # what a person chooses --------------------------------------------------------------------------------------------

    def set_scope(self, scope: str) -> None:
        if scope != self.scope:
            self.scope = scope
            self.rebuild()

    def set_task(self, task: str) -> None:
        """Compare on this task; the other choices stay."""
        if task != self._task:
            self._task = task
            self.rebuild()

    def set_baseline(self, key: str) -> None:
        """Compare with the contender of this key."""
        its = self.contender(key)
        if its is not None:
            self._chosen = its.runs[0]
            self.rebuild()

    def set_in_sight(self, in_sight: bool) -> None:
        """Whether somebody looks: else it is enough to know that something changed."""
        self._in_sight = in_sight
        if in_sight and self._stale:
            self.rebuild()

    def rebuild(self) -> None:
        """Compare anew, now."""
        self._gathering.stop()
        self._stale = False
        began = perf_counter()
        # what is queued or under way is needed to know which seeds are on their way, ticked or not
        runs = [
            record
            for record in self._records.values()
            if self.scope == ALL or record.id in self._ticked or record.state in PENDING
        ]
        baseline = self._chosen if self._chosen is not None else self._marked
        compared = {record.id for record in runs}
        elsewhere = [record for record in self._records.values() if record.id not in compared]
        self.comparison = compare(
            runs, self._scores, self._task, baseline, bytes_of=self._bytes_of, elsewhere=elsewhere
        )
        self.changed.emit()
        self._gathering.setInterval(max(GATHER_MS, round(1000 * SHARE * (perf_counter() - began))))

    # what is shown ----------------------------------------------------------------------------------------------------

    def contender(self, key: str) -> Contender | None:
        return next((one for one in self.comparison.contenders if one.key == key), None)

    def verdict_lines(self) -> list[VerdictLine]:
        """What is sure first, what cannot be said last."""
        return [self._line(verdict) for verdict in in_reading_order(self.comparison.verdicts)]

    def _line(self, verdict: Verdict) -> VerdictLine:
        assert self.comparison.baseline is not None
        said, sure = verdict_words(verdict, self.comparison.baseline, self.comparison.metric)
        left = {
            key: tuple(seed for seed in seeds if (key, seed) not in self._asked)
            for key, seeds in (verdict.missing or {}).items()
        }
        missing = tuple((key, seeds) for key, seeds in left.items() if seeds)
        offer, about = self._offer(missing)
        if offer and verdict.kind == "no difference":
            about += "\n" + SECOND_LOOK
        if verdict.elsewhere:
            many = len(verdict.elsewhere)
            offer, about = (
                f"Tick {many} more run{'s' * (many != 1)}",
                "They have finished with other seeds of these two",
            )
        coming = not offer and verdict.kind in ("open", "no difference") and self._is_coming(verdict)
        waits = "More seeds are on their way" if coming else ""
        return VerdictLine(
            TAGS[verdict.kind], TONES[verdict.kind], said, sure, offer, about, missing, verdict.elsewhere, waits
        )

    def _is_coming(self, verdict: Verdict) -> bool:
        assert self.comparison.baseline is not None
        two = (verdict.contender, self.comparison.baseline)
        asked = {key for key, _ in self._asked}
        return any(one.pending - one.by_seed.keys() or one.key in asked for one in two)

    def footnote(self) -> str:
        """How the verdicts were reached."""
        return footnote(self.comparison)

    def alone(self) -> str:
        """What is said where there is one method only; "" where there are more."""
        baseline = self.comparison.baseline
        if baseline is None or len(self.comparison.contenders) > 1:
            return ""
        more = "tick runs of another method" if self.scope == TICKED else "train another method on this task"
        return f"{baseline.title} is alone: {more} to compare it with."

    def subtitle(self) -> str:
        """How much is compared, and on what."""
        found = self.comparison
        if not found.contenders:
            return ""
        methods = f"{len(found.contenders)} method{'s' * (len(found.contenders) != 1)}"
        return f"{methods}, {found.runs} run{'s' * (found.runs != 1)} · {subtitle(found)}"

    def nothing(self) -> tuple[str, str]:
        """(title, sentence) of why there is nothing to compare; ("", "") where there is."""
        if self.comparison.contenders:
            return "", ""
        if self.is_all_left_out():
            return "No finished run is ticked", "Tick runs in the list of Runs, or compare all that have finished."
        return (
            "Nothing to compare yet",
            "Finished runs of one task are compared here: who is better, and how sure that is.",
        )

    def is_all_left_out(self) -> bool:
        """Whether there is nothing to compare only because no finished run is ticked."""
        finished = any(record.state == "finished" for record in self._records.values())
        return self.scope == TICKED and not self.comparison.contenders and finished

    def colour(self, one: Contender) -> int:
        """The colour its newest run has everywhere."""
        record = self._records.get(one.runs[0])
        return record.colour if record is not None else 0

    def markdown(self) -> str:
        return as_markdown(self.comparison)

    # more seeds -------------------------------------------------------------------------------------------------------

    def _offer(self, missing: Sequence[tuple[str, Sequence[int]]]) -> tuple[str, str]:
        """What a button says that runs the missing seeds, and what they are; "" where none is missing."""
        its = [(one, seeds) for key, seeds in missing if (one := self.contender(key)) is not None]
        counts = [len(seeds) for _, seeds in its]
        if not counts:
            return "", ""
        took = sum((one.seconds or 0.0) * len(seeds) for one, seeds in its)
        took = took if took < 60 else 60 * round(took / 60)
        about = f" (about {duration_text(took)})" if all(one.seconds for one, _ in its) else ""
        many = f"{counts[0]} more seed{'s' * (counts[0] != 1)}" + " each" * (len(counts) > 1)
        if len(set(counts)) > 1:
            many = f"{' + '.join(map(str, counts))} more seeds"
        told = [f"{one.title}: seed{'s' * (len(seeds) != 1)} {', '.join(map(str, seeds))}" for one, seeds in its]
        return f"Run {many}{about}", "\n".join(told)

    def more_seeds(self, line: VerdictLine) -> tuple[list[str], str]:
        """The TOML of every run that is missing: the newest of its method with another seed; or none, and why not.

        They are not offered again for a while: the store tells a little later that it has them.
        """
        asked = {(key, seed) for key, seeds in line.missing for seed in seeds}
        if asked & self._asked:  # a second click
            return [], ""
        tomls: list[str] = []
        for key, seeds in line.missing:
            one = self.contender(key)
            record = self._records.get(one.runs[0]) if one is not None else None
            try:
                tomls += [_with_seed(record, seed) for seed in seeds if record is not None]
            except EngineError as error:  # a folder that it names is gone
                return [], str(error)
        self._asked |= asked
        self._asking.start()
        self.changed.emit()
        return tomls, ""

    # inside -----------------------------------------------------------------------------------------------------------

    def _soon(self) -> None:
        self._stale = True
        if self._in_sight and not self._gathering.isActive():
            self._gathering.start()

    def _on_asked_long_ago(self) -> None:
        self._asked.clear()
        self.changed.emit()

    def _bytes_of(self, run: int) -> int | None:
        if run not in self._bytes:
            record = self._records.get(run)
            try:
                self._bytes[run] = leaving_bytes(record.folder / "student") if record is not None else None
            except OSError:
                return None  # asked again the next time
        return self._bytes[run]


def _seen(record: RunRecord) -> tuple[object, ...]:
    """What of a run a comparison rests on: not its progress."""
    return (record.state, record.parameters, record.toml, record.ended_at)


def _with_seed(record: RunRecord, seed: int) -> str:
    config = parse_config(record.toml, record.folder, overrides=[f"training.seed={seed}"])
    base = re.sub(r" · seed \d+$", "", record.name)
    tail = f" · seed {seed}"
    return config.model_copy(update={"name": base[: LONGEST_NAME - len(tail)].rstrip() + tail}).to_toml()
