"""What the store's tests share: a configuration, an open store, and processes that use the same home."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import engine
from engine import catalog
from engine.config import DistillationConfig, parse_config
from engine.store import Store
from engine.types import Task


@pytest.fixture
def make_config(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DistillationConfig]:
    """A valid configuration; ``overrides`` as after --set. Does not rest on which tasks there are."""
    task = Task("mrpc", "MRPC", "", ("sentence",), "classification", ("accuracy",), ("no", "yes"))
    monkeypatch.setattr(catalog, "tasks", lambda: {"mrpc": task})

    def make(*overrides: str) -> DistillationConfig:
        smallest = '[task]\nname = "mrpc"\n[student]\ntokenizer = "owner/words"\n[loss]\nkind = "none"\n'
        return parse_config(smallest, overrides=overrides)

    return make


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store(home, patience_s=5)
    yield opened
    opened.close()


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``python -c code args…`` that can import the engine; ended at the latest with the test."""
    started: list[subprocess.Popen[str]] = []
    tree = str(Path(engine.__file__).parent.parent)

    def run(code: str, *arguments: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": tree},
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
