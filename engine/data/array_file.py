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
from contextlib import suppress
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
_Layout = dict[str, tuple[str, tuple[int, ...], int]]  # dtype, shape, place in the payload, by name
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


class NewArrays:
    """A file whose arrays are filled piece by piece, in any order, because they are too large to be held in memory.

    ``shapes`` are {name: (dtype, shape)}; ``about`` is anything JSON can hold. It is no sound file before ``finish``; ``close``
    without it leaves what is no file of arrays. Raises OSError.
    """

    def __init__(
        self, file: Path, shapes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]], about: dict[str, Any]
    ) -> None:
        self._about = about
        self._layout, self._size = _placed(shapes)
        self._payload_start = len(_start(self._layout, self._size, 0, about))
        self._stream = open(file, "x+b", opener=lambda path, flags: os.open(path, flags, 0o600))  # noqa: SIM115
        try:
            self._stream.truncate(self._payload_start + self._size)
        except OSError:
            self._stream.close()
            raise

    def put(self, name: str, first: int, values: NDArray[Any]) -> None:
        """Write ``values`` at ``[first, first + len(values))`` of an array's first axis. Written, not mapped: a disk that is full
        raises OSError then, where a mapped one would end the process."""
        dtype, shape, place = self._layout[name]
        assert values.shape[1:] == shape[1:] and 0 <= first <= first + len(values) <= shape[0], f"{name}: no such place"
        stride = np.dtype(dtype).itemsize * math.prod(shape[1:])
        self._stream.seek(self._payload_start + place + first * stride)
        self._stream.write(np.ascontiguousarray(values, dtype).reshape(-1).view(np.uint8).data)

    def finish(self) -> None:
        """Reckon the checksum, write the header and wait until all is on the disk; the file is whole then."""
        self._stream.seek(self._payload_start)
        checksum = 0
        while block := self._stream.read(_BLOCK):
            checksum = zlib.crc32(block, checksum)
        self._stream.seek(0)
        self._stream.write(_start(self._layout, self._size, checksum, self._about))
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Give the file back; whoever has not finished it removes it."""
        with suppress(OSError):  # of what was still to be written to a full disk
            self._stream.close()


def bytes_of(shapes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]) -> int:
    """About how many bytes a file of arrays of these types and shapes takes, as ``bytes_needed`` counts."""
    return _placed(shapes)[1]


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
    flat: list[NDArray[np.uint8]] = []
    for name, array in arrays.items():
        assert not array.dtype.hasobject, f"{name} holds Python objects, which no file can"
        little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        flat.append(little.reshape(-1).view(np.uint8))
    layout, size = _placed({name: (array.dtype, array.shape) for name, array in arrays.items()})

    def payload() -> Iterator[memoryview | bytes]:
        for array in flat:
            for first in range(0, len(array), _BLOCK):
                yield array[first : first + _BLOCK].data
            yield bytes(_aligned(len(array)) - len(array))

    checksum = 0
    for chunk in payload():
        checksum = zlib.crc32(chunk, checksum)
    return _start(layout, size, checksum, about), payload


def _placed(shapes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]) -> tuple[_Layout, int]:
    """Arrays of these types and shapes one after the other, as the header tells them; and the payload's bytes."""
    layout: _Layout = {}
    place = 0
    for name, (dtype, shape) in shapes.items():
        layout[name] = (dtype.newbyteorder("<").str, shape, place)
        place += _aligned(dtype.itemsize * math.prod(shape))
    return layout, place


def _start(layout: _Layout, size: int, checksum: int, about: dict[str, Any]) -> bytes:
    """The bytes before the payload; their number does not depend on the checksum."""

    def header(length: int, checksum: int) -> bytes:
        content = {"arrays": layout, "bytes": size, "checksum": checksum, "about": about}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
        return text.ljust(length)  # blanks up to where the arrays begin

    text = header(_aligned(_START.size + len(header(0, 0xFFFFFFFF))) - _START.size, checksum)
    numbers = struct.pack("<II", VERSION, len(text))
    return _START.pack(MAGIC, VERSION, len(text), zlib.crc32(text, zlib.crc32(numbers))) + text


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
