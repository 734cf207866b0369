"""Files as columns: three formats give the same, and every unsound file gets a sentence that names the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.data.columns import read_file, read_hub
from engine.errors import DataError


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_formats_give_the_same_columns(write: Any, ending: str) -> None:
    rows = [("a, b", 'say "hi"'), ("zwölf\nlines", "№ 3 \u2028 end")]
    file = write(f"train{ending}", ("text", "other"), rows) / f"train{ending}"
    found = read_file(file, ("other", "text"))
    assert found.values == {"other": ['say "hi"', "№ 3 \u2028 end"], "text": ["a, b", "zwölf\nlines"]}
    assert (found.count, found.where) == (2, str(file))


def test_optional_columns_are_read_where_they_are(write: Any) -> None:
    file = write("train.csv", ("text", "label"), [("a", "1")]) / "train.csv"
    assert read_file(file, ("text",), ("label", "idx")).values == {"text": ["a"], "label": ["1"]}


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
def test_a_missing_column_is_named_with_those_that_are_there(write: Any, ending: str) -> None:
    file = write(f"train{ending}", ("sentence", "label"), [("a", 1)]) / f"train{ending}"
    with pytest.raises(DataError, match=f"train{ending} has no column “text”; its columns are “sentence”, “label”."):
        read_file(file, ("text",))


SPOILT = {
    "line 3: not valid JSON": ("x.jsonl", b'{"text": "a"}\n\n{"text": \n'),
    "line 1: not a JSON object": ("x.jsonl", b'["text"]\n'),
    "line 2: no “text” here": ("x.jsonl", b'{"text": "a"}\n{"txt": "b"}\n'),
    "line 1: not valid JSON (": ("x.jsonl", b"[" * 100_000),
    "is not UTF-8: byte 11 (line 2) is 0xe9": ("x.csv", b"text\nbrav a\xe9r\n"),
    "is not UTF-8: byte 0 (line 1) is 0xff": ("x.jsonl", b"\xff\xfe{\x00}\x00"),
    "line 2: a NUL byte": ("x.csv", b"text\na\x00b\n"),
    "line 3: 3 fields, but the first line names 2 columns": ("x.csv", b"text,label\na,1\nb,c,1\n"),
    "line 2: not valid CSV": ("x.csv", b'text,label\n"a"b,1\n'),
    "line 3: not valid CSV": ("x.csv", b'text,label\na,1\n"never closed,1'),
    "is empty; its first line must name the columns": ("x.csv", b""),
    "has the column “text” twice": ("x.csv", b"text,text\na,b\n"),
    "is not a sound parquet file": ("x.parquet", b"PAR1 but not really"),
    "parquet file: Parquet file size is 0 bytes": ("x.parquet", b""),
}


@pytest.mark.parametrize("words", SPOILT)
def test_an_unsound_file_gets_a_sentence(words: str, tmp_path: Path) -> None:
    name, content = SPOILT[words]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_file(tmp_path / name, ("text",))
    assert words in str(caught.value) and str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_a_parquet_file_with_torn_pages_gets_a_sentence(write: Any) -> None:
    file = write("train.parquet", ("text",), [(f"row {n} " * 9,) for n in range(2000)]) / "train.parquet"
    content = bytearray(file.read_bytes())
    content[4:600] = b"\xff" * 596
    file.write_bytes(content)
    with pytest.raises(DataError, match="train.parquet"):
        read_file(file, ("text",))


def test_a_byte_order_mark_and_blank_lines_are_no_data(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbftext,label\r\n\r\na,1\r\n\r\n")
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "a", "label": 1}\r\n\r\n')
    assert read_file(tmp_path / "a.csv", ("text", "label")).values == {"text": ["a"], "label": ["1"]}
    assert read_file(tmp_path / "a.jsonl", ("text", "label")).values == {"text": ["a"], "label": [1]}


def test_a_folder_in_place_of_a_file_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(DataError, match="x.csv cannot be read: Is a directory"):
        read_file(tmp_path / "x.csv", ("text",))


def test_a_parquet_file_names_its_classes(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    features = {"text": {"_type": "Value"}, "label": {"names": ["bad", "good"], "_type": "ClassLabel"}}
    for metadata, names in (
        (json.dumps({"info": {"features": features}}), {"label": ("bad", "good")}),
        (json.dumps({"info": {"features": {"label": features["label"]}}}), {"label": ("bad", "good")}),
        ("{not JSON", {}),
        ('{"info": []}', {}),
    ):
        table = pyarrow.table({"text": ["a"], "label": [1]}).replace_schema_metadata({"huggingface": metadata})
        parquet.write_table(table, tmp_path / "x.parquet")
        assert read_file(tmp_path / "x.parquet", ("text", "label")).class_names == names


@pytest.fixture
def hub_copy(tmp_path: Path) -> str:
    """A data set as it lies on the hub, which ``datasets`` reads from a folder by the same call."""
    import pyarrow
    from pyarrow import parquet

    folder = tmp_path / "glue"
    (folder / "mrpc").mkdir(parents=True)
    for split, labels in (("train", [1, 0]), ("test", [-1])):
        table = pyarrow.table({"sentence1": ["a", "b"][: len(labels)], "label": labels})
        parquet.write_table(table, folder / "mrpc" / f"{split}-00000-of-00001.parquet")
    (folder / "README.md").write_text(
        "---\ndataset_info:\n- config_name: mrpc\n  features:\n  - name: sentence1\n    dtype: string\n"
        "  - name: label\n    dtype:\n      class_label:\n        names:\n          '0': different\n"
        "          '1': same\n"
        "configs:\n- config_name: mrpc\n  data_files:\n  - split: train\n    path: mrpc/train-*\n"
        "  - split: test\n    path: mrpc/test-*\n---\n",
        "utf-8",
    )
    return str(folder)


def test_the_hub_is_read_through_datasets(hub_copy: str) -> None:
    found = read_hub(hub_copy, "mrpc", ("train", "validation", "test"), ("sentence1",), ("label", "idx"))
    assert list(found) == ["train", "test"]
    assert found["train"].values == {"sentence1": ["a", "b"], "label": [1, 0]}
    assert found["train"].class_names == {"label": ("different", "same")}
    assert found["test"].values["label"] == [-1]


def test_without_the_hub_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="could not be had from the hub: .* set task.source to a folder"):
        read_hub(str(tmp_path / "nowhere"), "mrpc", ("train",), ("sentence1",), ())
