"""The pages of a store as its last commit left them, read without SQLite, which refuses a damaged file. Knows no rows.

The file's pages with those of the write-ahead log over them, as far as either can be read
(https://www.sqlite.org/fileformat2.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.store.wal import PAGE_SIZE, read_frames

MAGIC = b"SQLite format 3\0"
FIRST_HEADER = 100  # bytes of page 1 before its b-tree


@dataclass(frozen=True)
class Pages:
    """``images[number]`` is a page, numbered from 1; ``free`` are those that hold nothing, all of them if ``knows_free``."""

    size: int
    usable: int
    images: dict[int, bytes]
    free: frozenset[int]
    knows_free: bool


def read_pages(file: Path) -> Pages:
    """All pages of a store; none where there is no file and no log. Raises OSError."""
    content = file.read_bytes() if file.is_file() else b""
    frames = read_frames(file.with_name(file.name + "-wal"))
    has_header = content[:16] == MAGIC
    size = int.from_bytes(content[16:18], "big") if has_header else 0
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1):
        size = frames.page_size if frames.pages else PAGE_SIZE
    images = {
        start // size + 1: content[start : start + size].ljust(size, b"\0") for start in range(0, len(content), size)
    }
    if frames.page_size == size:
        images |= {page: image for page, image in zip(frames.pages, frames.images, strict=True) if page}
    first = images.get(1, b"")
    whole = first[:16] == MAGIC
    free = _free(images, first) if whole else frozenset()
    listed = int.from_bytes(first[36:40], "big")
    return Pages(
        size, size - (first[20] if whole and first[20] < 32 else 0), images, free, whole and len(free) == listed
    )


def _free(images: dict[int, bytes], first: bytes) -> frozenset[int]:
    """The free list: each trunk page names the next one and the free pages it counts."""
    found: set[int] = set()
    trunk = int.from_bytes(first[32:36], "big")
    while trunk in images and trunk not in found and trunk > 1:
        found.add(trunk)
        page = images[trunk]
        count = int.from_bytes(page[4:8], "big")
        if count > len(page) // 4 - 2:
            break
        found |= {int.from_bytes(page[8 + 4 * i : 12 + 4 * i], "big") for i in range(count)}
        trunk = int.from_bytes(page[:4], "big")
    return frozenset(found & images.keys())
