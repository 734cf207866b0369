"""Text in the ranks of the theme. Always plain: names from files and people are shown, never interpreted."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from distill_gui.plain import set_tip
from distill_gui.theme import mono_font, restyle


def label(text: str = "", role: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> QLabel:
    """A plain-text label in the look of ``role`` ("" is running text)."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


def title(text: str = "", parent: QWidget | None = None) -> QLabel:
    """The name of a place, 17 px."""
    return label(text, "title", parent)


def heading(text: str = "", parent: QWidget | None = None) -> QLabel:
    """The name of a card or a group."""
    return label(text, "heading", parent)


def muted(text: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> QLabel:
    """Second-rank text."""
    return label(text, "muted", parent, wrap=wrap)


def caption(text: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> QLabel:
    """Second-rank text at 11 px."""
    return label(text, "caption", parent, wrap=wrap)


def mono(text: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> QLabel:
    """Fixed-width text that can be selected and copied: formulas, commands, paths."""
    made = label(text, "mono", parent, wrap=wrap)
    made.setFont(mono_font())
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def set_tone(widget: QLabel, tone: str) -> None:
    """Colour a label "good", "warn" or "bad"; "" takes the colour away. Say the same in words too."""
    if widget.property("tone") != tone:
        widget.setProperty("tone", tone)
        restyle(widget)


def line(parent: QWidget | None = None) -> QFrame:
    """A horizontal hairline."""
    made = QFrame(parent)
    made.setProperty("role", "line")
    return made


class ElidedLabel(QLabel):
    """A label that gives way: too long a text ends in "…" and is whole in the tooltip."""

    def __init__(
        self,
        text: str = "",
        role: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self._own_tip = False
        self._shorter: list[str] = []
        self.all_or_nothing = False  # for words one can do without: no stub such as "smoo…"
        self.setIndent(0)  # a label with a border would else ask for room that is not drawn in
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    def setText(self, text: str) -> None:
        self._shorter = []
        super().setText(text)
        self._tell()

    def set_texts(self, texts: Sequence[str]) -> None:
        """The text, and shorter ones of which the first that fits is shown where it does not."""
        text, *shorter = texts
        super().setText(text)
        self._shorter = shorter
        self._tell()
        self.update()

    def shown_text(self) -> str:
        """What is readable now, with the "…"."""
        metrics, width = QFontMetrics(self.font()), self.contentsRect().width()
        shown = ""
        for text in (self.text(), *self._shorter):
            shown = metrics.elidedText(text, self._mode, width)
            if shown == text:  # not by its width, which is rounded
                break
        return "" if self.all_or_nothing and shown != self.text() else shown

    def minimumSizeHint(self) -> QSize:
        least = 0 if self.all_or_nothing else QFontMetrics(self.font()).horizontalAdvance("MM…")
        return QSize(least, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        # one pixel more than the text: elidedText cuts where fractional advances round up
        hint = super().sizeHint()
        return QSize(hint.width() + 1, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            int(self.alignment().value),
            self.palette(),
            self.isEnabled(),
            self.shown_text(),
            self.foregroundRole(),
        )
        painter.end()

    def _tell(self) -> None:
        """Show the whole text as the tooltip while it is cut, unless someone set another tooltip."""
        cut = self.shown_text() != self.text()
        if cut and (self._own_tip or not self.toolTip()):
            set_tip(self, self.text())
            self._own_tip = True
        elif not cut and self._own_tip:
            set_tip(self, "")
            self._own_tip = False
