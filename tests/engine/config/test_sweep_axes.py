"""What is typed after --over: lists and ranges, exact in decimals, and a sentence for each mistake."""

from decimal import Decimal

import pytest

from engine.config.sweep_axes import MOST_VALUES, Axis, read_axes, read_values


def test_a_range_is_exact_in_decimals() -> None:
    values = read_values("0:1:0.1")
    assert values == ("0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1")
    assert [float(value) for value in values] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1,0.2", ("0.1", "0.2")),
        (" kl , taylor ", ("kl", "taylor")),
        ("3:1:-1", ("3", "2", "1")),
        ("10:100:30", ("10", "40", "70", "100")),
        ("5:5:1", ("5",)),
        ("-0.1:0.1:.1", ("-0.1", "0", "0.1")),
        ("1e-5:3e-5:1e-5,5e-5", ("0.00001", "0.00002", "0.00003", "5e-5")),
        ("[[1, 2], [2, 4]],uniform", ("[[1, 2], [2, 4]]", "uniform")),
        ('"a,b",c', ('"a,b"', "c")),
        ("cuda:0,cuda:1", ("cuda:0", "cuda:1")),
        ("true,1", ("true", "1")),
    ],
)
def test_lists_and_ranges(text: str, values: tuple[str, ...]) -> None:
    assert read_values(text) == values


@pytest.mark.parametrize("step", ["0.1", "0.01", "0.025", "1e-3", "0.7"])
def test_every_value_of_a_range_is_a_whole_number_of_steps_away(step: str) -> None:
    last = Decimal(step) * 57
    values = read_values(f"0:{last}:{step}")
    assert [Decimal(value) for value in values] == [Decimal(step) * number for number in range(58)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no values; give them as 0.1,0.2 or FROM:TO:STEP"),
        ("0.1,,0.2", "has an empty value"),
        ("0.1,", "has an empty value"),
        ("1,2,1", "“1” stands there twice"),
        ("1,1.0", "“1” and “1.0” are the same value"),
        ('kl,"kl"', "are the same value"),
        ("0:1:0.25,0.5", "“0.5” stands there twice"),
        ("0:1", "is no range; say FROM:TO:STEP"),
        ("0:x:1", "is no range"),
        ("0:1:0", "its step is 0"),
        ("0:1:-0.1", "leads away from 1; turn its sign"),
        ("1:0:0.1", "leads away from 0"),
        ("0:1:0.3", "never arrives at 1: it goes from 0.9 to 1.2; end at one of these"),
        ("0:1:1e-99", f"more than {MOST_VALUES:,} values"),
        ("0:999999999999999:1", f"more than {MOST_VALUES:,} values"),
        (",".join(map(str, range(MOST_VALUES + 1))), f"more than {MOST_VALUES:,} values"),
    ],
)
def test_every_mistake_gets_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        read_values(text)
    assert said in str(error.value)


def test_axes_are_read_and_all_their_faults_said() -> None:
    axes, faults = read_axes(["loss.lambda=0,1", "nothing", "=1", "training.seed=", " loss.lambda = 2 ", "a.b = 1=1"])
    assert axes == [Axis("loss.lambda", ("0", "1")), Axis("a.b", ("1=1",))]
    assert [fault.key for fault in faults] == ["--over", "--over", "training.seed", "loss.lambda"]
    assert "swept over twice" in faults[-1].message
