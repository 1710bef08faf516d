"""Axes: log axes with zeros, ticks that are the points, round ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.desktop.live.scales import Scale, rounded_up, scale_of


def test_loads_are_their_own_ticks() -> None:
    scale = scale_of([2, 4, 8, 16], log=True)
    assert [tick.text for tick in scale.ticks(math.log10(2), math.log10(16))] == ["2", "4", "8", "16"]


def test_a_distance_of_zero_has_a_place_before_the_smallest() -> None:
    scale = scale_of([0, 1, 2, 4], log=True)
    places = scale.places([0, 1, 2])
    assert places[0] == pytest.approx(math.log10(0.5))
    assert np.isfinite(places).all()
    assert np.diff(places)[0] == pytest.approx(math.log10(2))
    assert scale.value(float(places[0])) == 0.0
    assert scale.value(float(places[2])) == pytest.approx(2.0)
    assert [tick.text for tick in scale.ticks(float(places[0]), 1.0)] == ["0", "1", "2", "4"]


def test_what_a_log_axis_has_no_place_for_is_left_out() -> None:
    assert np.isnan(Scale(log=True).places([-1.0, 0.0])).all()
    assert not scale_of([-1, 1, 2], log=True).log
    assert not scale_of([0], log=True).log
    assert not scale_of([], log=True).log


def test_decades_and_what_lies_between() -> None:
    assert [tick.text for tick in Scale(log=True).ticks(-3, 1)] == [".001", ".01", ".1", "1", "10"]
    assert [tick.text for tick in Scale(log=True).ticks(0, 1)] == ["1", "2", "5", "10"]
    assert len(Scale(log=True).ticks(math.log10(1.1), math.log10(1.9))) >= 2
    assert len(Scale(log=True).ticks(-1e9, 1e9)) <= 6
    assert Scale(log=True).ticks(0, math.inf) == []


@given(st.floats(-250, 250), st.floats(0.01, 300))
def test_ticks_lie_between_the_ends_and_are_few(low: float, span: float) -> None:
    ticks = Scale(log=True).ticks(low, low + span)
    assert len(ticks) <= 9
    assert all(low - 1e-6 <= tick.place <= low + span + 1e-6 for tick in ticks)


@given(st.floats(1e-12, 1e12))
def test_an_axis_ends_at_a_round_number_not_far_above(value: float) -> None:
    assert value * 0.999 <= rounded_up(value) <= value * 2.01


def test_nothing_to_show_still_has_an_axis() -> None:
    assert rounded_up(0) == 1.0
    assert rounded_up(math.inf) == 1.0


def test_names_stand_where_they_are_counted() -> None:
    scale = Scale(names=("attention", "delta rule", "none"))
    assert [(tick.place, tick.text) for tick in scale.ticks(-0.1, 1.2)] == [(0.0, "attention"), (1.0, "delta rule")]
