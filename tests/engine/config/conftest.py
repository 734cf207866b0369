"""A catalogue with two tasks, so that these tests do not rest on which tasks there are."""

import pytest

from engine import catalog
from engine.types import Task


def _task(name: str) -> Task:
    return Task(name, name.upper(), "", ("sentence",), "classification", ("accuracy",), ("no", "yes"))


@pytest.fixture(autouse=True)
def tasks(monkeypatch):
    known = {name: _task(name) for name in ("mrpc", "rte")}
    monkeypatch.setattr(catalog, "tasks", lambda: known)
    return known
