"""A name that is cut keeps the end that tells it from others."""

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from distill_gui.theme import number_font
from distill_gui.widgets.elision import elided_name


@pytest.mark.parametrize("width", [60, 100, 148, 200, 400])
@pytest.mark.parametrize(
    "name", ["vanilla · 3x384 · λ 0.25 · seed 0", "one long name without any joints in it", "–" * 90]
)
def test_a_name_has_the_room_there_is_and_most_of_it_is_for_its_end(qapp: QApplication, name: str, width: int) -> None:
    metrics = QFontMetrics(number_font(13, bold=True))
    shown = elided_name(metrics, name, width)
    assert metrics.horizontalAdvance(shown) <= width + 1
    if shown != name:
        head, _, end = shown.partition("…")
        assert name.startswith(head) and name.endswith(end)
        assert 2 * metrics.horizontalAdvance(end) > metrics.horizontalAdvance(head)


def test_no_part_of_a_name_of_a_sweep_is_half_there(qapp: QApplication) -> None:
    metrics = QFontMetrics(number_font(13, bold=True))
    end = "λ 0.25 · seed 0"
    shown = elided_name(metrics, f"vanilla · 3x384 · {end}", 3 * metrics.horizontalAdvance(end) // 2)
    assert shown.endswith(f"…{end}")
