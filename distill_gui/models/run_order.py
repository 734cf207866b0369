"""In which order runs stand in the list, under which headings, and which of them the filter lets through. Knows no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.store import RunRecord

Entry = int | str  # a run's id, or the heading of a group

GROUPS = {
    "none": "nothing", "task": "task", "loss": "loss", "architecture": "student", "lambda": "λ", "temperature": "T",
    "seed": "seed", "state": "state",
}  # fmt: skip
NUMBERED = ("lambda", "temperature", "seed")  # groups in the order of their numbers, as a sweep has them
SORTS = {"newest": "newest first", "name": "name", "score": "best score first"}
STATES = ("running", "queued", "paused", "finished", "stopped", "interrupted", "failed")  # in the order of their groups
TOP = "\0top"  # the heading of those kept at the top; no task or student is called that


@dataclass
class RunOrder:
    """``group`` of GROUPS, ``sort`` of SORTS; the filter's ``words`` must all be in what is known of a run."""

    group: str = "none"
    sort: str = "newest"
    words: list[str] = field(default_factory=list)
    _texts: dict[int, str] = field(default_factory=dict)  # what the filter looks through, by run

    def forget(self, run: int) -> None:
        """The run has changed, or is there no more."""
        self._texts.pop(run, None)

    def group_of(self, record: RunRecord) -> str:
        if self.group in ("lambda", "temperature"):
            value = (record.config.get("loss") or {}).get(self.group)
            return f"{GROUPS[self.group]} {value:g}" if isinstance(value, (int, float)) else f"no {GROUPS[self.group]}"
        if self.group == "seed":
            return f"seed {record.seed}"
        return "" if self.group == "none" else str(getattr(record, self.group)) or "(none)"

    def place(self, record: RunRecord) -> tuple[Any, ...]:
        """What decides where a run stands; equal places need no rearranging."""
        return self.passes(record), self.group_of(record), self.sort_key(record)

    def sort_key(self, record: RunRecord) -> Any:
        if self.sort == "name":
            return record.name.casefold()
        if self.sort == "score":
            return 1e9 if record.best_score is None else -record.best_score
        return 0

    def passes(self, record: RunRecord) -> bool:
        if not self.words:
            return True
        text = self._texts.get(record.id)
        if text is None:  # written once a run: thousands are looked through at every letter typed
            about = (record.name, record.task, record.loss, record.architecture, record.teacher, record.state)
            text = self._texts[record.id] = " ".join((*about, f"#{record.id}")).casefold()
        return all(word in text for word in self.words)

    def arranged(
        self, records: Mapping[int, RunRecord], above: frozenset[int], first: int | None
    ) -> tuple[list[Entry], dict[str, int]]:
        """(the rows, how many runs each heading has): ``above`` all, and ``first`` of them, then the others; each part in the
        order chosen."""
        runs = sorted(records, reverse=True)
        top: list[Entry] = []
        if above:
            top = [record.id for record in self._in_order(records[run] for run in runs if run in above)]
            top.sort(key=lambda run: run != first)
            runs = [run for run in runs if run not in above]
        shown = self._in_order(records[run] for run in runs)
        if self.group == "none":
            entries = top + [record.id for record in shown]
            return entries, {"": len(entries)} if entries else {}
        members: dict[str, list[Entry]] = {}
        for record in shown:
            members.setdefault(self.group_of(record), []).append(record.id)
        entries = [TOP, *top] if top else []
        groups = sorted(members, key=self._rank)
        for group in groups:
            entries += [group, *members[group]]
        counts = {TOP: len(top)} if top else {}
        return entries, counts | {group: len(members[group]) for group in groups}

    def _in_order(self, runs: Iterable[RunRecord]) -> list[RunRecord]:
        """Those the filter lets through, sorted by one thing after the other, the last of them first: Python's sort keeps
        what is equal in its order."""
        shown = list(runs)
        if self.words:
            shown = [record for record in shown if self.passes(record)]
        if self.sort != "newest":
            shown.sort(key=self.sort_key)
        return shown

    def _rank(self, group: str) -> tuple[Any, ...]:
        """States stand in the order a run goes through them, numbers in theirs and after what has none, all else in the
        alphabet's."""
        if self.group in NUMBERED:
            return (not group.startswith("no "), 0.0 if group.startswith("no ") else float(group.rpartition(" ")[2]))
        known = self.group == "state" and group in STATES
        return (STATES.index(group) if known else group.casefold(), group)
