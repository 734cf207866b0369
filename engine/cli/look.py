"""Commands that look at what is stored: runs, show, table, pause, export."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from engine import catalog
from engine.cli.opening import interrupted_sentence, megabytes, opened
from engine.cli.terminal import NameCell, fitting, print_list, say, say_json, text_cell
from engine.errors import EngineError, StoreError
from engine.store import RunRecord
from engine.store.liveness import is_had
from engine.store.records import ENDED, INTERRUPTED, RESUMABLE, RUNNING
from engine.store.run_log import last_lines
from engine.store.trash import size_of


def list_runs(home: Path, as_json: bool, trash: bool = False) -> None:
    """All runs, oldest first, or with ``trash`` those that were discarded, the last one first."""
    store = opened(home)
    found = store.trash() if trash else store.runs()
    if as_json:
        say_json([_plain(run) for run in found])
        return
    if not found:
        say("The trash is empty." if trash else "No runs yet; “distill run CONFIG” makes one.")
        return
    last = "Discarded, files" if trash else "Score"
    heads = ["#", "Name", "State", "Task", "Student", "Loss", "Seed", last]
    rows = [[*_cells(run), _discarded(run) if trash else _score(run)] for run in found]
    shown = fitting(heads, rows, "Name", ("Seed", "Student", "Loss", "Task"))
    table = Table(box=None, pad_edge=False)
    for head in shown:
        table.add_column(head, no_wrap=head != "Name")
    for row in rows:
        cells = dict(zip(heads, row, strict=True))
        table.add_row(*(NameCell(cells[head]) if head == "Name" else text_cell(cells[head]) for head in shown))
    print_list(table)
    if any(_is_dead(run) for run in found):
        say("✝ Its process is gone. “distill resume RUN” goes on from its last checkpoint.")
    if sentence := interrupted_sentence([run.id for run in found if run.state == INTERRUPTED and not trash]):
        say(sentence)


def _cells(run: RunRecord) -> list[str]:
    state = run.state
    if run.state == RUNNING and run.total_steps:
        state = f"{run.state} {100 * run.step // run.total_steps} %"
    if _is_dead(run):
        state = f"✝ {state}"
    return [str(run.id), run.name, state, run.task, Path(run.architecture).name, _objective(run), str(run.seed)]


def _objective(run: RunRecord) -> str:
    """The loss and the feature terms: "kl + hidden"."""
    features = run.config.get("features") or []
    return " + ".join([run.loss, *(str(term.get("kind")) for term in features)])


def _score(run: RunRecord) -> str:
    return f"{run.best_score * 100:.1f} {run.key_metric}" if run.best_score is not None else "–"


def _discarded(run: RunRecord) -> str:
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.trashed_at))
    return f"{day}, {megabytes(size_of(run.folder))}"


def _is_dead(run: RunRecord) -> bool:
    """A process that died without a word leaves its run as running; only shown here, as looking changes nothing."""
    return run.state == RUNNING and not is_had(run)


def _plain(run: RunRecord) -> dict[str, Any]:
    return {**asdict(run), "folder": str(run.folder), "process_is_gone": _is_dead(run)}


def show_run(home: Path, reference: str, as_json: bool) -> None:
    """One run with its scores and the last values of its curves."""
    store = opened(home)
    run = store.run(reference)
    scores = store.scores(run.id)
    if as_json:
        last = {name: float(store.curve(run.id, name)[2][-1]) for name in store.curve_names(run.id)}
        content = {**_plain(run), "scores": [asdict(score) for score in scores], "last_values": last}
        say_json(content)
        return
    say(f"Run {run.id}: {run.name}\nState: {run.state}" + (f" ({run.phase})" if run.phase else ""))
    if run.trashed_at is not None:
        say(f"In the trash; “distill restore {run.id}” brings it back.")
    if _is_dead(run):
        say("Its process is gone.")
    if run.reason:
        say(run.reason)
    if run.trashed_at is None and (run.state in RESUMABLE or _is_dead(run)):
        say(f"“distill resume {run.id}” goes on {_from_where(run)}.")
    if run.device:
        say(f"Device: {run.device} ({run.device_reason})")
    if run.started_at:
        took = max(0.0, (run.ended_at or time.time()) - run.started_at)  # a clock may be set back
        since = " since it was resumed" if (run.attempt or 0) > 1 else ""
        say(f"Took: {took:.1f} s{since}, {run.step} of {run.total_steps} steps")
    for score in scores:
        say(f"{score.model:>8}  {score.split}  {score.metric} {score.value * 100:.2f}")
    if lines := last_lines(run.log_file):
        say("The end of its log:\n" + "\n".join(f"  {line}" for line in lines))
    say(f"Folder: {run.folder}\n\n{run.toml}")


def _from_where(run: RunRecord) -> str:
    from engine.training.checkpoint import newest_step

    found = newest_step(run.folder / "checkpoints")
    if found is None:
        return "from the beginning: it has no checkpoint"
    return f"from its checkpoint at step {found[1]}" + (" of the teacher's training" if found[0] == "teacher" else "")


def print_table(home: Path, name: str, show_published: bool, with_gradient: bool) -> None:
    """Table 2 of the stored runs. Raises EngineError for an unknown format."""
    from engine.analysis import gradient_share
    from engine.analysis.formats import table_formats
    from engine.analysis.published import read_published
    from engine.analysis.table import build_table

    formats = table_formats()
    if name not in formats:
        raise EngineError(f"--format: there is no “{name}”; choose one of {', '.join(formats)}.")
    store = opened(home)
    built = build_table(
        store.runs(),
        store.scores(),
        read_published(),
        show_published=show_published,
        curve_means=store.curve_means(gradient_share.CURVES) if with_gradient else None,
    )
    say(formats[name].render(built), end="")


def pause_run(home: Path, reference: str) -> None:
    """Ask for a checkpoint and the device back. Raises StoreError where the run has ended already."""
    store = opened(home)
    run = store.run(reference)
    if run.state in ENDED:
        raise StoreError(f"Run {run.id} is not running ({run.state}), so there is nothing to pause.")
    store.request_pause(run.id)
    done = "was asked to pause" if run.state == RUNNING else "is out of the queue"
    say(f"Run {run.id} {done}; “distill resume {run.id}” goes on with it.")


def export_run(home: Path, reference: str, folder: Path, name: str) -> None:
    """Write a student with one of the exporters. Raises EngineError where it cannot be."""
    exporters = catalog.exporters()
    if name not in exporters:
        raise EngineError(f"--format: there is no “{name}”; choose one of {', '.join(exporters)}.")
    store = opened(home)
    run = store.run(reference)
    files = exporters[name].export(run, store.scores(run.id), folder)
    say(f"Run {run.id} exported to {folder.resolve()}: {', '.join(file.name for file in files)}")
