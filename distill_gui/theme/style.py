"""The style sheet: the shape of every kind of control, in the colours it is handed. Knows no widget of ours by class.

Widgets ask for a look by dynamic properties: ``role`` (labels, frames), ``kind`` (buttons), ``tone`` (badges, notices).
"""

from __future__ import annotations

from pathlib import Path
from string import Template

from distill_gui.theme import tokens as t

IMAGES = Path(__file__).parent / "images"
SHEETS = ("base", "buttons", "fields", "views")


def style_sheet(colours: t.Tokens) -> str:
    """All sheets of this folder with the tokens filled in; an unknown token is an error, not an empty colour."""
    values: dict[str, object] = dict(vars(colours))
    values |= {
        "radius": t.RADIUS,
        "card_radius": t.CARD_RADIUS,
        "base_size": t.BASE_SIZE,
        "title_size": t.TITLE_SIZE,
        "number_size": t.NUMBER_SIZE,
        "caption_size": t.CAPTION_SIZE,
        "images": IMAGES.as_posix(),
        "shade": "dark" if colours is t.DARK else "light",
    }
    folder = Path(__file__).parent
    text = "\n".join((folder / f"{name}.qss").read_text(encoding="utf-8") for name in SHEETS)
    return Template(text).substitute(values)
