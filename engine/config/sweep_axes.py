"""The axes of a sweep as they are typed: ``loss.lambda=0:1:0.1``, a key and its values by list or range. Builds no runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext

from engine.config.reading import toml_value
from engine.errors import Fault

MOST_VALUES = 1000  # of one axis
WHERE = "--over"  # the key of a fault that belongs to no key of a configuration
_NUMBER = re.compile(r"[+-]?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})([eE][+-]?\d{1,2})?")
_BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}
_DIGITS = 250  # enough for the sum of any two numbers that the pattern lets through


@dataclass(frozen=True)
class Axis:
    """A key such as ``loss.lambda`` and the values to try, each as it would be typed after ``--set KEY=``."""

    key: str
    values: tuple[str, ...]


def read_axes(texts: Iterable[str]) -> tuple[list[Axis], list[Fault]]:
    """The axes of ``KEY=VALUES``, and all that is wrong with them; a faulty axis is left out."""
    axes: list[Axis] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for text in texts:
        key, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not key:
            said = f"“{text}” is not KEY=VALUES, such as loss.lambda=0.1,0.2 or loss.lambda=0:1:0.1"
            faults.append(Fault(WHERE, said))
            continue
        if key in seen:
            faults.append(Fault(key, "is swept over twice; give all of its values at once"))
            continue
        seen.add(key)
        try:
            axes.append(Axis(key, read_values(values)))
        except ValueError as error:
            faults.append(Fault(key, str(error)))
    return axes, faults


def read_values(text: str) -> tuple[str, ...]:
    """The values of ``0.1,0.2`` or ``0:1:0.1``, ranges exact in decimals; both may be mixed. Raises ValueError in a sentence."""
    parts = list(_parts(text))
    if parts == [""]:
        raise ValueError("no values; give them as 0.1,0.2 or FROM:TO:STEP")
    if "" in parts:
        raise ValueError(f"“{text}” has an empty value; take the comma out")
    values: list[str] = []
    for part in parts:
        values += _range(part) if _NUMBER.fullmatch(part.partition(":")[0].strip()) and ":" in part else [part]
        if len(values) > MOST_VALUES:
            raise ValueError(_too_many(text))
    _refuse_doubled(values)
    return tuple(values)


def _parts(text: str) -> Iterator[str]:
    """Between the commas that stand outside of brackets and quotes: ``[[1, 2]]`` is one value."""
    part, depth, quote = "", 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        else:
            depth = max(0, depth + _BRACKETS.get(sign, 0))
        if sign == "," and not quote and not depth:
            yield part.strip()
            part = ""
        else:
            part += sign
    yield part.strip()


def _range(text: str) -> list[str]:
    words = [word.strip() for word in text.split(":")]
    if len(words) != 3 or not all(_NUMBER.fullmatch(word) for word in words):
        raise ValueError(f"“{text}” is no range; say FROM:TO:STEP in numbers, such as 0:1:0.1")
    with localcontext(prec=_DIGITS):
        first, last, step = map(Decimal, words)
        if step == 0:
            raise ValueError(f"“{text}” never arrives: its step is 0; give another one")
        if first != last and (last > first) != (step > 0):
            raise ValueError(f"“{text}” never arrives: its step leads away from {words[1]}; turn its sign")
        steps = (last - first) // step
        if steps >= MOST_VALUES:
            raise ValueError(_too_many(text))
        if (nearest := first + steps * step) != last:
            past = nearest + step
            raise ValueError(
                f"“{text}” never arrives at {words[1]}: it goes from {_plain(nearest)} to {_plain(past)}; end at one of these, "
                "or choose another step"
            )
        return [_plain(first + number * step) for number in range(int(steps) + 1)]


def _plain(number: Decimal) -> str:
    """Without exponent and without zeros at the end, as TOML and people read it: 0.3, 100."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _refuse_doubled(values: list[str]) -> None:
    seen: dict[object, str] = {}
    for text in values:
        value = toml_value(text)
        same = (isinstance(value, bool), repr(value) if isinstance(value, (list, dict)) else value)
        if same in seen:
            first = seen[same]
            said = f"“{text}” stands there twice" if first == text else f"“{first}” and “{text}” are the same value"
            raise ValueError(f"{said}; take one out")
        seen[same] = text


def _too_many(text: str) -> str:
    shown = text if len(text) <= 40 else text[:40] + "…"
    return f"“{shown}” has more than {MOST_VALUES:,} values; take a larger step or fewer values"
