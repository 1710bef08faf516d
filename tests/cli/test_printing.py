"""Tables for a terminal."""

from __future__ import annotations

import pytest

from memstudio.cli.printing import one_line, table


def test_a_row_is_a_line_whatever_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    table(["title", "seed"], [["one\n\ntwo\x1b[2J\x07", "1"], ["three", "2"]])
    assert capsys.readouterr().out.splitlines() == ["title       seed", "one two[2J     1", "three          2"]


def test_long_words_are_cut() -> None:
    assert one_line("long " * 100, 12) == "long long..."
    assert one_line("häßlich 😀 \N{EN DASH}") == "häßlich 😀 \N{EN DASH}"
