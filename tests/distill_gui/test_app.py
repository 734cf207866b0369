"""A start: what a place's first painting loads, and that the services begin after it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.app import Studio, application

HEAVY = ("numpy", "pydantic", "pyqtgraph", "psutil", "sqlite_utils", "engine.config.sections")
PAINT = """
import sys
from pathlib import Path
from distill_gui.app import Studio, application
app = application()
studio = Studio(Path(sys.argv[1]))
studio.window.painted.connect(app.quit)
studio.window.show()
app.exec()
print(studio.window.place(), *[name for name in sys.argv[2:] if name in sys.modules])
"""


@pytest.mark.parametrize(("place", "loaded"), [("table", set()), ("export", set()), ("compose", {"pydantic"})])
def test_a_first_painting_loads_only_what_it_shows(tmp_path: Path, place: str, loaded: set[str]) -> None:
    (tmp_path / "window.json").write_text(json.dumps({"welcomed": True, "layout": {"place": place}}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PAINT, str(tmp_path), *HEAVY], capture_output=True, text=True, timeout=60
    )
    shown, *found = done.stdout.split()
    assert shown == place, done.stderr
    assert set(found) - {"engine.config.sections"} == loaded, f"{place} can be painted without"


def test_the_services_begin_once_the_window_is_painted(tmp_path: Path, qtbot: QtBot) -> None:
    application()
    studio = Studio(tmp_path, "light", command=[sys.executable, "-c", "pass"])
    qtbot.addWidget(studio.window)
    assert not studio.engine.isRunning()
    with qtbot.waitSignal(studio.window.painted):
        studio.show()
        assert not studio.engine.isRunning(), "a thread that loads the store holds up the first painting"
    qtbot.waitUntil(studio.engine.isRunning)
    with qtbot.assertNotEmitted(studio.window.painted, wait=50):
        studio.window.update()
    studio.window.close()
    assert studio.engine.isFinished()


def test_a_window_nobody_sees_begins_as_well(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    application()
    studio = Studio(tmp_path, "light", command=[sys.executable, "-c", "pass"])
    qtbot.addWidget(studio.window)
    monkeypatch.setattr(studio.window, "show", lambda: None)
    studio.show()
    qtbot.waitUntil(studio.engine.isRunning, timeout=3000)
    studio.window.close()
    assert studio.engine.isFinished()
