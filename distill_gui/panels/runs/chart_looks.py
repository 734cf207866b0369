"""What a chart is told to draw, and how: curves, lines across it, words for none. Loads no plot."""

from __future__ import annotations

from dataclasses import dataclass

from distill_gui.models.curves import XAxis
from distill_gui.theme import LineLook, run_colour, term_look

NO_ROWS = "no rows yet"


@dataclass(frozen=True)
class Look:
    """How one curve is drawn. `raw` is the unsmoothed line behind a smoothed one; `term` is a place in the loss, where
    the curve is one of its terms: terms have looks of their own, lest they be taken for other runs."""

    axis: XAxis
    colour: int
    emphasised: bool = False
    raw: bool = False
    term: int | None = None

    def line(self) -> LineLook:
        """Colour and dash in the theme now shown."""
        return LineLook(run_colour(self.colour)) if self.term is None else term_look(self.term)


@dataclass(frozen=True)
class Level:
    """A line across the chart: a teacher's or a published score."""

    value: float
    text: str


CurveId = tuple[int, str, bool]  # run, metric name, raw
