"""Files of arrays: what is written is read back to the bit, and no changed, cut or foreign file is ever taken for one."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from engine.data import array_file
from engine.data.array_file import (
    DamagedFileError,
    NewArrays,
    bytes_needed,
    bytes_of,
    open_arrays,
    read_header,
    verify,
    write_arrays,
)

ARRAYS = {
    "logits": np.random.default_rng(1).normal(size=(37, 3)).astype(np.float32),
    "tokens": np.arange(101, dtype=np.int32),
    "types": np.zeros(101, np.int8),
    "half": np.linspace(-1, 1, 12, dtype=np.float16).reshape(2, 2, 3),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_arrays(tmp_path / "file", ARRAYS, {"teacher": "λ"})
    return tmp_path / "file"


def test_arrays_and_note_come_back_to_the_bit_and_cannot_be_written(written: Path) -> None:
    opened = open_arrays(written)
    assert opened.about == {"teacher": "λ"} and list(opened.arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        found = opened.arrays[name]
        assert found.dtype == array.dtype and found.shape == array.shape and found.tobytes() == array.tobytes()
        assert not found.flags.writeable and found.flags.aligned
        with pytest.raises(ValueError, match="read-only"):
            found[...] = 0


@settings(max_examples=60, deadline=None)
@given(
    array=st.one_of(
        arrays_of.arrays(kind, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
        for kind in (np.float32, np.float16, np.int64, np.int8, np.bool_, ">i4", ">f8")
    ),
    turned=st.booleans(),
)
def test_any_array_of_numbers_comes_back(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, turned: bool
) -> None:
    """Also empty ones, single numbers, other byte orders and arrays that do not lie in one piece."""
    wanted = array.T if turned else array
    file = tmp_path_factory.mktemp("any") / "file"
    write_arrays(file, {"a": wanted, "b": wanted[::2] if wanted.ndim else wanted}, {})
    found = open_arrays(file).arrays
    np.testing.assert_array_equal(found["a"], wanted)
    np.testing.assert_array_equal(found["b"], wanted[::2] if wanted.ndim else wanted)


def test_the_file_is_private_and_never_written_over(written: Path) -> None:
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_arrays(written, ARRAYS, {})


def test_the_logits_of_mrpc_take_at_most_a_tenth_more_than_themselves(tmp_path: Path) -> None:
    logits = np.zeros((3668, 2), np.float32)
    about = {"kind": "teacher's answers", "teacher": "x" * 200, "task": "mrpc", "split": "train", "rows": 3668}
    written = write_arrays(tmp_path / "file", {"logits": logits}, about)
    assert logits.nbytes < written == (tmp_path / "file").stat().st_size <= 1.1 * logits.nbytes
    assert bytes_needed({"logits": logits}) <= written


def test_every_changed_bit_is_found(written: Path) -> None:
    """All bits of the first 64 bytes and 200 others, by chance of a seed; the length stays."""
    whole = written.read_bytes()
    bits = [*range(64 * 8), *np.random.default_rng(7).integers(64 * 8, len(whole) * 8, 200).tolist()]
    for bit in bits:
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        written.write_bytes(changed)
        array_file._FOUND_SOUND.clear()
        with pytest.raises(DamagedFileError):
            open_arrays(written)
    written.write_bytes(whole)
    assert verify(written).about == {"teacher": "λ"}


def test_a_torn_or_foreign_file_is_found(written: Path) -> None:
    whole = written.read_bytes()
    torn = [whole[:length] for length in (0, 1, 8, 19, 20, 21, 200, len(whole) - 1)]
    holes = [whole[:512] + bytes(len(whole) - 512), bytes(len(whole))]
    foreign = [b"PK\3\4" + whole, whole + b"\0", b'{"a": 1}', b"\x93NUMPY" + whole[6:], whole[:8] + b"\xff" * 400]
    for content in [*torn, *holes, *foreign]:
        written.write_bytes(content)
        array_file._FOUND_SOUND.clear()
        with pytest.raises(DamagedFileError):
            open_arrays(written)


@pytest.mark.parametrize(
    "header",
    [
        b"[]", b"{", b"[" * 90_000, b'{"arrays": 1, "about": {}, "bytes": 0, "checksum": 0}',
        b'{"arrays": {"a": ["|O", [1], 0]}, "about": {}, "bytes": 8, "checksum": 0}',
        b'{"arrays": {"a": ["<f4", [9], 0]}, "about": {}, "bytes": 8, "checksum": 0}',
        b'{"arrays": {"a": ["<f4", [1], -8]}, "about": {}, "bytes": 8, "checksum": 0}',
        b'{"arrays": {"a": ["<f4", [-1], 0]}, "about": {}, "bytes": 8, "checksum": 0}',
        b'{"arrays": {"a": ["nonsense", [1], 0]}, "about": {}, "bytes": 8, "checksum": 0}',
        b'{"arrays": {}, "about": 3, "bytes": 8, "checksum": 0}',
    ],
)  # fmt: skip
def test_a_header_with_a_right_checksum_but_no_sense_is_refused(tmp_path: Path, header: bytes) -> None:
    import struct
    import zlib

    numbers = struct.pack("<II", array_file.VERSION, len(header))
    start = array_file.MAGIC + numbers + struct.pack("<I", zlib.crc32(header, zlib.crc32(numbers)))
    (tmp_path / "file").write_bytes(start + header + bytes(8))
    with pytest.raises(DamagedFileError, match="no sense"):
        read_header(tmp_path / "file")


def test_another_version_says_so(written: Path) -> None:
    content = bytearray(written.read_bytes())
    content[8] = 2
    written.write_bytes(content)
    with pytest.raises(DamagedFileError, match="of format 2, not 1"):
        read_header(written)


def test_a_file_is_read_in_full_once_a_process(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    honest = array_file._verify_payload
    monkeypatch.setattr(array_file, "_verify_payload", lambda *given: asked.append(1) or honest(*given))
    for _ in range(3):
        open_arrays(written)
    assert asked == [1]
    verify(written)
    assert asked == [1, 1], "who asks for it gets it anew"
    other = written.with_name("other")
    write_arrays(other, {"tokens": ARRAYS["tokens"]}, {})
    other.replace(written)
    assert list(open_arrays(written).arrays) == ["tokens"]
    assert asked == [1, 1, 1], "another file of the same name is another file"


def test_mapped_arrays_outlive_the_file_that_is_taken_away(written: Path) -> None:
    opened = open_arrays(written)
    written.unlink()
    np.testing.assert_array_equal(opened.arrays["logits"], ARRAYS["logits"])


def test_python_objects_are_no_arrays_of_numbers(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="Python objects"):
        write_arrays(tmp_path / "file", {"a": np.array([object()])}, {})


# ── filled piece by piece ───────────────────────────────────────────────────────────────────────────────────────
def test_a_file_filled_piece_by_piece_is_the_one_written_at_once(written: Path, tmp_path: Path) -> None:
    """In any order, to the last byte; and no sound file before it is finished."""
    shapes = {name: (array.dtype, array.shape) for name, array in ARRAYS.items()}
    file = tmp_path / "new"
    new = NewArrays(file, shapes, {"teacher": "λ"})
    for name in reversed(ARRAYS):
        for first in reversed(range(0, len(ARRAYS[name]), 5)):
            new.put(name, first, ARRAYS[name][first : first + 5])
    with pytest.raises(DamagedFileError):
        verify(file)
    new.finish()
    new.close()
    assert file.read_bytes() == written.read_bytes() and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert bytes_of(shapes) == bytes_needed(ARRAYS)


def test_a_piece_that_is_out_of_place_is_refused(tmp_path: Path) -> None:
    new = NewArrays(tmp_path / "new", {"a": (np.dtype(np.float16), (4, 2))}, {})
    for first, shape in ((3, (2, 2)), (-1, (1, 2)), (0, (1, 3))):
        with pytest.raises(AssertionError, match="no such place"):
            new.put("a", first, np.zeros(shape, np.float16))
    new.close()
