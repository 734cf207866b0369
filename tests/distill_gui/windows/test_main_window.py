"""The main window: places by rail and keys, status, notifications, layout, and what happens at its close."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from distill_gui.models import Models
from distill_gui.panels import Panel
from distill_gui.theme import apply
from distill_gui.widgets.toast import Toast
from distill_gui.windows.main_window import SMALLEST, MainWindow
from distill_gui.windows.status import Status

MODELS = cast(Models, SimpleNamespace(name="the models"))
BUSY = Status("taylor", "training", 62, 100, 1.8, 3, 9.0, active=2)


def panel(key: str, order: int) -> Panel:
    def make(models: Any) -> QWidget:
        field = QLineEdit(f"{key} of {models.name}")
        field.setObjectName(key)
        return field

    return Panel(key, key.title(), key, order, make)


PANELS = [panel(key, order) for order, key in enumerate(("compose", "runs", "table", "export"))]


@pytest.fixture
def answers() -> list[str]:
    """What the person will answer, in order."""
    return []


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, answers: list[str]) -> Iterator[MainWindow]:
    apply(qapp, False)
    made = MainWindow(PANELS, MODELS, "light", "/home/x", ask=lambda parent, active: cast(Any, answers.pop(0)))
    qtbot.addWidget(made, before_close_func=lambda widget: widget.set_status(Status()))
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()  # without a window manager no one else does
    yield made


def shown(window: MainWindow) -> str:
    return window.stack.currentWidget().objectName()


def test_each_panel_is_made_once_from_the_models(window: MainWindow) -> None:
    assert window.panel("runs").text() == "runs of the models"  # type: ignore[attr-defined]
    assert shown(window) == window.place() == "compose"
    with pytest.raises(KeyError):
        window.panel("explore")


def test_a_place_is_made_when_it_is_first_needed(window: MainWindow) -> None:
    told: list[str] = []
    window.place_made.connect(told.append)
    assert [key for key in ("compose", "runs", "table", "export") if window.made(key)] == ["compose"]
    window.show_place("table")
    window.show_place("compose")
    assert window.panel("table") is window.panel("table")
    assert told == ["table"]


@pytest.mark.parametrize(("key", "place"), [("1", "compose"), ("2", "runs"), ("3", "table"), ("4", "export")])
def test_control_and_number_go_to_a_place(window: MainWindow, qtbot: QtBot, key: str, place: str) -> None:
    window.show_place("export" if place != "export" else "compose")
    qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
    assert shown(window) == window.place() == place
    assert window.rail.button(place).isChecked()


def test_the_rail_goes_to_a_place_and_says_so_once(window: MainWindow, qtbot: QtBot) -> None:
    told: list[str] = []
    window.place_changed.connect(told.append)
    qtbot.mouseClick(window.rail.button("table"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(window.rail.button("table"), Qt.MouseButton.LeftButton)
    assert told == ["table"]
    assert shown(window) == "table"


def test_the_welcome_leads_on(window: MainWindow, qtbot: QtBot) -> None:
    window.show_welcome()
    assert window.place() == ""
    assert not any(window.rail.button(key).isChecked() for key in ("compose", "runs", "table", "export"))
    with qtbot.waitSignal(window.sample_requested):
        qtbot.mouseClick(window.welcome.sample_button, Qt.MouseButton.LeftButton)
    assert shown(window) == "runs"
    window.show_welcome()
    with qtbot.waitSignal(window.own_requested):
        qtbot.mouseClick(window.welcome.own_button, Qt.MouseButton.LeftButton)
    assert shown(window) == "compose"


def test_the_status_is_in_the_bar_and_the_title(window: MainWindow) -> None:
    window.set_status(BUSY)
    assert "step 62 / 100" in window.bar.texts()
    assert window.windowTitle() == "62 % · taylor — Distillation Studio"
    window.set_status(Status())
    assert window.windowTitle() == "Distillation Studio"


def test_a_notification_can_be_acted_on(window: MainWindow, qtbot: QtBot) -> None:
    window.notify("taylor finished: F1 85.2", "Show", lambda: window.show_place("runs"))
    toast = window.findChild(Toast)
    assert toast.label.text() == "taylor finished: F1 85.2"
    qtbot.mouseClick(toast.action, Qt.MouseButton.LeftButton)
    assert shown(window) == "runs"


def test_closing_without_active_runs_asks_nothing(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.closed), qtbot.assertNotEmitted(window.close_decided):
        window.close()
    assert not window.isVisible()


@pytest.mark.parametrize("answer", ["keep", "stop"])
def test_closing_with_active_runs_tells_the_decision_before_it_closes(
    window: MainWindow, qtbot: QtBot, answers: list[str], answer: str
) -> None:
    told: list[str] = []
    window.close_decided.connect(told.append)
    window.closed.connect(lambda: told.append("closed"))
    window.set_status(BUSY)
    answers.append(answer)
    window.close()
    assert told == [answer, "closed"]
    assert not window.isVisible()


def test_cancel_keeps_the_window(window: MainWindow, qtbot: QtBot, answers: list[str]) -> None:
    window.set_status(BUSY)
    answers.append("cancel")
    with qtbot.assertNotEmitted(window.closed), qtbot.assertNotEmitted(window.close_decided):
        assert not window.close()
    assert window.isVisible()


def test_the_layout_is_remembered(window: MainWindow, qtbot: QtBot) -> None:
    window.showMaximized()  # a size would be cut to the small screen of the offscreen platform
    window.show_place("table")
    state = window.layout_state()
    other = MainWindow(PANELS, MODELS)
    qtbot.addWidget(other)
    assert not other.isMaximized()
    other.restore_layout(state)
    assert other.isMaximized()
    assert other.place() == "table"


@pytest.mark.parametrize("state", [{}, {"geometry": "☃ not base64", "place": "explore"}, {"geometry": "AAAA"}])
def test_a_layout_that_fits_nothing_changes_nothing(window: MainWindow, state: dict[str, str]) -> None:
    before = window.geometry()
    window.restore_layout(state)
    assert window.geometry() == before
    assert window.place() == "compose"


def test_never_smaller_than_promised(window: MainWindow) -> None:
    window.resize(300, 200)
    assert (window.width(), window.height()) == SMALLEST == (1280, 720)


def test_settings_open_once_and_tell_the_theme(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, ",", Qt.KeyboardModifier.ControlModifier)
    dialog = window.preferences
    assert dialog is not None
    window.show_preferences()
    assert window.preferences is dialog
    with qtbot.waitSignal(window.theme_chosen) as told:
        qtbot.mouseClick(dialog.themes.button("dark"), Qt.MouseButton.LeftButton)
    assert told.args == ["dark"]
    dialog.accept()
    qtbot.waitUntil(lambda: window.preferences is None)
    window.show_preferences()
    assert window.preferences.themes.current() == "dark"
    window.preferences.accept()


def test_settings_list_the_keys_of_the_places(window: MainWindow) -> None:
    window.show_preferences()
    texts = {label.text() for label in window.preferences.findChildren(QLabel)}
    window.preferences.accept()
    assert {"Ctrl+1", "Ctrl+4", "Compose", "Export", "/home/x"} <= texts


def test_tab_reaches_rail_and_place(window: MainWindow, qtbot: QtBot) -> None:
    window.rail.button("compose").setFocus()
    seen: set[str] = set()
    for _ in range(12):
        focused = QApplication.focusWidget()
        seen.add(focused.objectName() or getattr(focused, "text", str)())
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    assert {"Compose", "Settings", "compose"} <= seen


def test_changing_the_place_rings_no_button_nobody_asked_for(qapp: QApplication, qtbot: QtBot) -> None:
    window = MainWindow([Panel(key, key, "runs", 1, lambda models: QPushButton("x")) for key in ("a", "b")], MODELS)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()  # without a window manager no one else does
    window.panel("a").setFocus()
    window.show_place("b")
    window.show_welcome()
    window.show_place("a")
    ringed = [button.text() for button in window.findChildren(QAbstractButton) if button.property("ring")]
    assert ringed == []
    assert window.focusWidget() is window.stack


def test_a_place_chosen_by_the_rail_leaves_the_focus_there(window: MainWindow, qtbot: QtBot) -> None:
    window.rail.button("runs").setFocus()
    qtbot.keyClick(window.rail.button("runs"), Qt.Key.Key_Space)
    assert window.place() == "runs"
    assert window.rail.button("runs").hasFocus()


def test_the_second_click_of_a_double_click_is_not_for_the_place_it_led_to(window: MainWindow, qtbot: QtBot) -> None:
    window.show_welcome()
    there, pressed = QPushButton(window.panel("compose")), []
    window.panel("compose").setMaximumHeight(2000)
    window.panel("compose").setMinimumHeight(700)
    there.setGeometry(0, 0, 2000, 2000)
    there.show()
    there.clicked.connect(lambda: pressed.append(1))
    where = window.welcome.own_button.mapTo(window, window.welcome.own_button.rect().center())
    QTest.mouseDClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
    assert window.place() == "compose" and pressed == []
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)
    assert pressed == [1]


def test_no_command_about_a_deleted_run_is_remembered(window: MainWindow) -> None:
    window.restore_layout({"commands": "run/3\nwindow/Trash\nrun/33"})
    window.forget_runs([3, 7])
    assert window.layout_state()["commands"] == "window/Trash\nrun/33"
