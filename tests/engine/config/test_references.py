"""What a reference is: an architecture, a hub id, or a folder that must be there."""

from pathlib import Path

import pytest

from engine import catalog
from engine.config import is_folder_like, layers_and_hidden, travelling
from engine.config.references import resolve_paths


def resolved(section, key, value, base):
    raw = {section: {key: value}}
    faults = resolve_paths(raw, base)
    return raw[section].get(key), [fault.message for fault in faults]


@pytest.mark.parametrize("text, size", [("2x128", (2, 128)), ("12x768", (12, 768)), ("0x1", (0, 1))])
def test_an_architecture(text, size):
    assert layers_and_hidden(text) == size


@pytest.mark.parametrize(
    "text", ["", "2x", "x128", "2X128", "2x128\n", " 2x128", "2x128x4", "٢x128", "9" * 5000 + "x1"]
)
def test_no_architecture(text):
    assert layers_and_hidden(text) is None


@pytest.mark.parametrize("text", ["./a", "../a", "/a", "~/a", "a\\b", "."])
def test_folder_like(text):
    assert is_folder_like(text)


@pytest.mark.parametrize("text", ["owner/name", "name", "2x128"])
def test_not_folder_like(text):
    assert not is_folder_like(text)


@pytest.mark.parametrize(
    "value", ["owner/name", "bert-base-uncased", "sentence-transformers/all-MiniLM-L6-v2", "2x128"]
)
@pytest.mark.parametrize("section, key", [("teacher", "model"), ("student", "architecture"), ("student", "tokenizer")])
def test_names_are_left_as_they_are(section, key, value, tmp_path):
    assert resolved(section, key, value, tmp_path) == (value, [])


def test_a_folder_becomes_absolute(tmp_path):
    (tmp_path / "models" / "mini").mkdir(parents=True)
    expected = str((tmp_path / "models" / "mini").resolve())
    for value in ("models/mini", "./models/mini", "models/../models/mini", expected):
        assert resolved("teacher", "model", value, tmp_path) == (expected, [])


def test_an_architecture_wins_over_a_folder_of_that_name(tmp_path):
    (tmp_path / "2x128").mkdir()
    assert resolved("student", "architecture", "2x128", tmp_path) == ("2x128", [])
    assert resolved("student", "architecture", "./2x128", tmp_path)[0] == str((tmp_path / "2x128").resolve())


@pytest.mark.parametrize("text", ["2X128", "2 × 128", " 2x128 ", "02x0128", "2 x 128"])
def test_an_architecture_as_people_write_it_is_the_same_one(text, tmp_path):
    for section, key in (("student", "architecture"), ("teacher", "model")):
        assert resolved(section, key, text, tmp_path) == ("2x128", [])
    assert resolved("task", "source", text, tmp_path)[1]


def test_a_folder_wins_over_an_architecture_written_that_way(tmp_path):
    (tmp_path / "2X128").mkdir()
    assert resolved("teacher", "model", "2X128", tmp_path) == (str((tmp_path / "2X128").resolve()), [])


def test_home_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "rows").mkdir()
    assert resolved("task", "source", "~/rows", Path("/"))[0] == str((tmp_path / "rows").resolve())


@pytest.mark.parametrize(
    "section, key, value, words",
    [
        ("task", "source", "rows", "there is no folder"),
        ("task", "source", "2x128", "there is no folder"),
        ("teacher", "model", "./gone", "give a folder with config.json and model.safetensors"),
        ("teacher", "model", "~nobody-of-this-name/x", "there is no folder ~nobody-of-this-name/x"),
        ("teacher", "model", "./" + "a" * 300, "there is no folder"),
        ("teacher", "model", "a/b/c", "neither a folder nor a hub id (owner/name) nor an architecture such as 2x128"),
        ("teacher", "model", "-rf", "neither a folder nor a hub id"),
        (
            "student",
            "tokenizer",
            "a b",
            "“a b” is neither a folder nor a hub id (owner/name); give a folder with tokenizer",
        ),
        ("teacher", "model", "", "is empty"),
        ("teacher", "model", "   ", "is empty"),
        ("teacher", "model", "a\0b", "control character"),
        ("teacher", "model", "name\n", "control character"),
        ("teacher", "model", "a\udcffb", "control character"),
    ],
)
def test_what_cannot_be_found_is_a_fault_and_taken_out(section, key, value, words, tmp_path):
    left, messages = resolved(section, key, value, tmp_path)
    assert left is None
    assert len(messages) == 1 and words in messages[0]


def test_a_loop_of_links_is_no_folder(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    left, messages = resolved("task", "source", "loop", tmp_path)
    assert left is None and "there is no folder" in messages[0]


def test_values_that_are_no_text_are_left_to_validation(tmp_path):
    raw = {"task": {"source": 3}, "teacher": "x", "student": {}}
    assert resolve_paths(raw, tmp_path) == []
    assert raw == {"task": {"source": 3}, "teacher": "x", "student": {}}


def test_what_comes_with_the_program_has_a_name_that_travels(tmp_path: Path) -> None:
    own = catalog.assets_folder().resolve() / "sample" / "tokenizer"
    table = {"student": {"tokenizer": str(own), "architecture": str(tmp_path)}, "teacher": {"model": "2x64"}, "task": 3}
    travelling(table)
    assert table == {
        "student": {"tokenizer": "program:sample/tokenizer", "architecture": str(tmp_path)},
        "teacher": {"model": "2x64"}, "task": 3,
    }  # fmt: skip
    assert not resolve_paths(table, tmp_path)
    assert table["student"] == {"tokenizer": str(own), "architecture": str(tmp_path)}


@pytest.mark.parametrize("name", ["sample/none", "../engine", "/tmp", "~", "sample/kl.toml", "\0", "a" * 5000])
def test_no_other_folder_is_the_programs(name: str, tmp_path: Path) -> None:
    value, faults = resolved("student", "tokenizer", f"program:{name}", tmp_path)
    assert value is None and len(faults) == 1
