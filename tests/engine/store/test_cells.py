"""Pages read without SQLite hold exactly the rows SQLite shows, whatever the sizes; noise gives no rows and no crash."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from engine.store.cells import entries_of, rows_of
from engine.store.pages import read_pages


def _fill(file: Path, seed: int) -> list[tuple[object, ...]]:
    """Rows of every kind and size, some deleted again; returns what SQLite says is there."""
    chance = random.Random(seed)
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c)")
    connection.execute("CREATE INDEX t_by_a ON t (a)")

    def value() -> object:
        size = chance.choice([0, 1, 10, 200, 3000, 4060, 5000, 20_000])
        return chance.choice(
            [
                None,
                0,
                1,
                -1,
                127,
                -129,
                2**31,
                -(2**47),
                2**62,
                -(2**63),
                1.5,
                -1e300,
                "é" * size,
                chance.randbytes(size),
            ]
        )

    for number in range(300):
        connection.execute("INSERT INTO t VALUES (?, ?, ?, ?)", [number - 50, value(), value(), number])
    connection.execute("UPDATE t SET b = ? WHERE c % 5 = 1", [value()])
    connection.execute("DELETE FROM t WHERE c % 7 = 3 OR c BETWEEN 90 AND 180")
    connection.commit()
    found = connection.execute("SELECT id, a, b, c FROM t ORDER BY id").fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("seed", range(8))
def test_the_same_rows_as_sqlite(tmp_path: Path, seed: int) -> None:
    wanted = _fill(tmp_path / "a.db", seed)
    pages = read_pages(tmp_path / "a.db")
    assert pages.free, "deleting has left free pages, whose old rows must not come back"
    cells = [
        cell for number in pages.images if number > 1 and number not in pages.free for cell in rows_of(pages, number)
    ]
    assert None not in cells
    rows = sorted((number, *row[1:]) for number, row in (cell for cell in cells if cell))
    assert rows == wanted
    entries = [entry for number in pages.images if number not in pages.free for entry in entries_of(pages, number)]
    assert sorted(int(str(entry[-1])) for entry in entries) == [number for number, *_ in wanted]


@pytest.mark.parametrize("seed", range(30))
def test_noise_gives_no_crash_and_hardly_a_row(tmp_path: Path, seed: int) -> None:
    _fill(tmp_path / "a.db", 1)
    chance = random.Random(seed)
    content = bytearray((tmp_path / "a.db").read_bytes())
    for _ in range(len(content) // 100):
        content[chance.randrange(len(content))] = chance.randrange(256)
    (tmp_path / "a.db").write_bytes(content)
    pages = read_pages(tmp_path / "a.db")
    for number in pages.images:
        for cell in rows_of(pages, number):
            assert cell is None or isinstance(cell[1], tuple)
        list(entries_of(pages, number))
    (tmp_path / "a.db").write_bytes(chance.randbytes(100_000))
    noise = read_pages(tmp_path / "a.db")
    assert sum(1 for number in noise.images for cell in rows_of(noise, number) if cell and len(cell[1]) > 2) <= 1


def test_no_file_has_no_pages(tmp_path: Path) -> None:
    assert read_pages(tmp_path / "none.db").images == {}
