"""The colours of runs: the colour-blind-safe set of Okabe and Ito (2008), lightened where the ground is dark."""

from __future__ import annotations

from distill_gui.theme.scheme import is_dark

LIGHT_RUNS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DARK_RUNS = ("#4BA3DE", "#F58B4C", "#3CC79A", "#E698C4", "#F7BC45", "#8ACDF5")


def run_colour(index: int) -> str:
    """The colour ``#RRGGBB`` of the run with this stored colour index, in the theme now shown; repeats after six."""
    colours = DARK_RUNS if is_dark() else LIGHT_RUNS
    return colours[index % len(colours)]
