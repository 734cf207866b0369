"""A start: what a first painting loads, when the services begin, what is remembered, what becomes of interrupted runs."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from distill_gui.app import Studio, application
from distill_gui.models.run_charts import ChartOptions
from distill_gui.services.preferences import Preferences
from distill_gui.widgets.toast import Toast
from distill_gui.windows.desktop_notice import DesktopNotice
from distill_gui.windows.trash_dialog import RUN_ROLE
from engine.config import parse_config
from engine.events import Score
from engine.store import RunRecord, Store, trash
from engine.store.home_settings import KEEP_AWAKE, keeps_awake
from engine.store.records import ENDED_WITHOUT_A_WORD

HEAVY = ("numpy", "pydantic", "pyqtgraph", "psutil", "sqlite_utils", "engine.config.sections")
QUEUED = 'name = "cut off"\n[task]\nname = "mrpc"\n[student]\ntokenizer = "o/w"\n[loss]\nkind = "none"\n'
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


def test_a_home_with_runs_of_the_command_line_opens_at_them_and_not_at_the_welcome(
    tmp_path: Path, qtbot: QtBot
) -> None:
    application()
    store = Store(tmp_path / "used")
    store.enqueue(parse_config(QUEUED))
    store.close()
    for home, place in (("used", "runs"), ("new", "")):
        studio = Studio(tmp_path / home, "light", command=[sys.executable, "-c", "pass"])
        qtbot.addWidget(studio.window)
        assert studio.window.place() == place, home
        studio.window.close()


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


@pytest.fixture
def open_window(home: Path, qtbot: QtBot) -> Iterator[Callable[[], Studio]]:
    """Opens a window of the test's home whose engine does nothing; closes the one before."""
    opened: list[Studio] = []

    def close() -> None:
        for studio in opened:
            studio.window.close()
            assert not studio.engine.isRunning()
        opened.clear()

    def make() -> Studio:
        close()
        application()
        studio = Studio(home, "light", command=[sys.executable, "-c", "pass"], ask=lambda parent, active: "keep")
        qtbot.addWidget(studio.window)
        studio.show()
        opened.append(studio)
        return studio

    yield make
    close()


def test_switches_and_chart_options_outlive_a_window(open_window: Callable[[], Studio]) -> None:
    studio = open_window()
    studio.models.table.set_published_shown(False)
    studio.models.table.set_hidden_columns({"qqp"})
    runs = studio.window.panel("runs")
    runs.x_kind.button("step").click()  # type: ignore[attr-defined]
    runs.menu.boxes["log_y"].click()  # type: ignore[attr-defined]
    chosen = runs.options()  # type: ignore[attr-defined]
    again = open_window()
    assert again.models.table.switches() == {"published": False, "gradient": False, "hidden_columns": ["qqp"]}
    shown = again.window.panel("runs")
    assert shown.options() == chosen and chosen.log_y and chosen.x == "step"  # type: ignore[attr-defined]
    assert shown.x_kind.current() == "step" and shown.menu.boxes["log_y"].isChecked()  # type: ignore[attr-defined]
    shown.menu.defaults.click()  # type: ignore[attr-defined]
    assert shown.x_kind.current() == "epoch"  # type: ignore[attr-defined]
    assert open_window().window.panel("runs").options() == ChartOptions()  # type: ignore[attr-defined]


@pytest.fixture
def interrupted(home: Path) -> Callable[[], RunRecord]:
    """Queues a run whose process then ends without a word; called, says what has become of it."""
    store = Store(home)
    run = store.enqueue(parse_config(QUEUED))
    store.set_state(run, "interrupted", ENDED_WITHOUT_A_WORD)
    Preferences(home).set_welcomed()
    store.close()

    def state() -> RunRecord:
        looking = Store(home)
        try:
            return looking.run(run)
        finally:
            looking.close()

    return state


def test_interrupted_runs_are_offered_to_go_on(
    open_window: Callable[[], Studio], interrupted: Callable[[], RunRecord], qtbot: QtBot
) -> None:
    studio = open_window()
    qtbot.waitUntil(lambda: bool(studio.window.findChildren(Toast)))
    (toast,) = studio.window.findChildren(Toast)
    assert toast.lasts and "cut off was interrupted" in toast.label.text() and interrupted().state == "interrupted"
    toast.action.click()
    qtbot.waitUntil(lambda: interrupted().state == "queued")


def test_what_was_just_queued_can_be_taken_back_and_that_too(
    open_window: Callable[[], Studio], home: Path, qtbot: QtBot
) -> None:
    Preferences(home).set_welcomed()
    studio = open_window()
    studio.window.show_place("compose")
    qtbot.waitUntil(lambda: studio.models.runs.known)

    def click(said: str) -> None:
        def found() -> Toast | None:
            shown = [toast for toast in studio.window.findChildren(Toast) if not toast.isHidden()]
            return next((toast for toast in shown if toast.label.text() == said), None)

        qtbot.waitUntil(lambda: found() is not None)
        toast = found()
        assert toast is not None and toast.action.text() == "Undo"
        toast.action.click()

    studio.engine.enqueue([QUEUED, QUEUED.replace("cut off", "another")])
    click("2 runs are in the queue.")
    click("2 runs are in the trash.")
    qtbot.waitUntil(lambda: [run.name for run in studio.models.runs.records()] == ["cut off", "another"])


def test_the_open_trash_shows_what_others_do_and_marks_go_with_what_they_delete(
    open_window: Callable[[], Studio], home: Path, qtbot: QtBot
) -> None:
    Preferences(home).set_welcomed()
    store = Store(home)
    runs = [store.enqueue(parse_config(QUEUED)) for _ in range(3)]
    for run in runs:
        store.set_state(run, "stopped")
    studio = open_window()
    qtbot.waitUntil(lambda: len(studio.models.runs.records()) >= 3)
    studio.models.runs.set_pinned(runs, True)
    studio.window.show_trash()
    dialog = studio.window.trash
    assert dialog is not None

    def shows(*wanted: int) -> Callable[[], bool]:
        return lambda: {dialog.model.item(row).data(RUN_ROLE) for row in range(dialog.model.rowCount())} == set(wanted)

    qtbot.waitUntil(lambda: "empty" in dialog.text.text())
    trash.discard(store, runs[0])
    trash.discard(store, runs[1])
    qtbot.waitUntil(shows(runs[0], runs[1]))
    trash.restore(store, runs[0])
    qtbot.waitUntil(shows(runs[1]))
    trash.purge(store, [runs[1]])
    qtbot.waitUntil(shows())
    store.close()
    studio.window.close()
    assert Preferences(home).marks["pinned"] == [runs[0], runs[2]]


def test_an_old_offer_resumes_nothing_that_was_decided_about_since(
    open_window: Callable[[], Studio], interrupted: Callable[[], RunRecord], home: Path, qtbot: QtBot
) -> None:
    studio = open_window()
    qtbot.waitUntil(lambda: bool(studio.window.findChildren(Toast)))
    (toast,) = studio.window.findChildren(Toast)
    store = Store(home)
    store.set_state(interrupted().id, "stopped", "Stopped when asked to.")
    store.close()
    qtbot.waitUntil(lambda: studio.models.runs.records()[0].state == "stopped")
    toast.action.click()
    assert studio.engine.close() and interrupted().state == "stopped"


def test_interrupted_runs_go_on_by_themselves_where_that_was_chosen(
    open_window: Callable[[], Studio], interrupted: Callable[[], RunRecord], home: Path, qtbot: QtBot
) -> None:
    Preferences(home).set_interrupted("resume")
    studio = open_window()
    qtbot.waitUntil(lambda: interrupted().state == "queued")
    qtbot.waitUntil(lambda: "goes on" in "".join(toast.label.text() for toast in studio.window.findChildren(Toast)))


def test_interrupted_runs_are_left_where_that_was_chosen(
    open_window: Callable[[], Studio], interrupted: Callable[[], RunRecord], qtbot: QtBot
) -> None:
    studio = open_window()
    studio.window.interrupted_chosen.emit("leave")
    assert Preferences(studio.home).interrupted == "leave"
    studio = open_window()
    qtbot.waitUntil(lambda: bool(studio.models.runs.records()))
    qtbot.wait(100)
    assert not studio.window.findChildren(Toast) and interrupted().state == "interrupted"
    studio.window.interrupted_chosen.emit("resume")  # from now on, these as well
    qtbot.waitUntil(lambda: interrupted().state == "queued")


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Callable[[], None]]]:
    """What the desktop was asked to say, and what a click on it does."""
    told: list[tuple[str, Callable[[], None]]] = []
    monkeypatch.setattr(
        DesktopNotice, "show", lambda self, heading, text, on_click: told.append((f"{heading}: {text}", on_click))
    )
    return told


def test_the_desktop_is_told_of_an_end_nobody_sees_and_a_click_leads_there(
    open_window: Callable[[], Studio], notices: list[tuple[str, Callable[[], None]]], home: Path, qtbot: QtBot
) -> None:
    store = Store(home)
    first, second = (store.enqueue(parse_config(QUEUED)) for _ in range(2))
    for run in (first, second):
        store.set_state(run, "finished")
    Preferences(home).set_welcomed()
    studio = open_window()
    qtbot.waitUntil(lambda: len(studio.models.runs.records()) == 2)
    window, runs = studio.window, studio.window.panel("runs")
    with qtbot.waitActive(window):
        window.show_place("runs")
        window.activateWindow()
    runs.set_run(first)  # type: ignore[attr-defined]
    ended = {run: studio.models.runs.record(run) for run in (first, second)}
    studio.engine.run_ended.emit(ended[first])
    assert not notices and not window.findChildren(Toast), "who looks at it sees it"
    studio.engine.run_ended.emit(ended[second])
    assert not notices and len(window.findChildren(Toast)) == 1, "the window itself says it"
    window.show_place("table")
    window.showMinimized()
    studio.engine.run_ended.emit(ended[second])
    (said, click), *_ = notices
    assert said == "cut off finished: Without a score."
    with qtbot.waitActive(window):
        click()
    assert (window.place(), runs.run(), window.isMinimized()) == ("runs", second, False)  # type: ignore[attr-defined]
    window.switched.emit("notices", False)
    window.showMinimized()
    studio.engine.run_ended.emit(ended[second])
    assert len(notices) == 1
    store.close()


def test_compare_follows_the_ticks_and_the_baseline_of_the_list_and_queues_what_it_lacks(
    open_window: Callable[[], Studio], home: Path, qtbot: QtBot
) -> None:
    store = Store(home)
    for seed in (0, 1):
        run = store.enqueue(parse_config(QUEUED, overrides=["loss.kind=kl", "teacher.model=o/t"] if seed else []))
        with store.writer(run) as writer:
            writer.emit(Score("student", "validation", "f1", 0.8))
        store.set_state(run, "finished")
    studio = open_window()
    qtbot.waitUntil(lambda: len(studio.models.runs.records()) == 2 and bool(studio._results.scores()))
    window, runs, model = studio.window, studio.models.runs, studio.models.compare
    window.show_place("compare")
    assert window.panel("compare").verdicts.lines() and model.comparison.runs == 2  # type: ignore[attr-defined]
    assert model.comparison.baseline is not None and model.comparison.baseline.is_control
    runs.set_baseline(2)
    qtbot.waitUntil(lambda: model.comparison.baseline is not None and model.comparison.baseline.runs == (2,))
    window.panel("compare").verdicts.seeds_wanted.emit(model.verdict_lines()[0])  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: sum(record.state == "queued" for record in runs.records()) == 8)
    runs.set_ticked([1], False)
    qtbot.waitUntil(lambda: model.comparison.runs == 1)
    window.panel("compare").show_runs_requested.emit([1])  # type: ignore[attr-defined]
    assert window.place() == "runs" and runs.ticked() == [1]
    store.close()


def test_what_is_switched_in_the_settings_is_kept(open_window: Callable[[], Studio]) -> None:
    studio = open_window()
    for key in ("awake", "notices"):
        studio.window.switched.emit(key, False)
    assert not keeps_awake(studio.home) and not Preferences(studio.home).notices
    again = open_window()
    again.window.show_preferences()
    dialog = again.window.preferences
    assert dialog is not None and not any(box.isChecked() for box in dialog.switches.values())
    dialog.switches["awake"].click()
    assert keeps_awake(again.home)


def test_what_the_environment_decides_cannot_be_switched(
    open_window: Callable[[], Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEEP_AWAKE, "0")
    studio = open_window()
    studio.window.show_preferences()
    dialog = studio.window.preferences
    assert dialog is not None and not dialog.switches["awake"].isEnabled()
    assert KEEP_AWAKE in dialog.switches["awake"].toolTip() and dialog.switches["notices"].isEnabled()


def test_the_palette_offers_what_the_places_have(open_window: Callable[[], Studio], home: Path, qtbot: QtBot) -> None:
    store = Store(home)
    run = store.enqueue(parse_config(QUEUED))
    store.set_state(run, "stopped")
    store.close()
    studio = open_window()
    qtbot.waitUntil(lambda: bool(studio.models.runs.records()))
    window = studio.window
    window.show_palette()
    qtbot.waitUntil(lambda: window.made("export"))
    offered = {command.key: command for command in window._commands()}
    stop, resume = offered["runs/Stop and keep"], offered["runs/Resume"]
    assert (stop.where, stop.keys, stop.why_not) == ("Runs · run 1 · cut off", "Ctrl+.", "It is stopped")
    assert (resume.keys, resume.why_not) == ("Ctrl+R", "")
    assert offered["compose/Open TOML…"].keys == "Ctrl+O" and "compose/Add to queue" in offered
    assert offered["compose/Add to queue"].why_not.startswith("First: ")
    assert any(key.startswith("table/Copy the table as") for key in offered)
    assert not any(key.startswith("export/") for key in offered), "no run has a student"
    offered[f"run/{run}"].act()
    assert window.place() == "runs" and window.panel("runs").run() == run  # type: ignore[attr-defined]
    offered["theme/dark"].act()
    assert studio.preferences.theme == "dark"
    resume.act()
    qtbot.waitUntil(lambda: studio.models.runs.records()[0].state == "queued")


def test_pinned_runs_and_the_baseline_outlive_a_window(
    open_window: Callable[[], Studio], home: Path, qtbot: QtBot
) -> None:
    store = Store(home)
    runs = [store.enqueue(parse_config(QUEUED)) for _ in range(3)]
    for run in runs:
        store.set_state(run, "finished")
    store.close()
    Preferences(home).set_welcomed()
    studio = open_window()
    qtbot.waitUntil(lambda: len(studio.models.runs.records()) == 3)
    studio.models.runs.set_pinned(runs[:1], True)
    studio.models.runs.set_baseline(runs[1])
    again = open_window()
    qtbot.waitUntil(lambda: len(again.models.runs.records()) == 3)
    assert again.models.runs.shown() == [runs[1], runs[0], runs[2]]
