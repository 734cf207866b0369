"""One file of named numpy arrays: written once, checked against its checksum, mapped read-only. Knows no cache and no model.

Layout, numbers little-endian: magic (8 bytes), version, length of the header, CRC-32 of both and of the header (4 bytes
each); the header, JSON; then the arrays, each from a multiple of 64 bytes on. The header tells dtypes, shapes and
places, the payload's length and CRC-32, and what the arrays are. Every byte is covered: magic and version by comparison,
the rest by a checksum. CRC-32 guards against accidents (a torn write, a flipped bit), not against a forger.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"DSTARRAY"
VERSION = 1
_START = struct.Struct("<8sIII")
_ALIGNMENT = 64
_LONGEST_HEADER = 1 << 24
_BLOCK = 1 << 20
_FOUND_SOUND: set[tuple[int, int, int]] = set()  # device, inode, header's CRC-32 of files this process has read in full


class DamagedFileError(Exception):
    """The file is not what was written: torn, foreign, of another version, or with other bytes. The text says which."""


@dataclass(frozen=True)
class ArrayFile:
    """A file that was opened and found sound. ``arrays`` are views of ``mapped`` and keep it alive; none can be written."""

    arrays: dict[str, NDArray[Any]]
    about: dict[str, Any]
    mapped: mmap.mmap


@dataclass(frozen=True)
class Header:
    """What a file says of itself; ``layout`` is {name: (dtype, shape, place in the payload)}."""

    layout: dict[str, tuple[np.dtype[Any], tuple[int, ...], int]]
    about: dict[str, Any]
    payload_start: int
    payload_bytes: int
    checksum: int
    identity: tuple[int, int, int]


def write_arrays(file: Path, arrays: Mapping[str, NDArray[Any]], about: dict[str, Any]) -> int:
    """Write a new file, readable by its owner alone, and wait until it is on the disk; returns its bytes.

    ``about`` is anything JSON can hold. Raises OSError; the file may then be there in part.
    """
    start, chunks = _encoded(arrays, about)
    written = 0
    with open(file, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        for chunk in (start, *chunks()):
            stream.write(chunk)
            written += len(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return written


def bytes_needed(arrays: Mapping[str, NDArray[Any]]) -> int:
    """About how many bytes a file of these arrays takes: never more than a header less than it does."""
    return sum(_aligned(array.nbytes) for array in arrays.values())


def read_header(file: Path) -> Header:
    """What a file says of itself. Raises DamagedFileError, OSError."""
    with file.open("rb") as stream:
        return _read_header(stream)


def verify(file: Path) -> Header:
    """Read every byte of a file. Raises DamagedFileError, OSError."""
    with file.open("rb") as stream:
        header = _read_header(stream)
        _verify_payload(stream, header)
        return header


def open_arrays(file: Path) -> ArrayFile:
    """Map a file's arrays. When a process first opens it every byte is read, which also brings them into memory.

    Raises DamagedFileError, OSError.
    """
    with file.open("rb") as stream:
        header = _read_header(stream)
        if header.identity not in _FOUND_SOUND:
            _verify_payload(stream, header)
            _FOUND_SOUND.add(header.identity)
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = {
        name: np.frombuffer(mapped, dtype, math.prod(shape), header.payload_start + place).reshape(shape)
        for name, (dtype, shape, place) in header.layout.items()
    }
    return ArrayFile(arrays, header.about, mapped)


def _encoded(arrays: Mapping[str, NDArray[Any]], about: dict[str, Any]) -> tuple[bytes, Any]:
    """The bytes before the payload, and a function that gives the payload's in blocks."""
    layout: dict[str, tuple[str, tuple[int, ...], int]] = {}
    flat: list[NDArray[np.uint8]] = []
    place = 0
    for name, array in arrays.items():
        assert not array.dtype.hasobject, f"{name} holds Python objects, which no file can"
        little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        layout[name] = (little.dtype.str, array.shape, place)
        flat.append(little.reshape(-1).view(np.uint8))
        place += _aligned(little.nbytes)

    def payload() -> Iterator[memoryview | bytes]:
        for array in flat:
            for first in range(0, len(array), _BLOCK):
                yield array[first : first + _BLOCK].data
            yield bytes(_aligned(len(array)) - len(array))

    def header(length: int, checksum: int) -> bytes:
        content = {"arrays": layout, "bytes": place, "checksum": checksum, "about": about}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
        return text.ljust(length)  # blanks up to where the arrays begin

    room = _aligned(_START.size + len(header(0, 0xFFFFFFFF))) - _START.size
    checksum = 0
    for chunk in payload():
        checksum = zlib.crc32(chunk, checksum)
    text = header(room, checksum)
    numbers = struct.pack("<II", VERSION, len(text))
    return _START.pack(MAGIC, VERSION, len(text), zlib.crc32(text, zlib.crc32(numbers))) + text, payload


def _read_header(stream: IO[bytes]) -> Header:
    start = stream.read(_START.size)
    if len(start) < _START.size or not start.startswith(MAGIC):
        raise DamagedFileError("not a file of arrays")
    _, version, length, expected = _START.unpack(start)
    if version != VERSION:
        raise DamagedFileError(f"of format {version}, not {VERSION}")
    text = stream.read(length) if length <= _LONGEST_HEADER else b""
    if len(text) != length or zlib.crc32(text, zlib.crc32(start[8:16])) != expected:
        raise DamagedFileError("its header does not match its checksum")
    try:
        content = json.loads(text)
        layout = {
            str(name): (np.dtype(dtype), tuple(int(extent) for extent in shape), int(place))
            for name, (dtype, shape, place) in content["arrays"].items()
        }
        status = os.fstat(stream.fileno())
        header = Header(
            layout,
            dict(content["about"]),
            _START.size + length,
            int(content["bytes"]),
            int(content["checksum"]),
            (status.st_dev, status.st_ino, expected),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedFileError("its header makes no sense") from error
    for dtype, shape, place in layout.values():
        if dtype.hasobject or min(shape, default=0) < 0 or place < 0:
            raise DamagedFileError("its header makes no sense")
        if place + dtype.itemsize * math.prod(shape) > header.payload_bytes:
            raise DamagedFileError("its header makes no sense")
    size = header.payload_start + header.payload_bytes
    if status.st_size != size:
        raise DamagedFileError(f"{status.st_size:,} bytes long instead of {size:,}")
    return header


def _verify_payload(stream: IO[bytes], header: Header) -> None:
    checksum = 0
    while block := stream.read(_BLOCK):
        checksum = zlib.crc32(block, checksum)
    if checksum != header.checksum:
        raise DamagedFileError("its content does not match its checksum")


def _aligned(place: int) -> int:
    return -(-place // _ALIGNMENT) * _ALIGNMENT
