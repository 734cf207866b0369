"""``distill compare``: runs against each other, with how sure the difference is. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Column, Table

from engine import catalog
from engine.analysis.compare.comparison import Comparison, compare
from engine.analysis.compare.contenders import Contender
from engine.analysis.compare.verdict import Verdict
from engine.analysis.compare.words import (
    TAGS,
    as_markdown,
    figure_heads,
    figures,
    footnote,
    in_reading_order,
    subtitle,
    verdict_words,
)
from engine.analysis.own_rows import RunLike, method_of_run
from engine.analysis.student_folder import leaving_bytes
from engine.cli.opening import opened
from engine.cli.terminal import print_list, say, say_json, text_cell
from engine.errors import EngineError, StoreError

FORMATS = ("text", "markdown", "json")


def compare_runs(home: Path, references: Sequence[str], task: str | None, baseline: str | None, form: str) -> int:
    """Compare these runs, or all that have finished; returns the exit status. Raises EngineError for a wrong reference."""
    if form not in FORMATS:
        raise EngineError(f"--format: there is no “{form}”; choose one of {', '.join(FORMATS)}.")
    if task is not None and task not in catalog.tasks():
        raise EngineError(f"--task: there is no “{task}”; choose one of {', '.join(catalog.tasks())}.")
    store = opened(home)
    runs = [store.run(reference) for reference in references] or store.runs()
    if trashed := [run.id for run in runs if run.trashed_at is not None]:
        raise StoreError(f"Run {trashed[0]} is in the trash; “distill restore {trashed[0]}” brings it back.")
    base = None if baseline is None else store.run(baseline)
    if base is not None and base.id not in {run.id for run in runs}:
        runs.append(base)
    named = {run.id for run in runs}
    folders = {run.id: run.folder / "student" for run in runs}
    found = compare(
        runs,
        store.scores(),
        task or (base.task if base is not None else ""),
        base.id if base is not None else None,
        bytes_of=lambda run: leaving_bytes(folders[run]),
        elsewhere=[run for run in store.runs() if run.id not in named] if references else (),
    )
    if task is not None and found.task != task:
        raise EngineError(f"--task: none of these runs has finished on {task} with a score.")
    if base is not None and (found.task != base.task or found.baseline is None or not _is_of(found.baseline, base)):
        raise EngineError(f"--baseline: run {base.id} has no score on {found.task or 'a task'} to compare with.")
    if form == "json":
        say_json(_plain(found))
    elif found.baseline is None:
        say("No run has finished with a score yet; “distill runs” lists them.")
    elif form == "markdown":
        say(as_markdown(found), end="")
    else:
        _print(found, found.baseline)
    return 0


def _is_of(one: Contender, run: RunLike) -> bool:
    return run.state == "finished" and one.student == run.architecture and one.method == method_of_run(run)


def _print(found: Comparison, baseline: Contender) -> None:
    say(f"{subtitle(found)} · baseline: {baseline.title}\n")
    for verdict in in_reading_order(found.verdicts):
        said, sure = verdict_words(verdict, baseline, found.metric)
        say(f"{TAGS[verdict.kind]}: {said}" + (f" – {sure}" if sure else ""))
    if not found.verdicts:
        say("There is nothing to compare it with: all of these runs are one method.")
    if note := footnote(found):
        say(note)
    say()
    numbers = [f"#{number}" for number in range(1, len(found.contenders) + 1)]
    rows = [[number, *figures(one, baseline)] for number, one in zip(numbers, found.contenders, strict=True)]
    _list(["", *figure_heads(found)], rows)
    if found.diff:
        say()
        keys, columns = [row.key for row in found.diff], [row.values for row in found.diff]
        if len(numbers) > len(keys):  # a line a method: forty of them fit below each other only
            _list(["", *keys], [list(row) for row in zip(numbers, *columns, strict=True)])
        else:
            _list(["Setting", *numbers], [[key, *values] for key, values in zip(keys, columns, strict=True)])
    if len(found.tasks) > 1:
        others = ", ".join(name for name, _ in found.tasks if name != found.task)
        say(f"\nThere are scored runs on other tasks too: --task {others.replace(', ', ', --task ')}")


def _list(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*(Column(text_cell(head), overflow="fold") for head in heads), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(text_cell, row))
    print_list(table)


def _plain(found: Comparison) -> dict[str, Any]:
    return {
        "task": found.task,
        "metric": found.metric,
        "splits": list(found.splits),
        "baseline": found.baseline.title if found.baseline else None,
        "contenders": [_contender(one) for one in found.contenders],
        "verdicts": [_verdict(verdict, found) for verdict in found.verdicts],
        "differences": [
            {"key": row.key, "values": list(row.values), "differs": list(row.differs)} for row in found.diff
        ],
    }


def _contender(one: Contender) -> dict[str, Any]:
    return {
        "title": one.title, "student": one.student, "runs": list(one.runs),
        "scores": {str(seed): value for seed, value in one.by_seed.items()}, "mean": one.mean, "spread": one.spread,
        "parameters_m": one.parameters_m, "bytes": one.bytes, "seconds": one.seconds,
        "devices": list(one.devices), "teacher": one.teacher,
    }  # fmt: skip


def _verdict(verdict: Verdict, found: Comparison) -> dict[str, Any]:
    assert found.baseline is not None
    titles = {one.key: one.title for one in found.contenders}
    return {
        "contender": verdict.contender.title, "verdict": verdict.kind, "seeds": verdict.seeds,
        "difference": verdict.difference, "spread": verdict.spread, "p": verdict.p, "tests": verdict.tests,
        "interval_95": verdict.interval, "sign_test": verdict.by_sign, "gap_closed": verdict.gap_closed,
        "also_differ": list(verdict.also_differ),
        "left_out_runs": list(verdict.elsewhere),
        "missing_seeds": {titles[key]: list(seeds) for key, seeds in (verdict.missing or {}).items()},
        "text": " – ".join(filter(None, verdict_words(verdict, found.baseline, found.metric))),
    }  # fmt: skip
