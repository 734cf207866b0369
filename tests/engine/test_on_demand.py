"""A package that offers names on demand: loads a file when one of its names is asked for, and once."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import engine.config
import engine.store
import engine.types

SOURCE = """
from engine.on_demand import on_demand

__getattr__ = on_demand(__name__, {"answer": "deep", "missing": "deep"})
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "offering"
    folder.mkdir()
    (folder / "__init__.py").write_text(SOURCE)
    (folder / "deep.py").write_text("answer = object()\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "offering"
    for name in [name for name in sys.modules if name.startswith("offering")]:
        del sys.modules[name]


def test_a_file_is_loaded_when_its_name_is_asked_for(package: str) -> None:
    offering = import_module(package)
    assert "offering.deep" not in sys.modules
    answer = offering.answer
    assert answer is sys.modules["offering.deep"].answer
    assert vars(offering)["answer"] is answer  # the next look costs nothing


def test_what_is_not_offered_is_no_attribute(package: str) -> None:
    offering = import_module(package)
    with pytest.raises(AttributeError, match="'offering' has no attribute 'other'"):
        getattr(offering, "other")  # noqa: B009
    with pytest.raises(AttributeError):
        getattr(offering, "missing")  # noqa: B009 - offered, but the file does not define it


@pytest.mark.parametrize("offering", [engine.config, engine.store, engine.types], ids=lambda each: each.__name__)
def test_every_name_the_engine_offers_is_there(offering: object) -> None:
    assert sorted(offering.__all__) == sorted(offering._FILES)  # type: ignore[attr-defined]
    for name in offering.__all__:  # type: ignore[attr-defined]
        assert getattr(offering, name) is not None
