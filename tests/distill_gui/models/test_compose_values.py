"""Values as text and back."""

import re

import pytest

from distill_gui.models.compose_fields import FieldSpec
from distill_gui.models.compose_values import as_text, from_text, parse_seeds

WHOLE, NUMBER, TEXT = (FieldSpec("a.b", "", "", kind) for kind in ("whole", "number", "text"))


@pytest.mark.parametrize(
    "value, text",
    [(None, ""), (3, "3"), (5e-5, "5e-5"), (1e-10, "1e-10"), (0.0003, "0.0003"), (1.0, "1"), (1e20, "1e20"),
     (0.1 + 0.2, "0.30000000000000004"), (True, "true"), ("x y", "x y")],
)  # fmt: skip
def test_as_text(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize("value", [5e-5, 1e-10, 3.25e-7, 1 / 3, 1e20, 0.5])
def test_a_number_survives_being_shown(value):
    assert from_text(NUMBER, as_text(value)) == value


@pytest.mark.parametrize(
    "spec, text, value",
    [(WHOLE, " 32 ", 32), (WHOLE, "1.5", 1.5), (WHOLE, "three", "three"), (WHOLE, "", None), (WHOLE, "9" * 5000, float("inf")),
     (NUMBER, "5e-5", 5e-5), (NUMBER, "3", 3), (NUMBER, "5e-", "5e-"), (NUMBER, "  ", None),
     (TEXT, "3", "3"), (TEXT, " cpu ", "cpu")],
)  # fmt: skip
def test_from_text(spec, text, value):
    found = from_text(spec, text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text, seeds",
    [("0", [0]), ("1, 2, 3", [1, 2, 3]), ("1 2;3,", [1, 2, 3]), ("3, 1, 3", [3, 1]), ("2147483647", [2147483647])],
)
def test_seeds(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "there is none"),
        (" , ", "there is none"),
        ("1, two", "“two” is none"),
        ("-1", "“-1” is none"),
        ("1.5", "“1.5” is none"),
        ("٣", "“٣” is none"),
        ("[1, 2]", "“[1” is none"),
        ("2147483648", "“2147483648” is more"),
        ("9" * 5000, "“99999999999999999999” is more"),
        (" ".join(map(str, range(101))), "at most 100 seeds"),
    ],
)
def test_no_seeds(text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_seeds(text)
