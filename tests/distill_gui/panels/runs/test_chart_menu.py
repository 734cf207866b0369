"""The gear: shows options without a word, tells what a person changed."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from distill_gui.models.run_charts import ChartOptions
from distill_gui.panels.runs.chart_menu import ChartMenu


@pytest.fixture
def menu(qtbot: QtBot) -> ChartMenu:
    made = ChartMenu()
    qtbot.addWidget(made)
    return made


def test_setting_options_tells_nobody(menu: ChartMenu, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(menu.changed):
        menu.set_options(ChartOptions(weight=0.2, log_y=True, clip=False, hidden=frozenset({"terms"})))
    assert menu.weight.value() == pytest.approx(0.2)
    assert [menu.boxes[name].isChecked() for name in ("log_x", "log_y", "clip")] == [False, True, False]
    assert [key for key, box in menu.charts.items() if not box.isChecked()] == ["terms"]


def test_each_change_is_told_with_all_others_kept(menu: ChartMenu) -> None:
    told: list[ChartOptions] = []
    menu.changed.connect(told.append)
    menu.set_options(ChartOptions(x="seconds"))
    menu.boxes["log_y"].click()
    menu.charts["throughput"].click()
    menu.charts["terms"].click()
    menu.charts["throughput"].click()
    menu.weight.slider.setValue(30)
    assert told[-1] == ChartOptions(x="seconds", log_y=True, hidden=frozenset({"terms"}), weight=0.3)
    assert told[1].hidden == {"throughput"}


def test_it_opens_below_its_button_and_stays_on_its_right_edge(menu: ChartMenu, qtbot: QtBot) -> None:
    button = QPushButton("gear")
    qtbot.addWidget(button)
    button.setGeometry(500, 20, 120, 30)
    button.show()
    menu.open_below(button)
    corner = button.mapToGlobal(button.rect().bottomRight())
    assert abs(menu.geometry().right() - corner.x()) <= 1
    assert menu.geometry().top() > corner.y()


def test_it_is_readable_without_a_compositor(menu: ChartMenu) -> None:
    assert not menu.testAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    assert menu.testAttribute(Qt.WidgetAttribute.WA_StyledBackground)


def test_there_is_a_way_back_to_the_defaults(menu: ChartMenu) -> None:
    told: list[ChartOptions] = []
    menu.changed.connect(told.append)
    menu.set_options(ChartOptions(side="teacher"))
    assert not menu.defaults.isEnabled()
    menu.boxes["log_y"].click()
    menu.charts["terms"].click()
    assert menu.defaults.isEnabled()
    menu.defaults.click()
    assert told[-1] == ChartOptions(side="teacher") and not menu.defaults.isEnabled()
    assert menu.charts["terms"].isChecked() and not menu.boxes["log_y"].isChecked()


def test_it_opens_inside_the_screen(menu: ChartMenu, qtbot: QtBot) -> None:
    gear = QPushButton("Gear")
    qtbot.addWidget(gear)
    room = gear.screen().availableGeometry()
    for corner in (room.topLeft(), room.bottomRight() - QPoint(80, 60)):
        gear.move(corner)
        gear.show()
        menu.open_below(gear)
        assert room.contains(menu.geometry())
        menu.hide()
