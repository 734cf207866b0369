"""Neighbouring rows are found together, from the top."""

import pytest

from distill_gui.models.row_stretches import stretches


@pytest.mark.parametrize(
    ("rows", "found"), [("", []), ("..", []), ("xx", [(0, 1)]), (".x.xx", [(1, 1), (3, 4)]), ("x.x", [(0, 0), (2, 2)])]
)
def test_stretches(rows: str, found: list[tuple[int, int]]) -> None:
    assert stretches(list(rows), lambda row: row == "x") == found
