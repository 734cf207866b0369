"""The palette over a window: by the keyboard alone, and everything it offers is what the window and its places offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from distill_gui.models import Models
from distill_gui.panels import Panel
from distill_gui.theme import apply
from distill_gui.widgets.offer import Offer
from distill_gui.windows.main_window import MainWindow
from distill_gui.windows.palette import CommandPalette, places_in
from engine.store import RunRecord

HEARD: list[str] = []


class Place(QWidget):
    """A place with a button that can be used and one that cannot."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.buttons = [QPushButton(f"{name} {key}") for name in ("Polish", "Break")]
        self.buttons[1].setEnabled(False)
        column = QVBoxLayout(self)
        for made in self.buttons:
            column.addWidget(made)
            made.clicked.connect(lambda _=False, made=made: HEARD.append(made.text()))

    def offers(self) -> list[Offer]:
        return [Offer(made, reason=lambda: "It is whole") for made in self.buttons]

    def set_run(self, run: int) -> None:
        HEARD.append(f"run {run}")


def panel(key: str, order: int) -> Panel:
    return Panel(key, key.title(), key, order, lambda models: Place(key))


@pytest.fixture
def window(qapp: QApplication, qtbot: QtBot, record: Callable[..., RunRecord]) -> Iterator[MainWindow]:
    apply(qapp, False)
    HEARD.clear()
    runs = SimpleNamespace(records=lambda: [record(1, name="taylor, seed 1"), record(2, name="vanilla")])
    panels = [panel(key, order) for order, key in enumerate(("compose", "runs"))]
    made = MainWindow(panels, cast(Models, SimpleNamespace(runs=runs)), "light")
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.panel("compose").buttons[0].setFocus()  # type: ignore[attr-defined]
    yield made


def opened(window: MainWindow, qtbot: QtBot) -> CommandPalette:
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.palette_open is not None
    qtbot.waitUntil(lambda: window.made("runs"))
    return window.palette_open


def titles(palette: CommandPalette) -> list[str]:
    model = palette.rows.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_all_that_can_be_done_is_there_the_place_shown_first(window: MainWindow, qtbot: QtBot) -> None:
    found = titles(opened(window, qtbot))
    assert found[0] == "Polish compose" and "Break compose" in found
    for wanted in ("Runs", "Settings", "Trash", "Theme: Dark", "Polish runs", "taylor, seed 1"):
        assert wanted in found
    assert "Theme: Light" not in found and "Commands" not in found
    assert len(found) == len(set(found))


def test_a_few_letters_and_return_do_it_where_it_belongs(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window, qtbot)
    assert palette.field.hasFocus()
    qtbot.keyClicks(palette.field, "porun")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert HEARD == ["Polish runs"] and window.place() == "runs" and window.palette_open is None
    assert titles(opened(window, qtbot))[0] == "Polish runs", "recently used first"
    window.close()
    again = window.layout_state()
    assert again["commands"] == "runs/Polish runs"


def test_a_run_is_found_by_its_name(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window, qtbot)
    qtbot.keyClicks(palette.field, "tays")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert HEARD == ["run 1"] and window.place() == "runs"


def test_what_is_not_possible_says_why_and_does_nothing(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window, qtbot)
    qtbot.keyClicks(palette.field, "break")
    assert palette.field.accessibleDescription() == "Break runs, Runs, It is whole", "it is heard too"
    assert "It is whole" in palette.rows.currentIndex().data(Qt.ItemDataRole.ToolTipRole)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert HEARD == [] and window.palette_open is palette


def test_the_arrows_go_round_and_escape_gives_the_focus_back(window: MainWindow, qtbot: QtBot) -> None:
    before = window.focusWidget()
    palette = opened(window, qtbot)
    last = palette.rows.model().rowCount() - 1
    for key, row in ((Qt.Key.Key_Up, last), (Qt.Key.Key_Down, 0), (Qt.Key.Key_Down, 1), (Qt.Key.Key_PageDown, 12)):
        qtbot.keyClick(palette.field, key)
        assert palette.rows.currentIndex().row() == min(row, last)
        said = palette.rows.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
        assert palette.field.accessibleDescription() == said
    window.resize(window.width() + 40, window.height())
    assert palette.rows.currentIndex().row() == min(12, last), "a window that changes its size chooses nothing"
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert window.palette_open is None and window.focusWidget() is before and HEARD == []


def test_a_click_beside_it_closes_it_and_one_on_it_chooses(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot)
    first, second = QLineEdit(window.panel("compose")), QLabel("only words", window.panel("compose"))
    for place, beside in enumerate((first, second)):
        beside.move(0, 60 * place)
        beside.show()
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert window.palette_open is None and window.focusWidget() is first, "the keyboard is where the click went"
    opened(window, qtbot)
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    assert window.palette_open is None and window.focusWidget() is first
    palette = opened(window, qtbot)
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert window.palette_open is palette
    at = palette.rows.visualRect(palette.rows.model().index(0, 0)).center()
    qtbot.mouseClick(palette.rows.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert HEARD == ["Polish compose"]


def test_nothing_found_is_said_and_return_is_harmless(window: MainWindow, qtbot: QtBot) -> None:
    palette: Any = opened(window, qtbot)
    qtbot.keyClicks(palette.field, "qqqq")
    assert palette.nothing.isVisible() and not palette.rows.isVisible()
    assert palette.field.accessibleDescription() == palette.nothing.text()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert HEARD == [] and window.palette_open is palette


def test_a_field_that_goes_when_the_keyboard_leaves_it_hands_it_to_what_it_lay_in(
    window: MainWindow, qtbot: QtBot
) -> None:
    rows = QListWidget(window.panel("compose"))
    item = QListWidgetItem("a name", rows)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    rows.show()
    rows.setFocus()
    rows.editItem(item)
    assert window.focusWidget() is not rows
    palette = opened(window, qtbot)
    qtbot.wait(10)  # until the field is gone
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert window.palette_open is None and window.focusWidget() is rows


def test_its_field_has_a_menu_of_its_own(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window, qtbot)
    QApplication.sendEvent(palette.field, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.PopupFocusReason))
    assert window.palette_open is palette
    QApplication.sendEvent(palette.field, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.MouseFocusReason))
    assert window.palette_open is None


def test_it_goes_when_a_dialog_opens_or_another_place_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    opened(window, qtbot)
    dialog = QDialog(window)
    dialog.open()
    assert window.palette_open is None
    dialog.close()
    window.activateWindow()
    palette = opened(window, qtbot)
    qtbot.keyClick(palette.field, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.place() == "runs" and window.palette_open is None


def test_what_a_command_has_become_meanwhile_is_shown_before_it_is_done(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window, qtbot)
    qtbot.keyClicks(palette.field, "polish compose")
    window.panel("compose").buttons[0].setText("Scratch compose")  # type: ignore[attr-defined]
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert HEARD == [] and window.palette_open is palette and "Polish compose" not in titles(palette)
    palette.field.clear()
    qtbot.keyClicks(palette.field, "scratch")
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert HEARD == ["Scratch compose"]


def test_the_marked_letters_of_a_long_name_are_the_same_ones_without_its_middle() -> None:
    whole, shown = "Taylor KD of seed 1", "Tay…d 1"
    places = (0, 1, 7, 17, 18)
    assert [shown[at] for at in sorted(places_in(shown, whole, places))] == ["T", "a", " ", "1"]
    assert places_in(whole, whole, places) == set(places)
