"""How the terms of a loss are told apart: shades that no run has, each with a dash of its own. Knows no losses.

Told apart without colour too: the dashes differ, and so do the shades' lightnesses where red and green look alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from distill_gui.theme.scheme import is_dark

LIGHT_TERMS = ("#43369E", "#8A1C4A", "#5C7A00", "#7A4E20", "#CF4FC4", "#75808C")
DARK_TERMS = ("#9184FF", "#FF6D92", "#C3D94E", "#B98F63", "#F2AEFF", "#D5DBE3")
SOLID: tuple[float, ...] = ()
DASHES: tuple[tuple[float, ...], ...] = (SOLID, (6, 3), (2, 2), (9, 3, 2, 3), (3, 4), (9, 3, 2, 3, 2, 3))


@dataclass(frozen=True)
class LineLook:
    """A colour ``#RRGGBB`` and lengths of strokes and gaps in px, none for a whole line."""

    colour: str
    dash: tuple[float, ...] = SOLID


def term_look(index: int) -> LineLook:
    """The look of the term with this place in the loss, in the theme now shown; shades repeat after six, with other dashes."""
    colours = DARK_TERMS if is_dark() else LIGHT_TERMS
    return LineLook(colours[index % len(colours)], DASHES[(index + index // len(colours)) % len(DASHES)])
