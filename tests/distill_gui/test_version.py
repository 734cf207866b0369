"""The version comes from what is installed."""

from importlib import metadata

import pytest

from distill_gui import version as module
from distill_gui.version import version


def test_the_installed_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGE", "pytest")
    assert version() == metadata.version("pytest")


def test_a_tree_that_was_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGE", "no-such-package-anywhere")
    assert version() == "from source"
