"""What a chart is told to draw, and how: curves, lines across it, words for none. Loads no plot."""

from __future__ import annotations

from dataclasses import dataclass

from distill_gui.models.curves import XAxis
from distill_gui.theme import LineLook, run_colour, term_look

NO_ROWS = "no rows yet"
BASELINE_DASH = (5.0, 4.0)  # px


@dataclass(frozen=True)
class Look:
    """How one curve is drawn. `raw` is the unsmoothed line behind a smoothed one; `term` is a place in the loss, where
    the curve is one of its terms: terms have looks of their own, lest they be taken for other runs. `dashed` is the run
    that the others are compared with."""

    axis: XAxis
    colour: int
    emphasised: bool = False
    raw: bool = False
    term: int | None = None
    dashed: bool = False

    def line(self) -> LineLook:
        """Colour and dash in the theme now shown."""
        if self.term is not None:
            return term_look(self.term)
        return LineLook(run_colour(self.colour), BASELINE_DASH if self.dashed else ())


@dataclass(frozen=True)
class Level:
    """A line across the chart: a teacher's or a published score."""

    value: float
    text: str


CurveId = tuple[int, str, bool]  # run, metric name, raw
