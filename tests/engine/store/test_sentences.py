"""Whatever SQLite or the disk reports becomes a sentence with a remedy; a wrong statement stays a bug."""

import sqlite3
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store.sentences import as_store_error, in_sentences, result_code

FILE = Path("somewhere") / "runs.db"


@pytest.mark.parametrize(
    ("code", "words"),
    [(5, "busy"), (6, "busy"), (8, "read-only"), (10, "disk reports an error"), (11, "damaged"), (13, "disk is full"),
     (14, "cannot be opened"), (26, "not a store"), (10 | 3 << 8, "disk reports an error")],
)  # fmt: skip
def test_each_report_names_the_file_and_the_remedy(code: int, words: str) -> None:
    error = sqlite3.OperationalError("the original words")
    error.sqlite_errorcode = code
    sentence = str(as_store_error(error, FILE))
    assert words in sentence
    assert str(FILE) in sentence
    assert "the original words" in sentence


def test_a_wrong_statement_stays_a_bug() -> None:
    with sqlite3.connect(":memory:") as connection, pytest.raises(sqlite3.OperationalError), in_sentences(FILE):
        connection.execute("SELECT nonsense FROM nowhere")
    connection.close()


def test_an_error_of_the_disk_names_its_own_file() -> None:
    with pytest.raises(StoreError, match=r"log\.txt.*No space left"), in_sentences(FILE):
        raise OSError(28, "No space left on device", "log.txt")


def test_an_error_without_a_code_has_none() -> None:
    assert result_code(ValueError()) is None


def test_what_a_damaged_row_holds_is_not_quoted(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "runs.db")
    connection.execute("CREATE TABLE runs (toml TEXT)")
    connection.execute("INSERT INTO runs VALUES (CAST(x'6e616d650aff736563726574' AS TEXT))")
    with pytest.raises(StoreError, match="is damaged") as found, in_sentences(tmp_path / "runs.db"):
        connection.execute("SELECT toml FROM runs").fetchall()
    connection.close()
    assert "column 'toml')." in str(found.value) and "secret" not in str(found.value) and "\n" not in str(found.value)
