"""The tokens: every text reads on every ground it is used on, in both themes."""

from dataclasses import asdict
from itertools import product

import pytest

from distill_gui.theme.tokens import DARK, LIGHT, Tokens, tokens

READABLE = 4.5  # WCAG 2.2, 1.4.3: contrast of text
VISIBLE = 3.0  # 1.4.11: contrast of what marks a control


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_measured_as_wcag_defines_it() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_reads_on_every_ground(theme: Tokens) -> None:
    values = asdict(theme)
    pairs = list(product(("text", "muted"), ("ground", "surface", "sunken", "hover", "accent_soft")))
    pairs += list(product(("accent", "good", "warn", "bad"), ("ground", "surface", "sunken", "hover")))
    pairs += [("accent", "accent_soft"), ("good", "good_soft"), ("warn", "warn_soft"), ("bad", "bad_soft")]
    pairs += [("on_accent", "accent"), ("on_accent", "accent_strong"), ("on_bad", "bad")]
    dim = {pair: contrast(values[pair[0]], values[pair[1]]) for pair in pairs}
    assert {pair: round(value, 2) for pair, value in dim.items() if value < READABLE} == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_ring_of_the_focus_is_seen(theme: Tokens) -> None:
    assert contrast(theme.accent, theme.surface) >= VISIBLE
    assert contrast(theme.accent, theme.ground) >= VISIBLE
    assert contrast(theme.text, theme.surface) >= VISIBLE  # the ring of the primary button, on its card


def test_dark_and_light_are_told_apart() -> None:
    assert tokens(True) is DARK
    assert tokens(False) is LIGHT
    assert luminance(DARK.ground) < luminance(LIGHT.ground)
