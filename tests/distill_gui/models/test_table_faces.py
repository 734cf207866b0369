"""What is drawn for each kind of cell: looks, slots and what can be clicked."""

from __future__ import annotations

import pytest

from distill_gui.models.table_faces import (
    AFTER,
    DELTA,
    VALUE,
    cell_face,
    gradient_face,
    heading_face,
    method_face,
    size_face,
)
from engine.analysis.cells import Block, Cell, Gradient, Row, Table

TABLE = Table((), (), (), "paper", "test server")
OWN = Row("k", "Vanilla KD", "own", {"a": Cell("result", values=(1.0,), seeds=3)})


def looks(cell: Cell, row: Row = OWN) -> list[tuple[str, str, int]]:
    return [(span.text, span.look, span.slot) for span in cell_face(cell, row).spans]


def test_a_figure_with_all_its_parts() -> None:
    cell = Cell("result", values=(82.0,), spreads=(0.4,), seeds=3, rank=1, delta=0.44)
    assert looks(cell) == [("82.0", "best", VALUE), ("±.4", "small", AFTER), ("+0.4", "good", DELTA)]
    assert cell_face(cell, OWN).slotted and cell_face(cell, OWN).clickable


def test_a_footnote_mark_follows_the_own_figure() -> None:
    marked = Cell("result", values=(80.4,), spreads=(None,), seeds=3, marks=("a",))
    assert looks(marked) == [("80.4", "value", VALUE), ("a", "mark", AFTER)]


@pytest.mark.parametrize(("delta", "look"), [(1.0, "good"), (-1.0, "bad"), (0.01, "small")])
def test_a_delta_is_coloured_by_direction_and_signed(delta: float, look: str) -> None:
    text, found, slot = looks(Cell("result", values=(82.0,), spreads=(None,), seeds=1, delta=delta))[-1]
    assert (found, slot) == (look, DELTA) and text[0] in "+−±"


def test_rank_is_more_than_a_colour() -> None:
    ranks = [looks(Cell("result", values=(82.0,), spreads=(None,), seeds=3, rank=rank))[0][1] for rank in (0, 1, 2)]
    assert ranks == ["value", "best", "second"]


def test_seeds_stand_in_the_row_when_they_agree_and_in_the_cell_when_not() -> None:
    assert ("3 seeds", "small") in [(span.text, span.look) for span in method_face(OWN, TABLE).spans]
    mixed = Row("k", "Vanilla KD", "own", {"a": Cell("result", seeds=3), "b": Cell("result", seeds=1)})
    assert [span.look for span in method_face(mixed, TABLE).spans] == ["text"]
    cell = Cell("result", values=(82.0,), spreads=(0.4,), seeds=3)
    assert ("n 3", "small", AFTER) in looks(cell, mixed) and ("n 3", "small", AFTER) not in looks(cell, OWN)


def test_what_stands_in_place_of_a_figure() -> None:
    expected = {"empty": ("run", "chip"), "running": ("62 % ▸", "accent"), "queued": ("queued", "muted"),
                "failed": ("✕ failed", "bad"), "blank": ("–", "muted")}  # fmt: skip
    for state, (text, look) in expected.items():
        face = cell_face(Cell(state, progress=0.62), OWN)  # type: ignore[arg-type]
        assert [(span.text, span.look) for span in face.spans] == [(text, look)]
        assert face.clickable == (state != "blank")


def test_a_further_run_shows_beside_the_figure() -> None:
    assert ("▸", "accent", AFTER) in looks(Cell("result", values=(1.0,), spreads=(None,), seeds=1, active=1))


def test_published_rows_say_what_they_are_in_words() -> None:
    row = Row(
        "p", "TinyBERT 4", "published", {"a": Cell("published", values=(71.1,), marks=("b",))}, 15.0, marks=("†",)
    )
    assert [(span.text, span.look) for span in method_face(row, TABLE).spans] == [
        ("TinyBERT 4", "published"), ("†", "mark"), ("published · test server", "badge"),
    ]  # fmt: skip
    assert looks(row.cells["a"], row) == [("71.1", "published", VALUE), ("b", "mark", AFTER)]
    assert not cell_face(row.cells["a"], row).clickable
    assert size_face(row).spans[0].text == "15"


def test_a_heading_names_its_baseline_only_if_there_is_one() -> None:
    without = Block("2x128", "2 × 128", (OWN,))
    assert [span.text for span in heading_face(without).spans] == ["2 × 128"]
    base = Block("2x128", "2 × 128", (Row("n", "No teacher", "own", {}, is_baseline=True),))
    assert "baseline" in heading_face(base).spans[1].text and heading_face(base).is_heading


def test_the_gradient_of_own_rows_alone() -> None:
    spans = gradient_face(Row("k", "KD", "own", {}, gradient=Gradient(41.34, 0.25, 3))).spans
    assert [(span.text, span.slot) for span in spans] == [("41.3", VALUE), ("0.25", AFTER)]
    assert [(span.text, span.look) for span in gradient_face(OWN).spans] == [("–", "muted")]
    assert gradient_face(Row("p", "KD", "published", {})).spans == ()


def test_a_stopped_run_did_not_fail() -> None:
    assert looks(Cell("stopped")) == [("stopped", "muted", VALUE)] and looks(Cell("failed"))[0][1] == "bad"
