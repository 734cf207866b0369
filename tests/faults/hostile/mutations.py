"""Malformed input that hypothesis makes: it knows what a configuration and a file of rows look like, and spoils them."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.faults.hostile.case import BASE, Case, Place
from tests.faults.hostile.material import HEADER, rows

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# Values no key of a configuration takes, whatever it is: none of them is a name, a number within bounds or a choice.
WRONG = st.one_of(
    st.just("nan"),
    st.just("inf"),
    st.just("-inf"),
    st.just("[]"),
    st.just("{}"),
    st.just("[[1, [2]]]"),
    st.just("1979-05-27"),
    st.just("07:32:00"),
    st.just("1e999"),
    st.integers(min_value=2**53).map(str),
    st.integers(max_value=-1).map(str),
    WORDS.map(lambda text: json.dumps(f"\x00{text}").replace("\x7f", "\\u007f")),
    WORDS.map(lambda text: f"[{json.dumps(text)}]".replace("\x7f", "\\u007f")),
)
_LINES = BASE.splitlines()
_KEYS = [number for number, line in enumerate(_LINES) if " = " in line]


@st.composite
def toml_texts(draw: st.DrawFn) -> str | bytes:
    """The sound configuration with one to four wrong values, or broken as text."""
    lines = list(_LINES)
    how = draw(st.sampled_from(["values", "keys", "cut", "bytes", "doubled"]))
    if how == "values":
        for number in draw(st.lists(st.sampled_from(_KEYS), min_size=1, max_size=4, unique=True)):
            lines[number] = f"{lines[number].split(' = ')[0]} = {draw(WRONG)}"
    elif how == "keys":
        name = json.dumps("?" + draw(WORDS)).replace("\x7f", "\\u007f")
        lines.insert(draw(st.sampled_from([number + 1 for number in _KEYS])), f"{name} = 1")
    elif how == "cut":
        text = "\n".join(lines)
        return text[: draw(st.integers(0, text.index("[loss]")))]  # what is left has no loss
    elif how == "bytes":
        content = bytearray("\n".join(lines).encode())
        content.insert(draw(st.integers(0, len(content))), draw(st.sampled_from([0x00, 0x08, 0x7F, 0xC0, 0xFF])))
        return bytes(content)
    else:
        number = draw(st.sampled_from(_KEYS))
        lines.insert(number, lines[number])
    return "\n".join(lines) + "\n"


_BAD_LABELS = ["2", "-2", "nan", "inf", "", "yes", "0.5", "1e400", "[1]", "x" * 100, "-1"]


@st.composite
def csv_texts(draw: st.DrawFn) -> bytes:
    """The sound rows with one of them spoilt: a label, a field more or less, a byte, a quote."""
    lines = rows(12).splitlines()
    number = draw(st.integers(1, len(lines) - 1))
    fields = lines[number].split(",")
    how = draw(st.sampled_from(["label", "short", "long", "byte", "quote", "header", "blank"]))
    if how == "label":
        fields[2] = draw(st.sampled_from(_BAD_LABELS))
    elif how == "short":
        fields = fields[: draw(st.integers(1, 2))]
    elif how == "long":
        fields += ["x"] * draw(st.integers(1, 5))
    elif how == "quote":
        fields[0] = '"' + fields[0]
    elif how == "blank":
        fields[:2] = [draw(st.sampled_from(["", " ", "\t", "\u3000"]))] * 2
    lines[number] = ",".join(fields)
    if how == "header":
        columns = HEADER.split(",")
        columns[draw(st.integers(0, 2))] = draw(st.sampled_from(["", "x", "Sentence1", "label ", "sentence\u0301"]))
        lines[0] = ",".join(columns)
    content = bytearray(("\n".join(lines) + "\n").encode())
    if how == "byte":
        content.insert(draw(st.integers(0, len(content))), draw(st.sampled_from([0xC3, 0xE9, 0xFF, 0x80])))
        content.append(0xFF)
    return bytes(content)


@st.composite
def jsonl_texts(draw: st.DrawFn) -> bytes:
    """Sound rows as JSON lines with one of them spoilt: a value of another type, a key gone, a line that is none."""
    held = [{"sentence1": "a cat", "sentence2": "a dog", "label": number % 2} for number in range(8)]
    lines = [json.dumps(row) for row in held]
    number = draw(st.integers(0, len(lines) - 1))
    how = draw(st.sampled_from(["value", "gone", "line", "cut"]))
    if how == "value":
        key = draw(st.sampled_from(["sentence1", "sentence2", "label"]))
        wrong: st.SearchStrategy[object] = st.one_of(
            st.none(), st.booleans(), st.lists(st.integers(), max_size=2), st.floats(2, 9), st.just({})
        )
        lines[number] = json.dumps({**held[number], key: draw(wrong)})
    elif how == "gone":
        key = draw(st.sampled_from(["sentence1", "sentence2", "label"]))
        lines[number] = json.dumps({name: value for name, value in held[number].items() if name != key})
    elif how == "line":
        lines[number] = draw(st.sampled_from(["[]", "1", "null", '"x"', "{", "}", "{'a': 1}", "NaN", "\x00", "//"]))
    else:
        lines[-1] = lines[-1][: draw(st.integers(1, len(lines[-1]) - 1))]
    return ("\n".join(lines) + "\n").encode()


def _as_config(content: str | bytes) -> Callable[[Place], None]:
    return lambda place: place.write(content)


def _as_rows(ending: str) -> Callable[[bytes], Callable[[Place], None]]:
    def of(content: bytes) -> Callable[[Place], None]:
        def make(place: Place) -> None:
            (place.pairs / "train.csv").unlink()
            place.write(content, f"pairs/train.{ending}")

        return make

    return of


GENERATED: dict[str, st.SearchStrategy[Case]] = {
    "configuration": toml_texts().map(lambda content: Case("configuration", "made", _as_config(content))),
    "rows: csv": csv_texts().map(lambda content: Case("rows", "made csv", _as_rows("csv")(content))),
    "rows: jsonl": jsonl_texts().map(lambda content: Case("rows", "made jsonl", _as_rows("jsonl")(content))),
}  # fmt: skip


def some_of(kind: str, examples: int, chance: int, judge: Callable[[Case], None]) -> None:
    """Hand so many cases of a kind to ``judge``; ``chance`` seeds them."""

    @seed(chance)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(GENERATED[kind])
    def take(case: Case) -> None:
        judge(case)

    take()
