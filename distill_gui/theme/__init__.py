"""How the window looks: colours, space and type as tokens, the style made of them, icons. Knows nothing of runs."""

from distill_gui.theme.runs import run_colour
from distill_gui.theme.scheme import apply, bare, current, follow, is_dark, notifier
from distill_gui.theme.terms import LineLook, term_look
from distill_gui.theme.tokens import RADIUS, XL, XS, L, M, S, Tokens, tokens
from distill_gui.theme.type import mono_font, number_font, restyle

__all__ = [
    "RADIUS",
    "XL",
    "XS",
    "L",
    "LineLook",
    "M",
    "S",
    "Tokens",
    "apply",
    "bare",
    "current",
    "follow",
    "is_dark",
    "mono_font",
    "notifier",
    "number_font",
    "restyle",
    "run_colour",
    "term_look",
    "tokens",
]
