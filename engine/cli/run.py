"""``distill run`` and ``distill check``: look at everything first, then train in this process with progress bars."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from rich.markup import escape

from engine.cli.execute import execute
from engine.cli.opening import opened, say_interrupted
from engine.cli.progress import RunProgress
from engine.cli.terminal import Terminal, say, say_json, terminal
from engine.config import DistillationConfig, parse_leniently, read_text
from engine.config.reading import decoded
from engine.data.cache_room import room_limit
from engine.device import choose_device
from engine.diagnosis.downloads import cannot_be_had
from engine.errors import ConfigError, Fault
from engine.store import RunRecord, Store
from engine.store.processes import own_identity
from engine.store.records import ENDED, FINISHED, PAUSED, STOPPED
from engine.training.preflight import Preview, preview


def look_at(path: Path, overrides: list[str]) -> tuple[DistillationConfig | None, list[Fault]]:
    """The configuration of a file, or of stdin for “-”, with all that is wrong in it. Raises ConfigError for an unreadable one."""
    text, folder = text_of(path)
    return parse_leniently(text, folder, overrides)


def text_of(path: Path) -> tuple[str, Path]:
    """The TOML of a file, or of stdin for “-”, and the folder its paths are relative to. Raises ConfigError."""
    if str(path) == "-":
        return decoded(sys.stdin.buffer.read(), "stdin"), Path.cwd()
    return read_text(path), path.resolve().parent


def _look(
    path: Path, overrides: list[str], home: Path, remember: bool = False
) -> tuple[DistillationConfig | None, Preview]:
    config, faults = look_at(path, overrides)
    return config, preview(config, faults, home, thorough=True, remember=remember)


def _raise_faults(found: Preview, path: Path) -> None:
    if found.faults:
        raise ConfigError([Fault(fault["key"], fault["message"]) for fault in found.faults], name_of(path))


def name_of(path: Path) -> str:
    """What a file is called in sentences."""
    return "stdin" if str(path) == "-" else str(path)


def check_only(path: Path, overrides: list[str], as_json: bool, home: Path, remember: bool = False) -> int:
    """Print the findings; exit status 0 when ready, 2 when not. ``remember`` as in ``preview``."""
    _, found = _look(path, overrides, home, remember)
    if as_json:
        say_json(found.to_dict(), indent=None)
        return 0 if found.ready else 2
    for notice in found.notices:
        say(f"{notice['level']:>5}  {notice['text']}")
    for name, size in (("teacher", found.teacher), ("student", found.student)):
        if size and size.parameters:
            say(f"{name}: {size.layers} × {size.hidden}, {size.parameters / 1e6:.1f} M parameters")
    if found.steps:
        say(f"{found.steps} steps" + (f" on {found.device} ({found.device_reason})" if found.device else ""))
    _raise_faults(found, path)
    say("Ready.")
    return 0


def run_here(path: Path, overrides: list[str], home: Path, only_queue: bool) -> int:
    """Train one configuration in this process. Exit status 0 finished or stopped, 1 failed. Raises ConfigError."""
    config, found = _look(path, overrides, home)
    _raise_faults(found, path)
    assert config is not None, "no faults means a configuration"
    if config.training.device.startswith("cuda"):
        choose_device(config.training.device)  # whether it is there only torch can say; before anything is stored
    if not only_queue and (fault := cannot_be_had(config)):
        raise ConfigError([fault], name_of(path))
    console = terminal(error=True)
    for notice in found.notices:
        if notice["level"] != "fine":
            console.print(f"[yellow]{notice['level']}[/yellow]  {escape(notice['text'])}")
    store = opened(home)
    if store.recover_dead():
        say_interrupted(store)
    number = store.enqueue(config)
    return _train(store, number, console, only_queue)


def resume_here(reference: str, home: Path, only_queue: bool) -> int:
    """Go on with a run in this process. Exit status 0 finished, stopped or paused, 1 failed. Raises StoreError."""
    room_limit(home / "cache")  # a sentence before anything changes, where DISTILL_CACHE_GB is no number
    store = opened(home)
    store.recover_dead()  # a run whose process died is then interrupted, and can be resumed
    number = store.run(reference).id
    store.resume(number)
    return _train(store, number, terminal(error=True), only_queue)


def _train(store: Store, number: int, console: Terminal, only_queue: bool) -> int:
    """Train a queued run here, or follow whoever took it; or leave it in the queue."""
    if only_queue:
        console.print(f"Run {number} is in the queue; “distill work” or the window trains it.")
        return 0
    run = store.claim(*own_identity(), run=number)
    if run is None:  # a worker was faster
        console.print(f"Run {number} was taken by the worker of this home; following it.")
        return _report(console, _follow(store, number, console))
    with suppress(OSError):  # nobody may be there to read it: the run is this process's by now, and goes on
        console.print(f"Run {number}: {escape(run.name)}")
    with RunProgress(console) as progress:
        ended = execute(store, run, progress.hear)
    return _report(console, ended)


def _follow(store: Store, number: int, console: Terminal) -> RunRecord:
    with RunProgress(console) as progress:
        while (run := store.run(number)).state not in ENDED:
            store.recover_dead()  # a worker that died cannot say so itself
            progress.show(run.phase, run.phase_done, run.phase_total)
            time.sleep(0.25)
    return run


def _report(console: Terminal, run: RunRecord) -> int:
    with suppress(OSError):
        if run.state not in (FINISHED, STOPPED, PAUSED):
            console.print(f"[red]{run.state}[/red]: {escape(run.reason)}\nLog: {escape(str(run.log_file))}")
        elif run.state in (STOPPED, PAUSED):
            console.print(escape(run.reason))
        if run.state in (FINISHED, STOPPED, PAUSED) and run.best_score is not None:
            teacher = f", teacher {run.teacher_score * 100:.1f}" if run.teacher_score is not None else ""
            say(f"{run.key_metric} {run.best_score * 100:.1f} at step {run.best_step}{teacher}; run {run.id}")
    return 0 if run.state in (FINISHED, STOPPED, PAUSED) else 1
