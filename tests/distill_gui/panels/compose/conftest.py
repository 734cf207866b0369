"""A Compose place on the screen that is not there, and an answer of the engine."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from distill_gui.models.compose import ComposeModel
from distill_gui.panels.compose.panel import ComposePanel

GOOD = '[task]\nname = "mrpc"\n[teacher]\nmodel = "owner/t"\n[loss]\nkind = "taylor"\n'


@pytest.fixture
def answer() -> dict[str, Any]:
    return {
        "ready": True, "faults": [], "teacher": {"parameters": 22_700_000, "layers": 6, "hidden": 384, "bytes": 9e7},
        "student": {"parameters": 17_400_000, "layers": 3, "hidden": 384, "bytes": 7e7},
        "rows": {"train": 3668, "validation": 408}, "steps": 345, "device": "cpu", "device_reason": "no CUDA GPU found",
        "notices": [{"level": "fine", "text": "3,668 training rows."}],
    }  # fmt: skip


@pytest.fixture
def model(qapp: QApplication) -> Iterator[ComposeModel]:
    made = ComposeModel()
    yield made
    made._timer.stop()


@pytest.fixture
def panel(
    model: ComposeModel, qapp: QApplication, qtbot: QtBot, dressed_last: Callable[[], AbstractContextManager[None]]
) -> ComposePanel:
    with dressed_last():
        made = ComposePanel(model)
    qtbot.addWidget(made)
    made.resize(1208, 680)  # what a window of 1280 × 720 leaves
    made.show()
    qapp.processEvents()
    return made


@pytest.fixture
def ready(panel: ComposePanel, model: ComposeModel, answer: dict[str, Any]) -> ComposePanel:
    """The panel with a draft in order and the engine's answer to it."""
    model.load_toml(GOOD)
    model._timer.stop()
    panel.set_preview(answer)
    return panel
