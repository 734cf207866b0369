"""Who may import whom (the rules of the house), proved over every file there is; each rule is shown to fail once.

An import is looked at wherever it stands. Under ``if TYPE_CHECKING`` it is only for the reader: there it may name torch, and
in panels the store's records. What a rule forbids, and what to do instead, is said by the failing test.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "transformers", "datasets", "accelerate", "sklearn", "pandas")


# ── reading imports ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Import:
    """``module`` imports ``target`` (dotted, as far as the statement tells) in ``line``."""

    module: str
    target: str
    line: int
    at_import: bool  # runs when the module is imported, not only when a function is called
    for_types: bool  # under ``if TYPE_CHECKING``

    def __str__(self) -> str:
        return f"{self.module.replace('.', '/')}.py:{self.line} imports {self.target}"


def imports_of(source: str, module: str, is_package: bool = False) -> list[Import]:
    """Every import in ``source``; relative ones are made absolute."""
    found: list[Import] = []

    def visit(node: ast.AST, at_import: bool, for_types: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend(Import(module, alias.name, node.lineno, at_import, for_types) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".") if is_package else module.split(".")[:-1]
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            found.extend(
                Import(module, f"{base}.{alias.name}", node.lineno, at_import, for_types) for alias in node.names
            )
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            for child in node.body:
                visit(child, False, True)
            for child in node.orelse:
                visit(child, at_import, for_types)
            return
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, at_import and not inside, for_types)

    visit(ast.parse(source), True, False)
    return found


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


@cache
def all_imports() -> list[Import]:
    found: list[Import] = []
    for package in ("engine", "distill_gui"):
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            module = ".".join(parts[:-1] if is_package else parts)
            found += imports_of(file.read_text(encoding="utf-8"), module, is_package)
    return found


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of these packages or lies in one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


# ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────
def engine_knows_no_window(found: Import) -> str:
    """1. The engine works without a window."""
    if within(found.module, "engine") and within(found.target, "PySide6", "shiboken6", "pyqtgraph", "distill_gui"):
        return "the engine knows no window: emit an event, or move this into distill_gui"
    return ""


def store_and_its_like_know_no_torch(found: Import) -> str:
    """1. What the window takes from the engine is free of torch, inside functions too."""
    free = ("store", "analysis", "config", "events", "errors", "catalog", "types")
    if within(found.module, *(f"engine.{part}" for part in free)) and within(found.target, *HEAVY):
        if found.for_types:
            return ""
        return "the window imports this module: keep torch out, hand plain numbers and numpy arrays over instead"
    return ""


def declarations_import_torch_inside_functions(found: Import) -> str:
    """1. Losses, tasks and exporters are discovered by the window and by every command."""
    declaring = ("engine.losses", "engine.tasks", "engine.exporters", "engine.cli", "engine.__main__")
    if within(found.module, *declaring) and within(found.target, *HEAVY) and found.at_import:
        return (
            "the catalogue imports this module to read what it declares: import torch inside the function that uses it"
        )
    return ""


GROUND = {"beside", "on_demand", "types", "errors", "events", "catalog", "files", "patience", "visible"}
BELOW_TRAINING = GROUND | {"config", "losses", "tasks", "models", "data", "device", "seeding", "free_memory"}
MAY_IMPORT: dict[str, set[str]] = {
    "on_demand": set(), "types": {"on_demand"},
    "beside": set(), "errors": set(), "events": set(), "files": set(), "patience": set(), "visible": set(),
    "catalog": {"types", "errors"},
    "losses": GROUND, "tasks": GROUND,
    "config": GROUND | {"losses"},  # the formula of a configuration's loss
    "device": {"beside", "errors"}, "seeding": {"errors"}, "free_memory": set(),
    "models": GROUND | {"config", "device"},
    "data": GROUND | {"config", "models"},  # rows are tokenised by a model's tokenizer
    "analysis": GROUND | {"config"},
    "store": GROUND | {"config"},
    "training": BELOW_TRAINING,
    "diagnosis": BELOW_TRAINING | {"training"},
    "exporters": BELOW_TRAINING | {"analysis", "store"},
    "cli": BELOW_TRAINING | {"training", "diagnosis", "exporters", "analysis", "store"},
    "__main__": {"cli", "errors", "visible"},
}  # fmt: skip


def engine_imports_downwards(found: Import) -> str:
    """2. cli > diagnosis > training, exporters > losses, tasks, models, data > types, errors, events, catalog."""
    if not within(found.module, "engine") or not found.target.startswith("engine."):
        return ""
    part = found.module.split(".")[1] if "." in found.module else ""
    target = found.target.split(".")[1]
    if target.startswith("__version") or target == part:
        return ""
    if part not in MAY_IMPORT:
        return f"“{part or 'engine/__init__.py'}” has no place in the layers: give it one in MAY_IMPORT of this test"
    if target in MAY_IMPORT[part]:
        return ""
    remedies = {
        ("training", "store"): "training is handed emit and a folder: let the caller pass what it needs",
        ("losses", "tasks"): "losses and tasks do not know each other: pass plain values",
        ("tasks", "losses"): "losses and tasks do not know each other: pass plain values",
    }
    below = ", ".join(sorted(MAY_IMPORT[part])) or "nothing of the engine"
    return remedies.get(
        (part, target), f"imports go downwards: engine.{part} may know {below}; move this up, or pass it in"
    )


def window_takes_from_the_engine_only_its_surface(found: Import) -> str:
    """3. Never torch, and of the engine only config, events, errors, catalog, store, analysis."""
    if not within(found.module, "distill_gui"):
        return ""
    if within(found.target, *HEAVY) and not found.for_types:
        return "the window never imports torch: ask the engine through a process (services) or through the store"
    surface = ("config", "events", "errors", "catalog", "store", "analysis", "__version__", "__file__")
    if found.target.startswith("engine.") and found.target.split(".")[1] not in surface:
        return f"distill_gui takes from the engine only {', '.join(surface[:6])}: reach this through one of them"
    return ""


def parts_of_the_window_keep_apart(found: Import) -> str:
    """4. widgets, models, services and panels each know only what they must; app.py connects."""
    gui, target = "distill_gui", found.target
    if within(found.module, f"{gui}.widgets") and within(
        target, "engine", *(f"{gui}.{part}" for part in ("models", "panels", "services", "windows", "app"))
    ):
        return "a widget knows neither engine nor models: give it plain values by set_x, let it tell by signals"
    in_theme = within(found.module, f"{gui}.theme")
    if in_theme and within(target, "engine", gui) and not within(target, f"{gui}.theme"):
        return "the theme knows only Qt: colours, spacing and icons are handed out, nothing is asked"
    if within(found.module, f"{gui}.models") and within(
        target, "PySide6.QtWidgets", *(f"{gui}.{part}" for part in ("widgets", "panels", "services", "windows", "app"))
    ):
        return "a model knows no widgets: QtCore only, and app.py brings it what services say"
    if within(found.module, f"{gui}.services") and within(
        target, "PySide6.QtWidgets", *(f"{gui}.{part}" for part in ("widgets", "models", "panels", "windows", "app"))
    ):
        return "a service knows no widgets and no models: emit a signal, app.py connects it"
    if within(found.module, f"{gui}.panels"):
        return _fault_of_a_panel(found)
    if (
        within(found.module, f"{gui}.windows")
        and within(target, f"{gui}.services", f"{gui}.app")
        and not found.for_types
    ):
        return "a window is handed what it shows: emit a signal, app.py connects it to the service"
    return ""


def _fault_of_a_panel(found: Import) -> str:
    gui, target = "distill_gui", found.target
    if within(target, f"{gui}.services", f"{gui}.windows", f"{gui}.app"):
        return "a panel does not know services: emit a signal, app.py connects it"
    if within(target, "engine") and not found.for_types:
        return "a panel knows models and widgets only: let a model ask the engine"
    own = ".".join(found.module.split(".")[:3])
    if target.startswith(f"{gui}.panels.") and found.module != f"{gui}.panels" and not within(target, own):
        if target.split(".")[2] in {"Panel", "discover"}:
            return ""
        return "panels do not know each other: share a widget or a model, or connect them in app.py"
    return ""


def only_the_plots_know_pyqtgraph(found: Import) -> str:
    """4. widgets/plot*.py are the only importers of pyqtgraph."""
    if within(found.target, "pyqtgraph") and not found.module.startswith("distill_gui.widgets.plot"):
        return "only widgets/plot.py and its parts import pyqtgraph: use a widget of widgets/plot.py"
    return ""


RULES: tuple[Callable[[Import], str], ...] = (
    engine_knows_no_window,
    store_and_its_like_know_no_torch,
    declarations_import_torch_inside_functions,
    engine_imports_downwards,
    window_takes_from_the_engine_only_its_surface,
    parts_of_the_window_keep_apart,
    only_the_plots_know_pyqtgraph,
)


def faults(rule: Callable[[Import], str], imports: list[Import]) -> list[str]:
    return [f"{found}: {remedy}" for found in imports if (remedy := rule(found))]


# ── the tree keeps them ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Callable[[Import], str]) -> None:
    found = faults(rule, all_imports())
    assert not found, f"{rule.__doc__}\n" + "\n".join(found)


def test_the_whole_tree_was_read() -> None:
    seen = {found.module.split(".")[0] for found in all_imports()}
    assert seen == {"engine", "distill_gui"}
    assert len({found.module for found in all_imports()}) > 100


def test_the_layers_have_no_circle() -> None:
    def reach(part: str, seen: tuple[str, ...]) -> None:
        assert part not in seen, f"{' → '.join([*seen, part])} is a circle"
        for below in MAY_IMPORT[part]:
            reach(below, (*seen, part))

    for part in MAY_IMPORT:
        reach(part, ())


# ── and each rule can fail ──────────────────────────────────────────────────────────────────────────────────────
PLANTED = [
    (engine_knows_no_window, "engine.training.loop", "from PySide6.QtCore import QTimer", "emit an event"),
    (engine_knows_no_window, "engine.store.store", "def f():\n    import distill_gui.app", "move this into distill_gui"),
    (store_and_its_like_know_no_torch, "engine.store.writer", "def f():\n    import torch", "keep torch out"),
    (store_and_its_like_know_no_torch, "engine.analysis.table", "from sklearn.metrics import f1_score", "numpy"),
    (store_and_its_like_know_no_torch, "engine.config.reading", "import transformers", "keep torch out"),
    (declarations_import_torch_inside_functions, "engine.losses.kl", "import torch.nn.functional as F", "inside the function"),
    (declarations_import_torch_inside_functions, "engine.tasks.rte", "class A:\n    from datasets import load_dataset", "inside"),
    (declarations_import_torch_inside_functions, "engine.exporters.onnx", "try:\n    import torch\nfinally: ...", "inside"),
    (engine_imports_downwards, "engine.training.loop", "from engine.store import Store", "handed emit"),
    (engine_imports_downwards, "engine.losses.kl", "from engine.tasks import rte", "do not know each other"),
    (engine_imports_downwards, "engine.losses.kl", "from engine import training", "imports go downwards"),
    (engine_imports_downwards, "engine.losses.kl", "from ..store import Store", "imports go downwards"),
    (engine_imports_downwards, "engine.catalog", "import engine.cli.app", "imports go downwards"),
    (engine_imports_downwards, "engine.helpers", "from engine.types import Loss", "no place in the layers"),
    (window_takes_from_the_engine_only_its_surface, "distill_gui.app", "def f():\n    import torch", "never imports torch"),
    (window_takes_from_the_engine_only_its_surface, "distill_gui.models.runs", "from engine.types import Task", "only config"),
    (window_takes_from_the_engine_only_its_surface, "distill_gui.services.x", "from engine import training", "only config"),
    (parts_of_the_window_keep_apart, "distill_gui.widgets.tile", "from engine.store import RunRecord", "neither engine nor models"),
    (parts_of_the_window_keep_apart, "distill_gui.widgets.tile", "from distill_gui.models.curves import CurveModel", "set_x"),
    (parts_of_the_window_keep_apart, "distill_gui.models.curves", "from PySide6.QtWidgets import QWidget", "QtCore only"),
    (parts_of_the_window_keep_apart, "distill_gui.models.curves", "from PySide6 import QtWidgets", "QtCore only"),
    (parts_of_the_window_keep_apart, "distill_gui.services.meters", "from PySide6.QtWidgets import QLabel", "emit a signal"),
    (parts_of_the_window_keep_apart, "distill_gui.services.meters", "from distill_gui.models import Models", "emit a signal"),
    (parts_of_the_window_keep_apart, "distill_gui.panels.table", "from distill_gui.services.meters import Meters", "emit a signal"),
    (parts_of_the_window_keep_apart, "distill_gui.panels.table", "from distill_gui.panels.runs import panel", "each other"),
    (parts_of_the_window_keep_apart, "distill_gui.panels.runs.panel", "from engine.catalog import losses", "let a model ask"),
    (parts_of_the_window_keep_apart, "distill_gui.windows.main_window", "from distill_gui.services import engine_thread", "handed"),
    (parts_of_the_window_keep_apart, "distill_gui.theme.style", "from distill_gui.widgets.card import Card", "only Qt"),
    (only_the_plots_know_pyqtgraph, "distill_gui.panels.runs.chart_card", "import pyqtgraph as pg", "widgets/plot.py"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "module", "source", "remedy"), PLANTED, ids=[f"{rule.__name__}-{module}" for rule, module, *_ in PLANTED]
)
def test_a_planted_fault_is_found_and_the_remedy_named(
    rule: Callable[[Import], str], module: str, source: str, remedy: str
) -> None:
    found = faults(rule, imports_of(source, module))
    assert found, f"the rule overlooks: {source}"
    assert remedy in found[0]
    assert module.replace(".", "/") in found[0]


def test_each_rule_has_a_planted_fault() -> None:
    assert {rule for rule, *_ in PLANTED} == set(RULES)


ALLOWED = [
    ("engine.losses.kl", "def compute():\n    import torch\n    from torch import nn"),
    ("engine.types", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from torch import Tensor"),
    (
        "engine.losses.kl",
        "from engine.types import Loss\nfrom engine.losses.temperature import softened\nfrom . import kl",
    ),
    ("engine.cli.run", "from engine import __version__\nfrom engine.training.loop import train"),
    ("distill_gui.panels.table", "from distill_gui.panels import Panel\nfrom distill_gui.widgets.card import Card"),
    (
        "distill_gui.panels.runs.panel",
        "import typing\nif typing.TYPE_CHECKING:\n    from engine.store import RunRecord",
    ),
    ("distill_gui.panels.runs.panel", "from distill_gui.panels.runs.live_strip import LiveStrip"),
    ("distill_gui.app", "from engine.store import Store\nfrom distill_gui.services.engine_thread import EngineThread"),
    ("distill_gui.widgets.plot_axis", "import pyqtgraph as pg"),
]


@pytest.mark.parametrize(("module", "source"), ALLOWED)
def test_what_is_allowed_is_not_blamed(module: str, source: str) -> None:
    assert [fault for rule in RULES for fault in faults(rule, imports_of(source, module))] == []


# ── and it holds when Python runs ───────────────────────────────────────────────────────────────────────────────
IMPORT_ALL = """if True:
    import importlib, pkgutil, sys
    unwanted, *packages = sys.argv[1:]
    for package in packages:
        module = importlib.import_module(package)
        for info in pkgutil.walk_packages(getattr(module, "__path__", []), package + "."):
            if not info.name.endswith("__main__"):
                importlib.import_module(info.name)
    loaded = [name for name in unwanted.split(",") if name in sys.modules]
    sys.exit(f"importing {', '.join(packages)} brings {', '.join(loaded)} along" if loaded else 0)
"""


def _import_all(unwanted: tuple[str, ...], packages: list[str], root: Path = ROOT) -> str:
    """Import every module of the packages in a fresh process; what it complained about, "" if nothing."""
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, ",".join(unwanted), *packages],
        capture_output=True,
        text=True,
        env=environment,
    )
    return done.stderr.strip() if done.returncode else ""


def test_importing_the_whole_window_leaves_torch_out() -> None:
    complaint = _import_all(HEAVY, ["distill_gui"])
    assert not complaint, (
        f"{complaint}\nthe window opens without torch: see which import chain leads there with -X importtime"
    )


def test_importing_what_the_window_takes_leaves_torch_and_qt_out() -> None:
    parts = ("losses", "tasks", "exporters", "store", "analysis", "config", "catalog", "events", "errors", "types")
    packages = [f"engine.{part}" for part in parts]
    complaint = _import_all((*HEAVY, "PySide6", "pyqtgraph"), packages)
    assert not complaint, f"{complaint}\nimport it inside the function that uses it"


def test_the_command_line_starts_without_torch() -> None:
    complaint = _import_all((*HEAVY, "PySide6"), ["engine.cli.app"])
    assert not complaint, f"{complaint}\nimport it inside the command"


def test_the_check_of_running_imports_can_fail(tmp_path: Path) -> None:
    package = tmp_path / "planted"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "heavy.py").write_text("import colorsys")
    assert _import_all(("colorsys",), ["planted"], tmp_path) == "importing planted brings colorsys along"
    assert _import_all(("wave",), ["planted"], tmp_path) == ""
    (package / "inner" / "heavy.py").write_text("import no_such_module_at_all")
    assert "no_such_module_at_all" in _import_all(("wave",), ["planted"], tmp_path), "a module that breaks is no proof"
