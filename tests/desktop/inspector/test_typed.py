from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.desktop.inspector import typed
from memstudio.experiment.document import Range
from memstudio.experiment.parameters import Real, Refusal, Text, Whole, WholeList

HEADS = Whole(name="heads", title="Heads", default=4, low=1, high=100_000)
RATE = Real(name="rate", title="Rate", default=0.1, low=0.0, high=1e6)
LOADS = WholeList(name="loads", title="Loads", default=(4,), low=1, high=64)


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (HEADS, " 16 ", 16),
        (HEADS, "1,000", 1000),
        (HEADS, "1e3", 1000),
        (RATE, "0,5", 0.5),
        (RATE, "1,000.5", 1000.5),
        (RATE, "1e-3", 1e-3),
    ],
)
def test_numbers_as_people_type_them(parameter: Whole | Real, text: str, value: float) -> None:
    assert typed.read_number(parameter, text) == value


@pytest.mark.parametrize("text", ["", "abc", "1.5", "0", "nan", "inf", "1e99", "--3", "1 2"])
def test_what_is_no_whole_number_in_range_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        typed.read_number(HEADS, text)
    assert "Heads" in str(refused.value)
    assert str(refused.value).endswith(".")


@given(st.floats(0.0, 1e6, allow_nan=False))
def test_a_number_written_is_read_again(value: float) -> None:
    assert typed.read_number(RATE, typed.number_text(value)) == pytest.approx(value, rel=1e-9, abs=1e-300)


def test_lists() -> None:
    assert typed.read_whole_list(LOADS, "4 8, 16;2") == (2, 4, 8, 16)
    for wrong in ("", "4 x", "4 4", "0", "65"):
        with pytest.raises(Refusal, match=r"[Ll]oads"):
            typed.read_whole_list(LOADS, wrong)


def test_values_of_an_axis() -> None:
    assert typed.read_values(HEADS, "1 2 2 4") == [1, 2, 4]
    assert typed.read_values(LOADS, "4 8; 16 32") == [[4, 8], [16, 32]]
    assert typed.read_values(Text(name="t", title="Text", default=""), "a\n b \n\n") == ["a", "b"]
    with pytest.raises(Refusal, match="at least two"):
        typed.read_values(HEADS, "4")
    with pytest.raises(Refusal, match="from 1 to"):
        typed.read_values(HEADS, "4 0")


@pytest.mark.parametrize("values", [[1, 2, 4], [7, 9]])
def test_values_written_are_read_again(values: list[int]) -> None:
    assert typed.read_values(HEADS, typed.values_text(HEADS, values)) == values


def test_suggestions_stay_in_range() -> None:
    assert typed.suggested(HEADS, 4) == [2, 4, 8]
    assert typed.suggested(HEADS, 1) == [1, 2]
    assert typed.suggested(RATE, 1e6) == [5e5, 1e6]


@pytest.mark.parametrize(
    ("parameter", "text", "values"),
    [
        (HEADS, "1 .. 4", [1, 2, 3, 4]),
        (HEADS, "1..9, 3", [1, 5, 9]),
        (HEADS, "log 1 .. 64, 7", [1, 2, 4, 8, 16, 32, 64]),
        (HEADS, "1 .. 3, 9", [1, 2, 3]),
        (RATE, "LOG 1e-4 ... 1e-2, 5", [0.0001, 0.0003162, 0.001, 0.003162, 0.01]),
        (RATE, "0.1 \N{HORIZONTAL ELLIPSIS} 0.5 3", [0.1, 0.3, 0.5]),
    ],
)
def test_ranges_are_spread_into_values(parameter: Whole | Real, text: str, values: list[float]) -> None:
    assert typed.read_values(parameter, text) == values


@pytest.mark.parametrize(
    ("parameter", "text", "words"),
    [
        (RATE, "0.1 .. 0.5", "how many"),
        (RATE, "log 0 .. 1, 5", "above 0"),
        (HEADS, "4 .. 1", "goes up"),
        (HEADS, "1 .. 100000", "2 to 200"),
        (HEADS, "1 .. 8, many", "no whole number"),
        (HEADS, "0 .. 8", "from 1 to"),
        (HEADS, "a .. b", "whole number"),
    ],
)
def test_what_is_no_range_is_refused_in_one_sentence(parameter: Whole | Real, text: str, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        typed.read_values(parameter, text)


@pytest.mark.parametrize("wanted", [Range(low=1e-4, high=1e-2, log=True, points=5), Range(low=1, high=8, points=8)])
def test_a_range_written_is_read_again(wanted: Range) -> None:
    assert typed.read_range(Real(name="rate", title="Rate", default=1.0, low=0.0, high=10.0), typed.range_text(wanted)) == wanted
    assert typed.read_range(RATE, "1, 2, 4") is None


def test_small_numbers_read_well() -> None:
    assert typed.number_text(1e-8) == "1e-8"
    assert typed.number_text(1e20) == "1e20"
    assert typed.values_hint(RATE).endswith("From 0 to 1000000")
