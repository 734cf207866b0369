"""The write-ahead log beside a store, read without SQLite: which of its frames are whole. Knows pages, not tables.

SQLite stops at the first frame whose checksum is wrong and forgets what comes after it. That is right for a write cut
short, whose transaction never ended; it silently loses rows where a frame in the middle was damaged later. A frame's
checksum goes on from the one written in the frame before, so each frame can be judged by itself
(https://www.sqlite.org/fileformat2.html#the_write_ahead_log).

Where a process died between writing its frames and telling the index beside the log of them, whoever has the store open
writes over the first of them; the others stay behind the end, whole, after one that does not fit. Only the index tells those
from a log that is damaged in the middle (https://www.sqlite.org/walformat.html#the_wal_index_file_format).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

HEADER, FRAME_HEADER, INDEX_HEADER = 32, 24, 48
MAGIC = 0x377F0682  # the lowest bit says that checksums are made of big-endian words
PAGE_SIZE = 4096
LOOKS, PAUSE_S = 3, 0.05

Words = NDArray[np.uint32]


@dataclass(frozen=True)
class Frames:
    """``pages[i]`` is the page number (0: damaged) and ``images[i]`` the page after frame i of the committed part."""

    page_size: int
    pages: list[int]
    images: list[bytes]
    broken: int  # frames within the committed part that cannot be trusted; their pages are 0


def read_frames(file: Path) -> Frames:
    """The frames up to the last commit that can be trusted; none where there is no log. Raises OSError."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        content = b""
    size = _page_size(content)
    count = max(0, len(content) - HEADER) // (FRAME_HEADER + size)
    if count == 0:
        return Frames(size, [], [], 0)
    frames = np.frombuffer(content, np.uint8, count * (FRAME_HEADER + size), HEADER).reshape(count, -1)
    heads = np.ascontiguousarray(frames[:, :FRAME_HEADER]).view(">u4").astype(np.uint32)
    header = np.frombuffer(content, ">u4", 8).astype(np.uint32)
    big = bool(header[0] & 1) if int(header[0]) & ~1 == MAGIC else False
    order = ">u4" if big else "<u4"
    trusted = _checksums(np.frombuffer(content, order, 6)[None, :].astype(np.uint32), np.zeros((1, 2), np.uint32))
    header_is_whole = bool((trusted[0] == header[6:8]).all())
    before = np.concatenate([header[None, 6:8], heads[:-1, 4:6]])
    words = np.concatenate([frames[:, :8], frames[:, FRAME_HEADER:]], axis=1).view(order).astype(np.uint32)
    whole = (_checksums(words, before) == heads[:, 4:6]).all(axis=1)
    salts = header[4:6] if header_is_whole else _salts_of_first_whole(heads, whole)
    of_now = (heads[:, 2:4] == salts).all(axis=1) if salts is not None else np.zeros(count, bool)
    good = whole & of_now
    commits = np.flatnonzero(good & (heads[:, 1] > 0))
    last = int(commits[-1]) + 1 if len(commits) else 0
    bad = np.flatnonzero(~good[:last])
    if len(bad) and header_is_whole and (end := _end_by_index(file, header, heads)) and end <= bad[0]:
        last = int(commits[commits < bad[0]][-1]) + 1  # the rest was never part of the log, or is no more
    return Frames(
        size,
        [int(heads[i, 0]) if good[i] else 0 for i in range(last)],
        [frames[i, FRAME_HEADER:].tobytes() for i in range(last)],
        int((~good[:last]).sum()) + (0 if header_is_whole or not last else 1),
    )


def is_broken(file: Path) -> bool:
    """Whether SQLite would forget committed pages of this log. Asks again before it says yes: the log may be in use."""
    for look in range(LOOKS):
        try:
            if read_frames(file).broken == 0:
                return False
        except OSError:
            return False
        if look < LOOKS - 1:
            time.sleep(PAUSE_S)
    return True


def _end_by_index(log: Path, header: Words, heads: Words) -> int:
    """How many frames the log has by the index beside it; 0 where that cannot be believed.

    The index is of this log if it was written since the machine was started (a power cut leaves an older one), is whole, and
    names the log's salts and the checksum of its last frame.
    """
    index = log.with_name(log.name.removesuffix("-wal") + "-shm")
    try:
        with index.open("rb") as stream:
            first, second = stream.read(INDEX_HEADER), stream.read(INDEX_HEADER)
        if len(second) < INDEX_HEADER or first != second or index.stat().st_mtime < psutil.boot_time():
            return 0
    except (OSError, psutil.Error):
        return 0
    numbers = np.frombuffer(first, "=u4").astype(np.uint32)  # as this machine has them …
    checksum = _checksums(numbers[None, :10], np.zeros((1, 2), np.uint32))[0]
    salts = np.frombuffer(first, ">u4")[8:10].astype(np.uint32)  # … but for these, as the log has them
    end = int(numbers[4])
    if not (checksum == numbers[10:12]).all() or not (salts == header[4:6]).all() or not 0 < end <= len(heads):
        return 0
    last = heads[end - 1]
    return end if last[1] > 0 and (last[4:6] == numbers[6:8]).all() else 0


def _page_size(content: bytes) -> int:
    size = int.from_bytes(content[8:12], "big")
    return size if 512 <= size <= 65536 and size & (size - 1) == 0 else PAGE_SIZE


def _salts_of_first_whole(heads: Words, whole: NDArray[np.bool_]) -> Words | None:
    """With a damaged header, frames that fit their neighbours say what it said."""
    found = np.flatnonzero(whole)
    return heads[found[0], 2:4] if len(found) else None


def _checksums(words: Words, before: Words) -> Words:
    """SQLite's checksum of each row of ``words`` (rows, even count), going on from ``before`` (rows, 2), modulo 2³².

    One step is s0 += x + s1; s1 += y + s0: linear, so all steps together are one product with powers of that matrix.
    """
    first, second, start = _weights(words.shape[1] // 2)
    x, y = words[:, 0::2], words[:, 1::2]
    total: Words = (x @ first + y @ second + before @ start).astype(np.uint32)
    return total


@cache
def _weights(steps: int) -> tuple[Words, Words, Words]:
    """What x and y of each step, and the start, add to (s0, s1) at the end: shapes (steps, 2), (steps, 2), (2, 2)."""
    first, second = np.zeros((steps, 2), np.uint32), np.zeros((steps, 2), np.uint32)
    a, b, c, d = 1, 0, 0, 1  # the matrix of the steps still to come: s0 = a·s0 + b·s1, s1 = c·s0 + d·s1
    for step in reversed(range(steps)):
        first[step] = (a + b) % 2**32, (c + d) % 2**32  # x adds (1, 1)
        second[step] = b, d  # y adds (0, 1)
        a, b, c, d = (a + b) % 2**32, (a + 2 * b) % 2**32, (c + d) % 2**32, (c + 2 * d) % 2**32
    return first, second, np.array([[a, c], [b, d]], np.uint32)
