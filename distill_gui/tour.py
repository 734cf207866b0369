"""Renders every place of the window, light and dark, with the stored runs, to PNG files; needs no display.

A home without runs gets the sample trained first. The person's layout and theme are left as they are.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication

from distill_gui import theme as themes
from distill_gui.app import Studio, application
from engine.errors import EngineError
from engine.store import RunRecord, home_folder

SIZE = (1440, 900)  # px
SAMPLE_LIMIT_S = 900.0
SETTLED_S = 1.0
SETTLE_LIMIT_S = 30.0


def run_tour(folder: Path, home: Path | None = None) -> int:
    """Write the pictures into ``folder`` and print their names; returns the exit status. Raises EngineError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"The folder {folder} cannot be made: {error.strerror}; choose another.") from None
    app = application()
    studio = Studio(home_folder(home), "light")
    try:
        for picture in _walk(app, studio, folder):
            print(picture)
    finally:
        studio.engine.close()
        studio.meters.close()
        studio.window.close()
    return 0


def _walk(app: QApplication, studio: Studio, folder: Path) -> list[Path]:
    window, runs = studio.window, studio.models.runs
    window.resize(*SIZE)
    window.show()
    studio.engine.start()
    studio.meters.start()
    _wait(lambda: bool(runs.records()), 2.0)
    if not runs.records():
        print("No runs yet: training the sample first.", file=sys.stderr)
        studio.queue_sample()
        _wait(lambda: len(runs.records()) >= 3 and all(record.ended_at for record in runs.records()), SAMPLE_LIMIT_S)
    _settle(studio)
    shown = _best(runs.records())
    if shown is None:
        raise EngineError(f"No run in {studio.home} has finished; its runs' logs say why.")
    studio.models.compose.load_toml(shown.toml, shown.folder)
    studio.models.export.choose(shown.id)
    _settle(studio)
    pictures = []
    for name, dark in (("light", False), ("dark", True)):
        themes.apply(app, dark)
        for place, prepare in _places(studio, shown):
            prepare()
            window.setFocus()  # no ring around whatever came first
            _spin(SETTLED_S)
            for button in window.findChildren(QAbstractButton):
                button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)  # there is no mouse that points at one
            picture = folder / f"{place}-{name}.png"
            if not window.grab().save(str(picture)):
                raise EngineError(f"The picture {picture} cannot be written; look whether the folder is writable.")
            pictures.append(picture)
        pictures.append(_sweep(studio, folder / f"sweep-{name}.png"))
    return pictures


def _sweep(studio: Studio, picture: Path) -> Path:
    """The question that comes over Compose, as it opens on the run shown."""
    studio.window.show_place("compose")
    dialog = studio.window.panel("compose").open_sweep()  # type: ignore[attr-defined]
    _spin(SETTLED_S)
    saved = dialog.grab().save(str(picture))
    dialog.close()
    if not saved:
        raise EngineError(f"The picture {picture} cannot be written; look whether the folder is writable.")
    return picture


def _places(studio: Studio, shown: RunRecord) -> list[tuple[str, Callable[[], None]]]:
    window = studio.window

    def place(key: str) -> Callable[[], None]:
        return lambda: window.show_place(key)

    def runs(tab: str) -> Callable[[], None]:
        def prepare() -> None:
            window.show_place("runs")
            panel = window.panel("runs")
            panel.set_run(shown.id)  # type: ignore[attr-defined]
            panel.show_tab(tab)  # type: ignore[attr-defined]
            if tab == "charts":  # on a busy machine they are not all there within a second
                grid = panel.grid  # type: ignore[attr-defined]
                _wait(lambda: grid.is_complete() and any(card.looks() for card in grid.cards.values()), SETTLE_LIMIT_S)

        return prepare

    def compose(terms: bool) -> Callable[[], None]:
        def prepare() -> None:
            model = studio.models.compose
            model.load_toml(shown.toml, shown.folder)
            window.show_place("compose")
            if terms:  # such as fit any two models
                model.choose_preset("distilbert")
                model.add_term("cka")
                window.panel("compose").lead_to("features.1")  # type: ignore[attr-defined]
            _wait(lambda: not model.is_checking(), SETTLE_LIMIT_S)

        return prepare

    def compare() -> None:
        window.show_place("compare")
        studio.models.compare.set_scope("all")  # not only the few runs that are ticked at first

    return [
        ("welcome", window.show_welcome),
        ("compose-terms", compose(terms=True)),
        ("compose", compose(terms=False)),
        ("runs-log", runs("log")),
        ("runs-config", runs("config")),
        ("runs", runs("charts")),
        ("table", place("table")),
        ("compare", compare),
        ("export", place("export")),
    ]


def _best(records: list[RunRecord]) -> RunRecord | None:
    """The newest finished run with a teacher, else the newest finished one."""
    finished = [record for record in records if record.state == "finished"]
    taught = [record for record in finished if record.teacher_score is not None]
    return max(taught or finished, key=lambda record: record.id, default=None)


def _settle(studio: Studio) -> None:
    """Until neither runs nor rows nor a preview have come for a while."""
    last = time.monotonic()

    def heard(*_: object) -> None:
        nonlocal last
        last = time.monotonic()

    engine = studio.engine
    signals = (engine.runs_changed, engine.metrics_arrived, engine.scores_changed, engine.preview_ready)
    for signal in signals:
        signal.connect(heard)
    live = any(record.state == "running" for record in studio.models.runs.records())
    _wait(lambda: time.monotonic() - last > SETTLED_S, 4 * SETTLED_S if live else SETTLE_LIMIT_S)
    for signal in signals:
        signal.disconnect(heard)


def _wait(done: Callable[[], bool], limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not done() and time.monotonic() < deadline:
        _spin(0.05)


def _spin(seconds: float) -> None:
    """Let the window work for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()
