"""The program's own pictures: its icon and the drawing of the welcome page. Knows the theme only."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from distill_gui.theme.scheme import current
from distill_gui.theme.tokens import LIGHT

DRAWING_WIDTH, DRAWING_HEIGHT = 358, 132  # px
TEACHER = ((20, 50, 80, 110), (16, 42, 66, 92, 116), (30, 66, 102))  # y of the nodes, one row a layer
STUDENT = ((42, 66, 90), (54, 78))
CLASSES = (58, 36, 14, 8, 4)  # px, the length of the teacher's answer for five classes


def app_icon() -> QIcon:
    """The icon of the window: a large net narrowing into a small one."""
    joints = "M18 16 34 24M18 32 34 24M18 32 34 40M18 48 34 40M34 24 48 32M34 40 48 32"
    nodes = ((18, 16, 4.6), (18, 32, 4.6), (18, 48, 4.6), (34, 24, 4.6), (34, 40, 4.6), (48, 32, 5.6))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect x="2" y="2" width="60" height="60" rx="14" fill="{LIGHT.accent}"/>'
        f'<path d="{joints}" stroke="#ffffff" stroke-width="2.4" stroke-opacity="0.55"/>'
        + "".join(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="#ffffff"/>' for x, y, radius in nodes)
        + "</svg>"
    )
    icon = QIcon()
    for size in (16, 32, 48, 64, 128):
        icon.addPixmap(_render(svg, size, size, 1.0))
    return icon


def drawing(scale: float = 1.0) -> QPixmap:
    """The teacher's net, its soft answer and the small student, in the colours now shown."""
    colours = current()
    parts = _net(TEACHER, 14, 46, colours.line, colours.muted, 6.5)
    parts += _net(STUDENT, 296, 44, colours.line, colours.accent, 6.5)
    for position, length in enumerate(CLASSES):
        y = 36 + 13 * position
        parts.append(f'<rect x="168" y="{y}" width="62" height="7" rx="3.5" fill="{colours.sunken}"/>')
        parts.append(f'<rect x="168" y="{y}" width="{max(length, 7)}" height="7" rx="3.5" fill="{colours.accent}"/>')
    for x in (132, 248):
        parts.append(
            f'<path d="M{x} 66h20M{x + 14} 60.5l6 5.5-6 5.5" fill="none" stroke="{colours.muted}" stroke-width="1.8" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
        )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {DRAWING_WIDTH} {DRAWING_HEIGHT}">{"".join(parts)}</svg>'
    )
    return _render(svg, DRAWING_WIDTH, DRAWING_HEIGHT, scale)


def _net(layers: tuple[tuple[int, ...], ...], left: int, gap: int, line: str, node: str, radius: float) -> list[str]:
    """Nodes of each layer at ``left`` + ``gap`` a layer, every one joined to every one of the next layer."""
    parts = []
    for depth, (here, following) in enumerate(pairwise(layers)):
        x = left + gap * depth
        parts += [
            f'<path d="M{x} {a}L{x + gap} {b}" stroke="{line}" stroke-width="1.4"/>' for a in here for b in following
        ]
    for depth, rows in enumerate(layers):
        parts += [f'<circle cx="{left + gap * depth}" cy="{y}" r="{radius}" fill="{node}"/>' for y in rows]
    return parts


def _render(svg: str, width: int, height: int, scale: float) -> QPixmap:
    picture = QPixmap(round(width * scale), round(height * scale))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(scale)
    return picture
