"""Following a file: all of it, once, in pieces, whatever the bytes."""

from pathlib import Path

from distill_gui.services.log_tail import LogTail


def test_what_is_there_then_what_is_added(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    tail = LogTail(file)
    assert tail.read() == "", "the file may not be there yet"
    file.write_text("one\n")
    assert tail.read() == "one\n"
    assert tail.read() == ""
    with file.open("a") as more:
        more.write("two")
    assert tail.read() == "two"


def test_pieces_are_bounded_and_characters_whole(tmp_path: Path) -> None:
    text = "λ🙂x" * 100
    (tmp_path / "log.txt").write_text(text, encoding="utf-8")
    tail = LogTail(tmp_path / "log.txt", piece_bytes=10)
    pieces = [tail.read() for _ in range(100)]
    assert "".join(pieces) == text
    assert max(len(piece.encode()) for piece in pieces) <= 13


def test_of_a_long_file_the_end_from_a_line_on(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("".join(f"line {number}\n" for number in range(1000)))
    text = LogTail(tmp_path / "log.txt", first_bytes=100).read()
    assert text.startswith("line 989\n")
    assert text.endswith("line 999\n")
    assert len(text) <= 100


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "log.txt"
    file.write_text("a long first text\n")
    tail = LogTail(file)
    tail.read()
    file.write_text("short\n")
    assert tail.read() == "short\n"


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"\xff\xfe ok\n")
    assert LogTail(tmp_path / "log.txt").read() == "\ufffd\ufffd ok\n"
