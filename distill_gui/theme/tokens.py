"""The colours and distances everything is drawn with, once for light and once for dark. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

XS, S, M, L, XL = 4, 8, 12, 16, 24  # px, the only distances between things
RADIUS = 8  # px, corners of fields and buttons
CARD_RADIUS = 10  # px, corners of cards
BASE_SIZE = 13  # px, running text
TITLE_SIZE = 17  # px
NUMBER_SIZE = 18  # px, the value of a tile
CAPTION_SIZE = 11  # px
CONTROL_HEIGHT = 32  # px, fields and buttons


@dataclass(frozen=True)
class Tokens:
    """Named colours as ``#RRGGBB``. Every text colour reads at 4.5 : 1 or better on every ground it is used on."""

    ground: str  # behind the cards
    surface: str  # cards, fields, the rail
    sunken: str  # tiles, formula, tracks of bars
    line: str  # hairlines
    text: str
    muted: str  # second-rank text
    disabled: str  # text of what cannot be used now
    accent: str
    accent_strong: str  # the primary button under the pointer
    accent_soft: str  # behind the chosen place, segment, row
    on_accent: str  # text on accent
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    on_bad: str  # text on bad
    hover: str  # under the pointer
    handle: str  # scroll bar


LIGHT = Tokens(
    ground="#F5F6F8",
    surface="#FFFFFF",
    sunken="#EEF1F4",
    line="#DDE2E8",
    text="#1A1F26",
    muted="#5B6675",
    disabled="#98A2AF",
    accent="#2B66D9",
    accent_strong="#1F55BF",
    accent_soft="#E8EFFD",
    on_accent="#FFFFFF",
    good="#17784A",
    good_soft="#DFF3E8",
    warn="#8F5F00",  # a shade under #9A6700, which falls to 4.3 : 1 on the sunken tiles
    warn_soft="#FFF4D9",
    bad="#C03232",
    bad_soft="#FCE8E8",
    on_bad="#FFFFFF",
    hover="#EDF0F4",
    handle="#C3CAD4",
)

DARK = Tokens(
    ground="#13161B",
    surface="#1A1E25",
    sunken="#12151A",
    line="#2C333D",
    text="#E7EAEF",
    muted="#9AA6B5",
    disabled="#5E6977",
    accent="#6C9EFF",
    accent_strong="#8AB2FF",
    accent_soft="#1C2E52",
    on_accent="#0B1220",
    good="#4CC38A",
    good_soft="#163527",
    warn="#E2B347",
    warn_soft="#3A2F14",
    bad="#F07070",
    bad_soft="#40201F",
    on_bad="#1B0A0A",
    hover="#232932",
    handle="#434C59",
)


def tokens(dark: bool) -> Tokens:
    """The colours of the dark or the light theme."""
    return DARK if dark else LIGHT
