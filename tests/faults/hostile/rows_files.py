"""Malformed rows: files of .csv, .jsonl and .parquet that are empty, cut, of another shape, or no rows at all."""

from __future__ import annotations

import datetime
import decimal
import gzip
import json
from collections.abc import Callable
from typing import Any

from tests.faults.hostile.case import Case, Place, replace_file, replaced
from tests.faults.hostile.material import HEADER, rows

GROUP = "rows"
ROW = "a cat sat,a cat ran,1"
Row = dict[str, Any]


def _train(content: str | bytes, ending: str = "csv") -> Callable[[Place], None]:
    def make(place: Place) -> None:
        (place.pairs / "train.csv").unlink()
        place.write(content, f"pairs/train.{ending}")

    return make


def _csv() -> dict[str, str | bytes]:
    def of(*lines: str) -> str:
        return "\n".join([HEADER, *lines]) + "\n"

    return {
        "empty": "",
        "a BOM alone": b"\xef\xbb\xbf",
        "blank lines": "\n\n\n",
        "header alone": HEADER + "\n",
        "no header": ROW + "\n" + ROW,
        "columns of another task": "sentence,label\na cat,1\n",
        "columns in capitals": HEADER.upper() + "\n" + ROW + "\n",
        "a column too few": "sentence1,label\na cat,1\n",
        "no label column": "sentence1,sentence2\na cat,a dog\n",
        "a column twice": "sentence1,sentence2,sentence2,label\na,b,c,1\n",
        "a BOM inside the header": "sentence1,\ufeffsentence2,label\na,b,1\n",
        "white space around the names": "sentence1 , sentence2, label\na,b,1\n",
        "semicolons": rows(4).replace(",", ";"),
        "tabs": rows(4).replace(",", "\t"),
        "pipes": rows(4).replace(",", "|"),
        "a row too short": of(ROW, "a cat,1"),
        "a row too long": of(ROW, ROW + ",9"),
        "one field in a row": of("x"),
        "an open quote": of('"a cat sat,a cat ran,1', ROW),
        "a quote inside": of('"a "cat" sat",a cat,1'),
        "text after a quote": of('"a cat"x,a cat,1'),
        "a bare carriage return": of("a\rcat,b,1"),
        "NUL bytes": of("a\0cat,a cat,1"),
        "only NUL bytes": b"\0" * 5000,
        "Latin-1": of("a caf\xe9,a cat,1").encode("latin-1"),
        "UTF-16": rows(4).encode("utf-16"),
        "UTF-16 without a BOM": rows(4).encode("utf-16-le"),
        "Shift-JIS": of("猫,犬,1").encode("shift-jis"),
        "cut inside a character": of("a café,b,1").encode()[:13] + b"\xc3",
        "gzipped": gzip.compress(rows(4).encode(), mtime=0),
        "random bytes": bytes((n * 89 + 7) % 256 for n in range(9000)),
        "HTML": "<!doctype html><html><body>Sign in</body></html>",
        "a pointer of git-lfs": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "a cell of a million letters": of("x" * 1_000_000 + ",b,1"),
        "a header of 100,000 names": ",".join(f"c{n}" for n in range(100_000)) + "\n",
        "a name of a million letters": "x" * 1_000_000 + ",b\n1,2\n",
        "labels NaN": of("a,b,nan"),
        "labels infinite": of("a,b,inf"),
        "labels empty": of("a,b,"),
        "labels a word": of("a,b,yes"),
        "labels past the range": of("a,b,2"),
        "labels -2": of("a,b,-2"),
        "labels a fraction": of("a,b,0.5"),
        "labels 1e400": of("a,b,1e400"),
        "labels digits without end": of("a,b," + "9" * 5000),
        "labels in other digits, with a sign": of("a,b,+-1"),
        "labels with an underscore": of("a,b,1__0"),
        "labels hexadecimal": of("a,b,0x1"),
        "labels true": of("a,b,True"),
        "labels all hidden": of("a,b,-1", "c,d,-1"),
        "labels partly hidden": of("a,b,-1", "c,d,1"),
        "labels a formula": of("a,b,=1+1"),
        "labels an escape sequence": of("a,b,\x1b[31m1"),
        "labels a million letters": of("a,b," + "z" * 130_000),
        "texts empty": of(",,1", ",,0"),
        "texts white space": of('" "," ",1'),
        "a text empty in one row": of(ROW, ",,1"),
        "git conflict marks": of("<<<<<<< HEAD", ROW, "=======", ROW, ">>>>>>> other"),
    }


def _jsonl() -> dict[str, str | bytes]:
    row = {"sentence1": "a cat", "sentence2": "a dog", "label": 0}

    def of(*lines: Any) -> str:
        return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)

    return {
        "empty": "",
        "blank": "\n \n",
        "a list": of([1, 2]),
        "a number": of(row, "7"),
        "a string": of(row, '"x"'),
        "null": of("null"),
        "a JSON array over lines": json.dumps([row, row], indent=1),
        "broken": of(row, '{"sentence1": '),
        "single quotes": of(str(row)),
        "a trailing comma": of('{"sentence1": "a", "sentence2": "b", "label": 1,}'),
        "two objects in a line": of(json.dumps(row) * 2),
        "NaN as label": of('{"sentence1": "a", "sentence2": "b", "label": NaN}'),
        "Infinity": of('{"sentence1": "a", "sentence2": "b", "label": Infinity}'),
        "a label true": of({**row, "label": True}),
        "a label null": of({**row, "label": None}),
        "a label a list": of({**row, "label": [1]}),
        "a label an object": of({**row, "label": {"a": 1}}),
        "a label of 4,000 digits": of(json.dumps(row).replace("0}", "9" * 4000 + "}")),
        "a label of 5,000 digits": of(json.dumps(row).replace("0}", "9" * 5000 + "}")),
        "a text a number": of({**row, "sentence1": 5}),
        "a text null": of({**row, "sentence1": None}),
        "a text a list": of({**row, "sentence1": ["a"]}),
        "a text an object": of({**row, "sentence1": {"a": "b"}}),
        "half a character": of('{"sentence1": "\\ud800", "sentence2": "b", "label": 1}'),
        "a key missing in one row": of(row, {"sentence1": "a", "label": 1}),
        "other keys": of({"text": "a", "label": 1}),
        "a key twice, the last a number": of('{"sentence1": "a", "sentence1": 5, "sentence2": "b", "label": 1}'),
        "nested without end": "[" * 200_000,
        "objects nested without end": '{"a":' * 100_000,
        "Latin-1": of(row).encode() + b'{"sentence1": "\xe9"}\n',
        "NUL bytes": of(row) + "\0\0\0\n",
        "a BOM on the second line": of(row, "\ufeff" + json.dumps(row)),
        "comments": of("// rows", row),
        "cut": of(row, row)[:-20],
        "texts empty": of({**row, "sentence1": "", "sentence2": " "}),
    }


def _table(**columns: Any) -> Callable[[Place], None]:
    """A train.parquet with these columns, sound ones where none are given."""

    def make(place: Place) -> None:
        import pyarrow
        import pyarrow.parquet

        sound = {"sentence1": ["a cat", "a dog"], "sentence2": ["a cat", "a cat"], "label": [1, 0]}
        (place.pairs / "train.csv").unlink()
        held = {name: column for name, column in {**sound, **columns}.items() if column is not None}
        pyarrow.parquet.write_table(pyarrow.table(held), place.pairs / "train.parquet")

    return make


def _wrongly_named_classes(place: Place) -> None:
    _with_metadata(place, {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["cat", "dog"]}}}})


def _with_metadata(place: Place, content: Any) -> None:
    import pyarrow
    import pyarrow.parquet

    (place.pairs / "train.csv").unlink()
    made = pyarrow.table({"sentence1": ["a"], "sentence2": ["b"], "label": [1]})
    made = made.replace_schema_metadata({"huggingface": json.dumps(content)})
    pyarrow.parquet.write_table(made, place.pairs / "train.parquet")


def _damaged(change: Callable[[bytes], bytes]) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        _table()(place)
        file = place.pairs / "train.parquet"
        file.write_bytes(change(file.read_bytes()))

    return make


def _parquet() -> dict[str, Callable[[Place], None]]:
    day = datetime.date(2026, 11, 28)
    return {
        "empty": _damaged(lambda content: b""),
        "its mark alone": _damaged(lambda content: b"PAR1"),
        "both marks alone": _damaged(lambda content: b"PAR1PAR1"),
        "cut": _damaged(lambda content: content[: len(content) // 2]),
        "without its end": _damaged(lambda content: content[:-8]),
        "a footer length without end": _damaged(lambda content: content[:-8] + b"\xff\xff\xff\xff" + b"PAR1"),
        "zeros in the middle": _damaged(lambda content: content[:8] + bytes(len(content) - 400) + content[-392:]),
        "zeros in the footer": _damaged(lambda content: content[:-200] + bytes(150) + content[-50:]),
        "a CSV": _damaged(lambda content: rows(4).encode()),
        "random bytes": _damaged(lambda content: bytes((n * 31) % 256 for n in range(4000))),
        "texts numbers": _table(sentence1=[1, 2]),
        "texts of bytes": _table(sentence1=[b"a", b"b"]),
        "texts null": _table(sentence1=[None, None]),
        "a text null": _table(sentence1=["a", None]),
        "texts lists": _table(sentence1=[["a"], ["b"]]),
        "texts structs": _table(sentence1=[{"t": "a"}, {"t": "b"}]),
        "labels decimals": _table(label=[decimal.Decimal("0.50"), decimal.Decimal("1.00")]),
        "labels dates": _table(label=[day, day]),
        "labels timestamps": _table(label=[datetime.datetime(2026, 11, 28), datetime.datetime(2026, 11, 28)]),
        "labels null": _table(label=[None, None]),
        "labels of lists": _table(label=[[1], [0]]),
        "labels of structs": _table(label=[{"v": 1}, {"v": 0}]),
        "labels truth values": _table(label=[True, False]),
        "labels NaN": _table(label=[float("nan"), 1.0]),
        "labels infinite": _table(label=[float("inf"), 1.0]),
        "labels past the range": _table(label=[1, 7]),
        "labels huge": _table(label=[2**62, 1]),
        "labels bytes": _table(label=[b"1", b"0"]),
        "no labels": _table(label=None),
        "no texts": _table(sentence1=None),
        "no rows": _table(sentence1=[], sentence2=[], label=[]),
        "classes of another task": _wrongly_named_classes,
        "a name with an escape sequence": _table(sentence1=None, **{"\x1b[31msentence1": ["a", "b"]}),
    }


# ── the folder of rows ──────────────────────────────────────────────────────────────────────────────────────────
def _without(*names: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        for name in names:
            (place.pairs / name).unlink()

    return make


def _both(place: Place) -> None:
    place.write('{"sentence1": "a", "sentence2": "b", "label": 1}\n', "pairs/train.jsonl")


def _other_ending(place: Place) -> None:
    (place.pairs / "train.csv").rename(place.pairs / "train.CSV.txt")


def _train_is(kind: str) -> Callable[[Place], None]:
    return lambda place: replace_file(place.pairs / "train.csv", kind)


def _test_split_is_broken(place: Place) -> None:
    place.write("sentence1,sentence2\n", "pairs/test.csv")


def _validation(content: str) -> Callable[[Place], None]:
    return lambda place: place.write(content, "pairs/validation.csv")


def _scores(label: str) -> Callable[[Place], None]:
    def make(place: Place) -> None:
        place.write(f"{HEADER}\na,b,1.5\nc,d,{label}\n", "pairs/train.csv")
        place.write(replaced(('"mrpc"', '"stsb"'), ('"kl"', '"mse_logits"')))

    return make


def cases() -> list[Case]:
    """All of them."""
    found = [Case(GROUP, f"csv: {name}", _train(content)) for name, content in _csv().items()]
    found += [Case(GROUP, f"jsonl: {name}", _train(content, "jsonl")) for name, content in _jsonl().items()]
    found += [Case(GROUP, f"parquet: {name}", make) for name, make in _parquet().items()]
    return [
        *found,
        Case(GROUP, "folder: no train", _without("train.csv"), "train"),
        Case(GROUP, "folder: no validation", _without("validation.csv"), "validation"),
        Case(GROUP, "folder: empty", _without("train.csv", "validation.csv"), "train"),
        Case(GROUP, "folder: two files of one split", _both, "both"),
        Case(GROUP, "folder: another ending", _other_ending),
        Case(GROUP, "folder: train is a folder", _train_is("folder")),
        Case(GROUP, "folder: train is a pipe", _train_is("pipe")),
        Case(GROUP, "folder: train is a loop of links", _train_is("loop")),
        Case(GROUP, "folder: train is a device without end", _train_is("/dev/zero")),
        Case(GROUP, "folder: train is a link to nothing", _train_is("nowhere.csv")),
        Case(GROUP, "folder: train is a file that refuses", _train_is("/proc/self/mem")),
        Case(GROUP, "folder: train is the passwords", _train_is("/etc/passwd")),
        Case(GROUP, "folder: a broken test split", _test_split_is_broken, "test.csv"),
        Case(GROUP, "validation: empty", _validation("")),
        Case(GROUP, "validation: no rows", _validation(HEADER + "\n")),
        Case(GROUP, "validation: hidden", _validation(HEADER + "\na,b,-1\n")),
        Case(GROUP, "validation: another task's", _validation("sentence,label\na,1\n")),
        Case(GROUP, "scores: past the range", _scores("5.1"), "from 0 to 5"),
        Case(GROUP, "scores: NaN", _scores("nan")),
        Case(GROUP, "scores: infinite", _scores("1e999")),
        Case(GROUP, "scores: a word", _scores("high")),
        Case(GROUP, "scores: empty", _scores("")),
    ]
