from __future__ import annotations

from datetime import datetime

import pytest

from memstudio.desktop import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (8.4, "8 s"), (59.6, "1 min"), (220, "3 min 40 s"), (3600, "1 h"), (7500, "2 h 5 min"), (273600, "3 d 4 h"), (None, "")],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


def test_a_duration_that_is_not_known_says_nothing() -> None:
    assert words.duration(float("nan")) == words.duration(float("inf")) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (3, "3"),
        (12345, "12,345"),
        (-2.0, "\N{MINUS SIGN}2"),
        (0.12345, "0.1235"),
        (1234.56, "1,234.6"),
        (1e-7, "1.00e\N{MINUS SIGN}07"),
        (float("nan"), "not finite"),
    ],
)
def test_numbers(value: float | None, said: str) -> None:
    assert words.number(value) == said


def test_counts_and_sizes() -> None:
    assert words.count(1, "run") == "1 run"
    assert words.count(1204, "run") == "1,204 runs"
    assert words.count(2, "study", "studies") == "2 studies"
    assert words.size(812) == "812 bytes"
    assert words.size(8200) == "8.2 kB"
    assert words.size(1.4e9) == "1.4 GB"
    assert [words.products(n) for n in (640, 7_130_000, 2e9)] == ["640 FLOP", "7.13 MFLOP", "2 GFLOP"]


def test_moments_are_said_from_today() -> None:
    now = datetime(2026, 11, 20, 14, 0).timestamp()
    assert words.moment(datetime(2026, 11, 20, 9, 5).timestamp(), now) == "09:05"
    assert words.moment(datetime(2026, 11, 19, 9, 5).timestamp(), now) == "yesterday 09:05"
    assert words.moment(datetime(2026, 3, 2, 9, 5).timestamp(), now) == "2 Mar 09:05"
    assert words.moment(datetime(2024, 3, 2, 9, 5).timestamp(), now) == "2 Mar 2024"
    assert words.moment(None) == ""
