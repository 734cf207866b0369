"""Draws the cells and the head of a results table from spans of text. Knows the theme only.

A span has a text, a look and a slot; figures of a column align slot by slot, digits under digits, deltas under deltas.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from distill_gui.theme import current, is_dark, number_font

PAD = 10  # px, left and right of a cell's content
GAP = 8  # px, between spans
SLOT_GAPS = (0, 4, 8)  # px, before each slot of a figure
ROW_HEIGHT, HEADING_HEIGHT, HEAD_HEIGHT = 32, 28, 46
CHIP = QSize(54, 22)
BADGE_HEIGHT = 18
SMALL, TINY = 11, 9

_COLOURS = {
    "text": "text", "value": "text", "best": "text", "second": "text", "heading": "text", "muted": "muted",
    "published": "muted", "small": "muted", "mark": "muted", "badge": "muted", "chip": "muted", "good": "good",
    "bad": "bad", "accent": "accent",
}  # fmt: skip


class SpanLike(Protocol):
    """A piece of text: how it looks, in which slot of its column it stands, and in fewer words, or ""."""

    @property
    def text(self) -> str: ...
    @property
    def look(self) -> str: ...
    @property
    def slot(self) -> int: ...
    @property
    def brief(self) -> str: ...


class FaceLike(Protocol):
    """What a cell shows."""

    @property
    def spans(self) -> Sequence[SpanLike]: ...
    @property
    def is_right(self) -> bool: ...
    @property
    def slotted(self) -> bool: ...
    @property
    def is_heading(self) -> bool: ...
    @property
    def clickable(self) -> bool: ...


@lru_cache(maxsize=32)
def font_of(look: str) -> QFont:
    """The font of a look."""
    size = {"small": SMALL, "good": SMALL, "bad": SMALL, "badge": SMALL, "mark": TINY}.get(look, 13)
    font = number_font(size, bold=look in ("best", "heading"))
    if look == "best":
        font.setWeight(QFont.Weight.Bold)
    font.setItalic(look == "published")
    font.setUnderline(look == "second")
    return font


@lru_cache(maxsize=4096)
def span_width(text: str, look: str) -> int:
    """Width of a span in px, with the room around a badge or a chip."""
    width = QFontMetrics(font_of(look)).horizontalAdvance(text)
    if look == "badge":
        return width + 16
    return max(CHIP.width(), width + 16) if look == "chip" else width


def slot_widths(face: FaceLike) -> tuple[int, int, int]:
    """Width of each slot of a figure in px."""
    widths = [0, 0, 0]
    for span in face.spans:
        before = GAP // 2 if widths[span.slot] else 0
        widths[span.slot] += before + span_width(span.text, span.look)
    return widths[0], widths[1], widths[2]


def joined_width(slots: Sequence[int]) -> int:
    """Width of slots side by side; an empty slot takes no room."""
    return sum(width + gap for width, gap in zip(slots, SLOT_GAPS, strict=True) if width)


def plain_width(face: FaceLike, brief: bool = False) -> int:
    """Width of the spans one after the other, in full or in brief."""
    return sum(span_width(text_of(span, brief), span.look) for span in face.spans) + sum(_gaps(face.spans))


def text_of(span: SpanLike, brief: bool) -> str:
    """What a span says, in full or in brief."""
    return (brief and span.brief) or span.text


def _gaps(spans: Sequence[SpanLike]) -> list[int]:
    """Room before each span: a mark stands close to what it is about."""
    return [0 if place == 0 else 2 if span.look == "mark" else GAP for place, span in enumerate(spans)]


Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Paints a cell's face. Set by the grid: ``slots`` holds the slot widths of each column, ``brief`` the columns that have
    too little room to say all in full."""

    def __init__(self, face_role: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.face_role = face_role
        self.slots: dict[int, tuple[int, int, int]] = {}
        self.brief: set[int] = set()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        face: FaceLike | None = index.data(self.face_role)
        if face is None:
            return
        colours = current()
        rect = QRect(option.rect)
        state = option.state
        hovered = bool(state & QStyle.StateFlag.State_MouseOver) and face.clickable
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(rect, QColor(colours.sunken if face.is_heading else colours.surface))
        if hovered and not any(span.look == "chip" for span in face.spans):
            painter.fillRect(rect, QColor(colours.hover))
        if state & QStyle.StateFlag.State_HasFocus and not face.is_heading:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(2, 2, -2, -2), 6, 6)
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        if face.slotted:
            self._paint_slots(painter, inner, face, self.slots.get(index.column(), slot_widths(face)))
        else:
            _paint_in_row(painter, inner, face, hovered, index.column() in self.brief)
        painter.restore()

    def _paint_slots(self, painter: QPainter, rect: QRect, face: FaceLike, slots: Sequence[int]) -> None:
        left = rect.right() + 1 - joined_width(slots)
        own = slot_widths(face)
        for slot, width in enumerate(slots):
            if not width:
                continue
            left += SLOT_GAPS[slot]
            # digits and deltas end at one edge, what follows a figure begins at one
            x = left if slot == 1 else left + width - own[slot]
            for span in face.spans:
                if span.slot == slot:
                    x += _paint_span(painter, x, rect, span, span.text) + GAP // 2
            left += width

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        face: FaceLike | None = index.data(self.face_role)
        if face is None:
            return QSize(0, ROW_HEIGHT)
        width = joined_width(slot_widths(face)) if face.slotted else plain_width(face)
        return QSize(width + 2 * PAD, HEADING_HEIGHT if face.is_heading else ROW_HEIGHT)


def _paint_in_row(painter: QPainter, rect: QRect, face: FaceLike, hovered: bool, brief: bool = False) -> None:
    """Spans one after the other; where there is too little room, the first gives way with a "…" in its middle: what tells a
    name from others often stands at its end."""
    wanted, room = plain_width(face, brief), rect.width()
    x = rect.right() + 1 - wanted if face.is_right else rect.left()
    for place, (span, gap) in enumerate(zip(face.spans, _gaps(face.spans), strict=True)):
        text = text_of(span, brief)
        if place == 0 and wanted > room and not face.is_heading:
            left_for_it = max(40, span_width(text, span.look) - (wanted - room))
            text = QFontMetrics(font_of(span.look)).elidedText(text, Qt.TextElideMode.ElideMiddle, left_for_it)
        x += gap + _paint_span(painter, x + gap, rect, span, text, hovered)


def _paint_span(painter: QPainter, x: int, rect: QRect, span: SpanLike, text: str, hovered: bool = False) -> int:
    """Paint one span from ``x``; returns its width."""
    colours = current()
    width = span_width(text, span.look)
    painter.setFont(font_of(span.look))
    painter.setPen(QColor(getattr(colours, _COLOURS[span.look])))
    if span.look == "badge":
        box = QRectF(x, rect.center().y() - BADGE_HEIGHT / 2 + 0.5, width, BADGE_HEIGHT)
        painter.setBrush(QColor(colours.hover if is_dark() else colours.sunken))
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(box, BADGE_HEIGHT / 2, BADGE_HEIGHT / 2)
        painter.restore()
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return width
    if span.look == "chip":
        box = QRectF(x, rect.center().y() - CHIP.height() / 2 + 0.5, width, CHIP.height())
        pen = QPen(QColor(colours.accent if hovered else colours.line), 1)
        pen.setStyle(Qt.PenStyle.SolidLine if hovered else Qt.PenStyle.DashLine)
        painter.save()
        painter.setPen(pen)
        painter.setBrush(QColor(colours.accent_soft) if hovered else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.restore()
        painter.setPen(QColor(colours.accent if hovered else colours.muted))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return width
    # all looks stand on the base line of the 13 px text; a mark is raised
    metrics = QFontMetrics(font_of("value"))
    base = rect.center().y() + (metrics.ascent() - metrics.descent()) // 2 + 1
    painter.drawText(QPoint(x, base - (5 if span.look == "mark" else 0)), text)
    return width


class TwoLineHeader(QHeaderView):
    """A head with a title and, after a line break, a second line below it. ``opaque`` covers what scrolls under it."""

    def __init__(self, parent: QWidget, opaque: bool = False) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._opaque = opaque
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setFixedHeight(HEAD_HEIGHT)

    def wanted_width(self, section: int) -> int:
        """Width of the wider of the two lines in px, with the room around."""
        lines = self._lines(section)
        return max(span_width(text, "heading") for text in lines) + 2 * PAD if lines else 2 * PAD

    def _lines(self, section: int) -> list[str]:
        model = self.model()
        text = model.headerData(section, Qt.Orientation.Horizontal) if model is not None else None
        return str(text or "").split("\n")

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        colours = current()
        painter.save()
        if self._opaque:
            # clear of the card's round corner
            painter.fillRect(rect.adjusted(4, 0, 0, 0), QColor(colours.surface))
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        model = self.model()
        side = (
            model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole) if model else None
        )
        horizontal = (
            Qt.AlignmentFlag(side) & Qt.AlignmentFlag.AlignHorizontal_Mask if side else Qt.AlignmentFlag.AlignLeft
        )
        lines = [line for line in self._lines(section) if line]
        inner = rect.adjusted(PAD, 0, -PAD, -2)
        height = QFontMetrics(font_of("heading")).height()
        top = inner.center().y() - height * len(lines) // 2
        painter.setFont(font_of("heading"))
        painter.setPen(QColor(colours.muted))
        for place, line in enumerate(lines):
            if place == 1:
                painter.setFont(font_of("muted"))
            painter.drawText(QRect(inner.left(), top + place * height, inner.width(), height), horizontal, line)
        painter.restore()
