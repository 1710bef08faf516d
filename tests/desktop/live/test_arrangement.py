"""Where panels stand: moved, closed, in rows, kept and read again whatever the settings hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memstudio.desktop.live.arrangement import CLOSED, ORDER, WIDE, Arrangement, arrangement_of

THERE = ("learning", "recall", "calibration", "picture")
FIRST = Arrangement()


def test_at_first_all_that_is_there_stands_in_one_row_but_the_heat_map() -> None:
    assert FIRST.shown(THERE) == (("learning", "recall", "calibration", "picture"),)
    assert FIRST.shown((*THERE, "map")) == FIRST.shown(THERE)
    assert "map" in FIRST.with_("map").shown((*THERE, "map"))[0]


def test_left_and_right_skip_what_is_not_there() -> None:
    moved = FIRST.beside("picture", -1, THERE)
    assert moved.shown(THERE) == (("learning", "recall", "picture", "calibration"),)
    assert moved.beside("picture", 1, THERE).shown(THERE) == FIRST.shown(THERE)
    assert FIRST.beside("learning", -1, THERE) == FIRST
    assert FIRST.beside("picture", 1, THERE) == FIRST


def test_down_makes_a_second_row_and_up_takes_it_away() -> None:
    two = FIRST.to_row("recall", 1, THERE)
    assert two.shown(THERE) == (("learning", "calibration", "picture"), ("recall",))
    assert two.to_row("recall", 1, THERE) == two, "there are two rows at most"
    both = two.to_row("picture", 1, THERE)
    assert both.shown(THERE) == (("learning", "calibration"), ("recall", "picture"))
    one = two.to_row("recall", -1, THERE)
    assert one.shown(THERE) == (("learning", "calibration", "picture", "recall"),)
    assert FIRST.to_row("recall", -1, THERE) == FIRST


def test_a_row_of_what_is_not_shown_is_no_row() -> None:
    odd = Arrangement((("learning", "recall", "forgetting", "map", "tables", "calibration"), ("other", "picture")), frozenset({"picture"}))
    assert odd.shown(THERE) == (("learning", "recall", "calibration"),)
    assert odd.to_row("recall", 1, THERE).shown(THERE) == (("learning", "calibration"), ("recall",))


def test_a_panel_is_put_before_another_or_at_the_end() -> None:
    assert FIRST.moved("picture", 0, "learning").shown(THERE)[0][0] == "picture"
    assert FIRST.moved("learning", 0, None).shown(THERE)[0][-1] == "learning"
    assert FIRST.moved("recall", 0, "recall") == FIRST
    assert FIRST.moved("recall", 1, None).shown(THERE)[1] == ("recall",)


def test_two_rows_hold_half_each() -> None:
    assert FIRST.in_rows(2, THERE).shown(THERE) == (("learning", "recall"), ("calibration", "picture"))
    assert FIRST.in_rows(2, THERE).in_rows(1, THERE).shown(THERE) == FIRST.shown(THERE)


def test_widths_have_bounds() -> None:
    wide = FIRST
    for _ in range(20):
        wide = wide.widened("recall", 1.25)
    assert wide.wide == {"recall": WIDE}


def test_what_is_closed_comes_back_to_its_place() -> None:
    closed = FIRST.without("recall")
    assert closed.shown(THERE) == (("learning", "calibration", "picture"),)
    assert closed.with_("recall").shown(THERE) == FIRST.shown(THERE)


def test_it_is_kept() -> None:
    made = FIRST.to_row("picture", 1, THERE).without("calibration").widened("recall", 1.5)
    made = Arrangement(made.rows, made.closed, made.wide, 0.7)
    assert arrangement_of(json.loads(json.dumps(made.as_kept()))) == made


def test_a_panel_that_is_new_stands_where_it_would_at_first() -> None:
    kept = {"rows": [["recall", "learning"], ["picture"]], "closed": ["learning"]}
    read = arrangement_of(kept)
    assert {id for row in read.rows for id in row} == set(ORDER)
    assert read.shown(ORDER)[1] == ("picture",)
    assert read.closed == {"learning"} | CLOSED
    opened = arrangement_of(FIRST.with_("map").as_kept())
    assert "map" not in opened.closed, "what was opened stays open"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(ORDER),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["rows", "closed", "wide", "upper", *ORDER]), inner),
    max_leaves=12,
)


@example({"rows": None, "closed": 3, "wide": [], "upper": "x"})
@given(ANYTHING)
def test_whatever_the_settings_hold_every_panel_has_one_place(kept: object) -> None:
    read = arrangement_of(kept)
    placed = [id for row in read.rows for id in row]
    assert sorted(placed) == sorted(ORDER)
    assert 1 <= len(read.rows) <= 2
    assert 0 < read.upper < 1


@pytest.mark.parametrize("deed", ["left", "right", "up", "down"])
@given(data=st.data())
def test_no_move_loses_a_panel(deed: str, data: st.DataObject) -> None:
    now = FIRST
    there = data.draw(st.lists(st.sampled_from(ORDER), unique=True, min_size=1))
    for _ in range(data.draw(st.integers(1, 8))):
        id, by = data.draw(st.sampled_from(there)), data.draw(st.sampled_from([-1, 1]))
        now = now.beside(id, by, there) if deed in ("left", "right") else now.to_row(id, by, there)
        assert sorted(id for row in now.rows for id in row) == sorted(ORDER)
        assert all(now.rows)
