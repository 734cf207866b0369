"""Finding the panels: every one in rail order, its key the file's name, its icon drawn."""

from types import SimpleNamespace

import pytest

from distill_gui import panels
from distill_gui.panels import Panel, discover
from distill_gui.theme.drawings import DRAWINGS


def test_the_places_in_rail_order() -> None:
    assert [panel.key for panel in discover()] == ["compose", "runs", "table", "compare", "export"]


def test_every_panel_has_a_title_and_an_icon_of_ours() -> None:
    for panel in discover():
        assert panel.title
        assert panel.icon in DRAWINGS


def test_a_key_that_is_not_the_files_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = SimpleNamespace(PANEL=Panel("runs", "Runs", "runs", 1, lambda models: None))  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(panels.pkgutil, "iter_modules", lambda path: [SimpleNamespace(name="table")])
    monkeypatch.setattr(panels.importlib, "import_module", lambda name: wrong)
    with pytest.raises(RuntimeError, match=r"panels/table\.py declares 'runs'"):
        discover()


def test_a_file_without_a_panel_is_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels.pkgutil, "iter_modules", lambda path: [SimpleNamespace(name="shared")])
    monkeypatch.setattr(panels.importlib, "import_module", lambda name: SimpleNamespace())
    assert discover() == []
