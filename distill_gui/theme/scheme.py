"""The theme now shown: applies it to the application and tells who paints for itself when it changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from distill_gui.theme import focus
from distill_gui.theme.style import style_sheet
from distill_gui.theme.tokens import Tokens, tokens
from distill_gui.theme.type import base_font

CHOICES = ("system", "light", "dark")
BARE, SHOWN = "without_style_sheet", "theme_shown"  # properties of the application


class Notifier(QObject):
    """Says ``changed`` after another theme was applied."""

    changed = Signal()


class _Now:
    dark = False


@cache
def notifier() -> Notifier:
    """The one object whose ``changed`` is emitted after every change of theme."""
    return Notifier()


def is_dark() -> bool:
    """Whether the dark theme is shown."""
    return _Now.dark


def current() -> Tokens:
    """The colours now shown."""
    return tokens(_Now.dark)


def apply(app: QApplication, dark: bool) -> None:
    """Show ``app`` in the dark or the light theme: Fusion style, palette, style sheet and font.

    Nothing is done, and nothing said, where it is shown already: every widget would be dressed anew.
    """
    _Now.dark = dark
    shown = app.property(SHOWN)
    if shown == dark and (app.styleSheet() or app.property(BARE)):
        return
    if shown is None:
        app.setStyle("Fusion")
    app.setProperty(SHOWN, dark)
    app.setFont(base_font())
    app.setPalette(_palette(tokens(dark)))
    if not app.property(BARE):
        app.setStyleSheet(style_sheet(tokens(dark)))
    focus.follow(app)
    notifier().changed.emit()


@contextmanager
def bare(app: QApplication) -> Iterator[None]:
    """Leave the style sheet out for as long as a whole window is built, and put it on once at the end.

    Under a style sheet Qt dresses every widget anew each time one of its parents gets a parent: half of the time that
    building takes. An application that has one on already keeps it.
    """
    if app.styleSheet():
        yield
        return
    app.setProperty(BARE, True)
    try:
        yield
    finally:
        app.setProperty(BARE, False)
        app.setStyleSheet(style_sheet(current()))


def follow(app: QApplication, choice: str) -> None:
    """Show the person's choice, one of ``CHOICES``; "system" follows the desktop, also when that changes later."""
    if choice not in CHOICES:
        raise ValueError(f"theme is {choice!r}: choose one of {', '.join(CHOICES)}")
    hints = app.styleHints()
    if not app.property("theme_followed"):
        app.setProperty("theme_followed", True)
        hints.colorSchemeChanged.connect(lambda scheme: _follow_system(app, scheme))
    app.setProperty("theme_choice", choice)
    wanted = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(choice)
    if wanted is None:
        hints.unsetColorScheme()
        apply(app, hints.colorScheme() == Qt.ColorScheme.Dark)
    else:
        hints.setColorScheme(wanted)  # so that the title bar follows too, where the desktop draws it
        apply(app, choice == "dark")


def _follow_system(app: QApplication, scheme: Qt.ColorScheme) -> None:
    dark = scheme == Qt.ColorScheme.Dark
    if app.property("theme_choice") == "system" and dark != is_dark():
        apply(app, dark)


def _palette(t: Tokens) -> QPalette:
    """The palette for whatever the style sheet leaves to the Fusion style."""
    role = QPalette.ColorRole
    palette = QPalette()
    colours = {
        role.Window: t.ground,
        role.WindowText: t.text,
        role.Base: t.surface,
        role.AlternateBase: t.sunken,
        role.Text: t.text,
        role.Button: t.surface,
        role.ButtonText: t.text,
        role.BrightText: t.bad,
        role.Highlight: t.accent_soft,
        role.HighlightedText: t.text,
        role.Accent: t.accent,
        role.Link: t.accent,
        role.LinkVisited: t.accent,
        role.PlaceholderText: t.muted,
        role.ToolTipBase: t.surface,
        role.ToolTipText: t.text,
        role.Light: t.hover,
        role.Midlight: t.line,
        role.Mid: t.line,
        role.Dark: t.muted,
        role.Shadow: t.line,
    }
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(t.disabled))
    return palette
