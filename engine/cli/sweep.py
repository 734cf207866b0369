"""``distill sweep``: one configuration over the values of some keys; all of its runs are looked at before one is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from engine.cli.opening import opened, say_interrupted
from engine.cli.run import name_of, text_of
from engine.cli.terminal import NameCell, print_list, say, say_json, terminal, text_cell
from engine.config import DistillationConfig, notice_of
from engine.config.sweep import MOST_RUNS, MOST_RUNS_AT_ALL, Sweep, sweep_over
from engine.device import choose_device
from engine.diagnosis.downloads import cannot_be_had
from engine.errors import ConfigError, Fault
from engine.training.preflight import preview

MOST_SHOWN = 40  # lines of the table


def sweep_here(
    path: Path, overs: list[str], overrides: list[str], home: Path, *, dry_run: bool, force: bool, work: bool
) -> int:
    """Queue every run of a sweep, or none. Exit status 0, or 1 where one that was trained at once failed. Raises ConfigError."""
    sweep, faults, notices = _read_and_look(path, overs, overrides, home, force)
    if faults:
        raise ConfigError(faults, name_of(path))
    for device in dict.fromkeys(config.training.device for config in sweep.configs):
        if device.startswith("cuda"):
            choose_device(device)  # whether it is there only torch can say; before anything is stored
    if work and not dry_run:
        unlike = {_looked_at(config, []): config for config in sweep.configs}
        if unhad := [fault for config in unlike.values() if (fault := cannot_be_had(config))]:
            raise ConfigError(list(dict.fromkeys(unhad)), name_of(path))
    console = terminal(error=True)
    for level, notice in [("note", sentence) for sentence in sweep.left_out] + notices:
        console.print(f"[yellow]{level}[/yellow]  {escape(notice)}")
    if dry_run:
        _show(sweep, [])
        say(f"{_runs(sweep.count)} in all; nothing was stored.")
        return 0
    store = opened(home)
    if store.recover_dead():
        say_interrupted(store)
    numbers = store.enqueue_all(sweep.configs)
    _show(sweep, numbers)
    there = f"{_runs(len(numbers))} {'is' if len(numbers) == 1 else 'are'} in the queue"
    if not work:
        say(f"{there}; “distill work” or the window trains them, “distill table” compares them.")
        return 0
    say(f"{there}.")
    from engine.cli.sweep_work import train_all

    store.close()
    return train_all(home, numbers)


def look_only(
    path: Path, overs: list[str], overrides: list[str], home: Path, *, force: bool, remember: bool = False
) -> int:
    """Print as JSON what there is to know of a sweep: its runs by name, faults, notices. Exit status 0, or 2 with faults."""
    sweep, faults, notices = _read_and_look(path, overs, overrides, home, force, remember)
    found = {
        "ready": not faults,
        "runs": [config.name for config in sweep.configs],
        "faults": [{"key": fault.key, "message": fault.message} for fault in faults],
        "notices": [
            {"level": level, "text": text} for level, text in [*(("note", s) for s in sweep.left_out), *notices]
        ],
    }
    say_json(found, indent=None)
    return 2 if faults else 0


def _read_and_look(
    path: Path, overs: list[str], overrides: list[str], home: Path, force: bool, remember: bool = False
) -> tuple[Sweep, list[Fault], list[tuple[str, str]]]:
    """The sweep, all that is wrong with it, and (level, notice)."""
    text, folder = text_of(path)
    most, remedy = (MOST_RUNS_AT_ALL, "") if force else (MOST_RUNS, "say --force if that is meant")
    sweep = sweep_over(text, overs, folder, overrides, most, remedy)
    return sweep, *_look(sweep, home, remember)


def _runs(count: int) -> str:
    return f"{count:,} run{'s' if count != 1 else ''}"


def _look(sweep: Sweep, home: Path, remember: bool) -> tuple[list[Fault], list[tuple[str, str]]]:
    """What would stop a run, and what to know, each once. Runs alike in what is looked at are looked at once."""
    known = {fault for _, faults in sweep.drafts for fault in faults}
    faults: dict[Fault, list[str]] = {}
    notices: dict[tuple[str, str], int] = {}
    kinds: dict[str, list[tuple[DistillationConfig, list[Fault]]]] = {}
    for config, its in sweep.drafts:
        kinds.setdefault(_looked_at(config, its), []).append((config, its))
        if of_loss := notice_of(config.loss, config.features):
            notices["look", of_loss] = notices.get(("look", of_loss), 0) + 1
    names = {id(draft): named.name for (draft, _), named in zip(sweep.drafts, sweep.configs, strict=False)}
    for alike in kinds.values():
        config, its = alike[0]
        found = preview(config, its, home, thorough=True, remember=remember)
        for fault in (Fault(entry["key"], entry["message"]) for entry in found.faults):
            if fault not in known:
                faults.setdefault(fault, []).append(names.get(id(config), ""))
        for notice in found.notices:
            if notice["level"] != "fine" and notice["key"] != "loss.kind":
                said = notice["level"], notice["text"]
                notices[said] = notices.get(said, 0) + len(alike)
    placed = [
        Fault(fault.key, f"{fault.message} (first in “{where[0]}”)") if where[0] and len(where) < len(kinds) else fault
        for fault, where in faults.items()
    ]
    total = len(sweep.drafts)
    return sweep.faults + placed, [
        (level, text if count == total else f"{text} ({count:,} of the {_runs(total)}.)")
        for (level, text), count in notices.items()
    ]


def _looked_at(config: DistillationConfig, faults: list[Fault]) -> str:
    """What the look at files and models rests on: not the numbers of the loss, nor how long and how fast it trains."""
    table: dict[str, Any] = config.to_dict()
    rest = {key: table.get(key) for key in ("task", "teacher", "student", "features")}
    return json.dumps([rest, config.loss.kind, config.training.device, [fault.key for fault in faults]], sort_keys=True)


def _show(sweep: Sweep, numbers: list[int]) -> None:
    """A line a run: its number where it has one, its own values, its name. Of a long sweep the beginning and the end."""
    table = Table(*(["#"] if numbers else []), *(axis.key for axis in sweep.axes), "Name", box=None, pad_edge=False)
    lines = list(zip(sweep.values, sweep.configs, strict=True))
    hidden = range(MOST_SHOWN - 5, len(lines) - 4) if len(lines) > MOST_SHOWN else range(0)
    for place, (values, config) in enumerate(lines):
        if place in hidden:
            if place == hidden.start:
                table.add_row("…", *[""] * (len(values) + bool(numbers) - 1), f"… and {len(hidden):,} more")
            continue
        number = [str(numbers[place])] if numbers else []
        table.add_row(*(text_cell(cell) for cell in (*number, *values)), NameCell(config.name))
    print_list(table)
