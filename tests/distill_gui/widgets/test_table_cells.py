"""Cells draw what they are told: slots align, looks differ in shape and not only in colour."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem, QTableView
from pytestqt.qtbot import QtBot

from distill_gui import theme
from distill_gui.widgets.table_cells import (
    PAD,
    ROW_HEIGHT,
    CellDelegate,
    TwoLineHeader,
    font_of,
    joined_width,
    plain_width,
    slot_widths,
    span_width,
)

ROLE = 0x0101


@dataclass(frozen=True)
class Span:
    text: str
    look: str
    slot: int = 0
    brief: str = ""


@dataclass(frozen=True)
class Face:
    spans: tuple[Span, ...]
    is_right: bool = True
    slotted: bool = False
    is_heading: bool = False
    clickable: bool = False


@pytest.fixture(autouse=True, params=[False, True], ids=["light", "dark"])
def _theme(qapp: QApplication, request: pytest.FixtureRequest) -> None:
    theme.apply(qapp, request.param)


def painted(qtbot: QtBot, face: Face, width: int = 200, slots: tuple[int, int, int] | None = None,
            state: QStyle.StateFlag = QStyle.StateFlag.State_Enabled) -> QImage:  # fmt: skip
    model = QStandardItemModel(1, 1)
    model.setItem(0, 0, QStandardItem())
    model.item(0, 0).setData(face, ROLE)
    view = QTableView()
    qtbot.addWidget(view)
    delegate = CellDelegate(ROLE, view)
    if slots:
        delegate.slots[0] = slots
    image = QImage(width, ROW_HEIGHT, QImage.Format.Format_RGB32)
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, width, ROW_HEIGHT)  # type: ignore[attr-defined]
    option.state = state  # type: ignore[attr-defined]
    painter = QPainter(image)
    delegate.paint(painter, option, model.index(0, 0))
    painter.end()
    return image


def inked(image: QImage) -> tuple[int, int]:
    """First and last column in which anything differs from the ground of the cell."""
    ground = image.pixelColor(1, 1)
    columns = [x for x in range(image.width()) if any(image.pixelColor(x, y) != ground for y in range(image.height()))]
    return (columns[0], columns[-1]) if columns else (-1, -1)


def test_digits_end_at_one_edge_whatever_follows_them(qtbot: QtBot) -> None:
    alone = Face((Span("71.1", "value"),), slotted=True)
    full = Face((Span("82.0", "value"), Span("±.4", "small", 1), Span("+0.4", "good", 2)), slotted=True)
    slots = slot_widths(full)
    edge = 200 - PAD - joined_width(slots) + slots[0]
    assert abs(inked(painted(qtbot, alone, slots=slots))[1] - edge) <= 2
    assert inked(painted(qtbot, full, slots=slots))[1] > edge + 10


def test_an_empty_slot_takes_no_room(qtbot: QtBot) -> None:
    assert joined_width((30, 0, 0)) == 30
    assert joined_width((30, 20, 0)) > 50


def test_best_and_second_differ_by_shape(qtbot: QtBot) -> None:
    assert font_of("best").bold() and not font_of("second").bold()
    assert font_of("second").underline() and font_of("published").italic()
    value, second = (painted(qtbot, Face((Span("80.2", look),), slotted=True)) for look in ("value", "second"))
    assert value != second


def test_a_name_that_is_too_long_gives_way_and_its_badge_stays(qtbot: QtBot) -> None:
    face = Face((Span("a very long name of a method " * 3, "text"), Span("published", "badge")), is_right=False)
    assert plain_width(face) > 300
    first, last = inked(painted(qtbot, face, width=300))
    assert first >= PAD - 2 and 250 < last <= 300 - PAD + 2


def test_a_long_name_keeps_its_end_which_tells_it_from_others(qtbot: QtBot) -> None:
    ends = [
        Face((Span(f"a very long name of a method that differs in λ {end}", "text"),), is_right=False)
        for end in (".3", ".7")
    ]
    assert painted(qtbot, ends[0], width=150) != painted(qtbot, ends[1], width=150)


def test_the_chip_answers_the_pointer(qtbot: QtBot) -> None:
    face = Face((Span("run", "chip"),), clickable=True)
    still = painted(qtbot, face)
    hovered = painted(qtbot, face, state=QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_MouseOver)
    assert still != hovered and span_width("run", "chip") >= 54


def test_the_focused_cell_wears_a_ring_and_a_heading_never(qtbot: QtBot) -> None:
    focus = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_HasFocus
    face, head = Face((Span("80.2", "value"),)), Face((Span("2 × 128", "heading"),), is_right=False, is_heading=True)
    accent = QColor(theme.current().accent)
    ringed = painted(qtbot, face, state=focus)
    assert any(ringed.pixelColor(x, 2) == accent for x in range(20, 180))
    assert painted(qtbot, head, state=focus) == painted(qtbot, head)


def test_a_cell_without_a_face_draws_nothing(qtbot: QtBot) -> None:
    view = QTableView()
    qtbot.addWidget(view)
    model = QStandardItemModel(1, 1)
    delegate = CellDelegate(ROLE, view)
    assert delegate.sizeHint(QStyleOptionViewItem(), model.index(0, 0)).width() == 0


def test_a_head_is_as_wide_as_its_wider_line(qtbot: QtBot) -> None:
    view = QTableView()
    qtbot.addWidget(view)
    header = TwoLineHeader(view)
    view.setHorizontalHeader(header)
    model = QStandardItemModel(1, 2)
    model.setHorizontalHeaderLabels(["RTE\n2.5 K", "MNLI (m/mm)\n392.7 K"])
    view.setModel(model)
    assert header.wanted_width(1) == span_width("MNLI (m/mm)", "heading") + 2 * PAD > header.wanted_width(0)
