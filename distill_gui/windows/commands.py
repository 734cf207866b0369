"""Gathers what the command palette offers: the window's own shortcuts, what its places offer, the runs. Makes none of it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from distill_gui.models.palette import Command
from distill_gui.models.run_text import score_text, summary
from distill_gui.widgets.offer import Offer
from distill_gui.windows.preferences import THEMES

if TYPE_CHECKING:
    from engine.store import RunRecord


def window_commands(keys: Iterable[tuple[str, str, Callable[[], object]]]) -> list[Command]:
    """One a (shortcut, title, act); "" for a shortcut where there is none."""
    return [
        Command(
            f"window/{title}", title, act, keys=QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        )
        for shortcut, title, act in keys
    ]


def theme_commands(now: str, choose: Callable[[str], object]) -> list[Command]:
    """The themes of the settings; the one there is now is not offered."""
    return [Command(f"theme/{key}", f"Theme: {title}", partial(choose, key)) for key, title in THEMES if key != now]


def place_commands(key: str, title: str, place: QWidget, come: Callable[[str], object]) -> list[Command]:
    """What a place offers by its ``offers()``; each is carried out there, after ``come(key)``."""
    offers: Sequence[Offer] = place.offers() if hasattr(place, "offers") else ()

    def act(offer: Offer) -> None:
        come(key)
        offer.act()

    def still(offer: Offer, listed: tuple[str, str, str]) -> bool:
        return listed == (offer.title(), offer.about(), offer.why_not())

    return [
        Command(
            f"{key}/{name}",
            name,
            partial(act, offer),
            where=" · ".join(filter(None, (title, about))),
            keys=offer.shortcut(),
            why_not=why_not,
            still=partial(still, offer, (name, about, why_not)),
        )
        for offer in offers
        if (name := offer.title())
        for about, why_not in [(offer.about(), offer.why_not())]
    ]


def run_commands(records: Iterable[RunRecord], show: Callable[[int], object]) -> list[Command]:
    """Every run by its name, the newest first."""
    return [
        Command(
            f"run/{record.id}",
            record.name,
            partial(show, record.id),
            where=f"run {record.id} · {summary(record)}",
            keys=score_text(record.best_score) if record.best_score is not None else "",
            is_run=True,
        )
        for record in reversed(list(records))
    ]
