"""A draft as something to keep, to queue or to paste into a shell, and a file as a draft again. Knows no Qt."""

from __future__ import annotations

import copy
import shlex
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from distill_gui.models.compose_draft import Draft
from engine.config import parse_config, parse_leniently, read_text, travelling
from engine.config.references import resolve_paths
from engine.errors import ConfigError, Fault


def as_toml(table: dict[str, Any]) -> str:
    """A nested table as TOML: the whole configuration where it is in order, else as far as it goes."""
    written = tomli_w.dumps(table)
    config, faults = parse_leniently(written)
    return config.to_toml() if config is not None and not faults else written


def for_elsewhere(toml: str) -> str:
    """A TOML as it is taken away: what comes with the program is named so that another machine finds it there too."""
    table = tomllib.loads(toml)
    travelling(table)
    return tomli_w.dumps(table)


def one_a_seed(draft: Draft, seeds: list[int]) -> list[str]:
    """One whole configuration a seed, told apart by name where they have one. Raises ConfigError."""
    found = []
    for seed in seeds:
        config = parse_config(tomli_w.dumps(draft.table(seed)))
        if config.name and len(seeds) > 1:
            config = config.model_copy(update={"name": f"{config.name} · seed {seed}"})
        found.append(config.to_toml())
    return found


def shell_command(toml: str, seeds: list[int], file: Path | None) -> str:
    """``distill run`` with ``file`` where that says the same as ``toml``, else with the TOML itself; one run a seed."""
    seed = " --set training.seed=$seed" if len(seeds) > 1 else ""
    if file is not None and _says(file, toml):
        line = f"distill run {shlex.quote(str(file))}{seed}"
    else:
        line = f"distill run -{seed} <<'END_OF_TOML'\n{toml.rstrip()}\nEND_OF_TOML"
    return f"for seed in {' '.join(map(str, seeds))}; do\n{line}\ndone" if seed else line


def _says(file: Path, toml: str) -> bool:
    try:
        return parse_config(read_text(file), file.parent) == parse_config(toml)
    except ConfigError:
        return False


def table_of(text: str, folder: Path) -> dict[str, Any]:
    """The nested table of a TOML with its folders absolute. A faulty path stays as written, for the engine to name.

    Raises ConfigError where the text is no TOML.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError([Fault("", f"not valid TOML: {error}")]) from None
    resolved = copy.deepcopy(table)
    resolve_paths(resolved, folder)
    for section, content in table.items():
        if isinstance(content, dict):
            resolved[section] = {**content, **resolved[section]}
    return resolved
