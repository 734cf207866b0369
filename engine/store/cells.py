"""Rows and index entries out of single b-tree pages, each for itself: a damaged page or cell loses only itself.

Knows SQLite's file format (https://www.sqlite.org/fileformat2.html#b_tree_pages), not what the rows mean.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from engine.store.pages import FIRST_HEADER, Pages

INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF = 2, 5, 10, 13
KNOWN = (0, INDEX_INTERIOR, TABLE_INTERIOR, INDEX_LEAF, TABLE_LEAF)  # 0: an overflow page, or nothing
INT_BYTES = (0, 1, 2, 3, 4, 6, 8)

Value = int | float | str | bytes | None
Row = tuple[Value, ...]


class Damaged(Exception):
    """Bytes that no SQLite wrote so."""


def rows_of(pages: Pages, number: int) -> Iterator[tuple[int, Row] | None]:
    """(rowid, values) of each row that begins on a page; None for one that cannot be read. Nothing for other pages.

    A page of unknown kind is tried: its first byte may be what was damaged.
    """
    start = FIRST_HEADER if number == 1 else 0
    page = pages.images[number]
    if page[start] in KNOWN and page[start] != TABLE_LEAF:
        return
    sure = page[start] == TABLE_LEAF
    for place in _cells(page, start + 8, start):
        try:
            size, at = _varint(page, place)
            rowid, at = _varint(page, at)
            yield _signed(rowid), _record(_payload(pages, page, at, size, pages.usable - 35))
        except Damaged:
            if sure:
                yield None


def entries_of(pages: Pages, number: int) -> Iterator[Row]:
    """The entries of an index on a page, those that can be read."""
    page = pages.images[number]
    kind = page[0]
    if number == 1 or kind not in (INDEX_LEAF, INDEX_INTERIOR):
        return
    before = 4 if kind == INDEX_INTERIOR else 0  # the page below comes first
    for place in _cells(page, 8 + before, 0):
        try:
            size, at = _varint(page, place + before)
            yield _record(_payload(pages, page, at, size, (pages.usable - 12) * 64 // 255 - 23))
        except Damaged:
            continue


def _cells(page: bytes, pointers: int, start: int) -> Iterator[int]:
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    for position in range(pointers, min(pointers + 2 * count, len(page) - 1), 2):
        place = int.from_bytes(page[position : position + 2], "big")
        if pointers < place < len(page):
            yield place


def _payload(pages: Pages, page: bytes, at: int, size: int, most: int) -> bytes:
    """The ``size`` bytes of a cell from ``at`` on, gathered from its overflow pages where it has more than ``most``."""
    local = size
    if size > most:
        least = (pages.usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (pages.usable - 4)
        local = local if local <= most else least
    if size < 1 or at + local > pages.usable or size > len(pages.images) * pages.size:
        raise Damaged
    payload = bytearray(page[at : at + local])
    more = int.from_bytes(page[at + local : at + local + 4], "big") if size > local else 0
    seen: set[int] = set()
    while len(payload) < size:
        if more not in pages.images or more in seen:
            raise Damaged
        seen.add(more)
        image = pages.images[more]
        payload += image[4 : 4 + min(pages.usable - 4, size - len(payload))]
        more = int.from_bytes(image[:4], "big")
    return bytes(payload)


def _record(payload: bytes) -> Row:
    """The values of a record; its own lengths must add up to the payload's."""
    header, at = _varint(payload, 0)
    if not at <= header <= len(payload):
        raise Damaged
    kinds = []
    while at < header:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    place = header
    for kind in kinds:
        value, place = _value(payload, place, kind)
        values.append(value)
    if at != header or place != len(payload):
        raise Damaged
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind <= 7:
        end = at + (INT_BYTES[kind] if kind < 7 else 8)
        part = payload[at:end]
        value = (
            struct.unpack(">d", part)[0] if kind == 7 and len(part) == 8 else int.from_bytes(part, "big", signed=True)
        )
        return value, end
    if kind < 12:
        raise Damaged
    end = at + (kind - 12) // 2
    part = payload[at:end]
    return (part.decode("utf-8", "replace") if kind % 2 else part), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, where it ends): seven bits a byte, the highest bit says that more follow, a ninth byte counts whole."""
    value = 0
    for position in range(at, min(at + 9, len(data))):
        byte = data[position]
        if position == at + 8:
            return value << 8 | byte, position + 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, position + 1
    raise Damaged


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
