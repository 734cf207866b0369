"""The settings: the theme is told at once, the rest is shown, nothing is stored here."""

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from distill_gui.theme import apply
from distill_gui.version import version
from distill_gui.windows.preferences import PreferencesDialog

HOME = "/home/someone/with a rather long name/.local/share/distillation-studio"
KEYS = [("Ctrl+1", "Compose"), ("Ctrl+,", "Settings")]


@pytest.fixture
def dialog(qapp: QApplication, qtbot: QtBot) -> PreferencesDialog:
    apply(qapp, False)
    made = PreferencesDialog("dark", {"awake": False, "notices": True}, "offer", HOME, KEYS)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()  # without a window manager no one else does
    return made


def test_the_theme_is_shown_and_told(dialog: PreferencesDialog, qtbot: QtBot) -> None:
    assert dialog.themes.current() == "dark"
    with qtbot.waitSignal(dialog.theme_chosen) as told:
        qtbot.mouseClick(dialog.themes.button("light"), Qt.MouseButton.LeftButton)
    assert told.args == ["light"]
    assert dialog.isVisible()


def test_home_keys_and_version_are_shown(dialog: PreferencesDialog) -> None:
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert HOME in texts
    assert {"Ctrl+1", "Compose", "Ctrl+,", "Settings"} <= set(texts)
    assert any(version() in text for text in texts)


def test_the_folder_and_the_welcome_are_asked_for(dialog: PreferencesDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.folder_wanted):
        qtbot.mouseClick(dialog.folder_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.welcome_wanted):
        qtbot.mouseClick(dialog.welcome_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def test_escape_closes(dialog: PreferencesDialog, qtbot: QtBot) -> None:
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_what_becomes_of_interrupted_runs_is_shown_and_told(dialog: PreferencesDialog, qtbot: QtBot) -> None:
    assert dialog.interrupted.current() == "offer"
    with qtbot.waitSignal(dialog.interrupted_chosen) as told:
        qtbot.mouseClick(dialog.interrupted.button("resume"), Qt.MouseButton.LeftButton)
    assert told.args == ["resume"]


def test_nothing_in_it_is_cut(dialog: PreferencesDialog) -> None:
    assert dialog.area.verticalScrollBar().maximum() == 0, "it scrolls on a low screen only"
    for choice in (dialog.themes, dialog.interrupted):
        assert choice.height() >= choice.sizeHint().height() and choice.width() >= choice.sizeHint().width()
    for text in dialog.findChildren(QLabel):
        wanted = text.heightForWidth(text.width()) if text.wordWrap() else text.sizeHint().height()
        assert text.height() >= wanted, text.text()


def test_switches_are_shown_and_told(dialog: PreferencesDialog, qtbot: QtBot) -> None:
    assert [key for key, box in dialog.switches.items() if box.isChecked()] == ["notices"]
    with qtbot.waitSignal(dialog.switched) as told:
        dialog.switches["awake"].click()
    assert told.args == ["awake", True]


def test_no_arrow_key_passes_over_what_begins_at_once(dialog: PreferencesDialog, qtbot: QtBot) -> None:
    told: list[str] = []
    dialog.interrupted_chosen.connect(told.append)
    dialog.interrupted.button("offer").setFocus()
    qtbot.keyClick(dialog.interrupted.button("offer"), Qt.Key.Key_Right)
    assert told == ["leave"], "“Resume” goes on with runs as soon as it is chosen"


def test_a_switch_that_something_else_decides_says_so(qapp: QApplication, qtbot: QtBot) -> None:
    made = PreferencesDialog("dark", {"awake": True}, "offer", HOME, KEYS, fixed={"awake": "IT is set."})
    qtbot.addWidget(made)
    assert made.switches["awake"].isChecked() and not made.switches["awake"].isEnabled()
    assert made.switches["notices"].isEnabled()
    assert "IT is set." in [label.text() for label in made.findChildren(QLabel)]


def test_on_a_low_screen_it_scrolls_and_its_end_stays_in_sight(
    qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = PreferencesDialog("dark", {}, "offer", HOME, KEYS)
    qtbot.addWidget(made)
    low = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, 1280, 600))
    monkeypatch.setattr(made, "screen", lambda: low)
    made.show()
    assert made.height() <= 600 and made.area.verticalScrollBar().maximum() > 0
    assert made.rect().contains(made.close_button.geometry())
