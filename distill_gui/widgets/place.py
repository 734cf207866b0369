"""How a place of the window is laid out: its name and a line about it, controls at their right, its pages below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from distill_gui.theme import XL, L, M, S
from distill_gui.widgets.labels import title


def lay_out_place(place: QWidget, name: str, about: QLabel, controls: Sequence[QWidget], pages: QWidget) -> None:
    """Fill ``place``, which has no layout yet; ``pages`` takes all the room that is left."""
    names = QVBoxLayout()
    names.setSpacing(2)
    names.addWidget(title(name))
    names.addWidget(about)
    top = QHBoxLayout()
    top.setSpacing(S)
    top.addLayout(names, 1)
    if controls:
        top.addSpacing(M)
    for control in controls:
        top.addWidget(control)
    whole = QVBoxLayout(place)
    whole.setContentsMargins(XL, L, XL, L)
    whole.setSpacing(L)
    whole.addLayout(top)
    whole.addWidget(pages, 1)
