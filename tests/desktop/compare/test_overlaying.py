"""Overlays as plots: what they are called, their order, and what is left out where there is too much."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from memstudio.desktop.colours import blend, contrast, ink_on
from memstudio.desktop.compare.columns import difference_words, half_words, mean_words, p_words, places_of
from memstudio.desktop.compare.overlaying import (
    MOST_BANDS,
    curve_option,
    learning_options,
    main_options,
    measure_option,
    plot_seen,
    reliability_seen,
)
from memstudio.desktop.compare.seen import Row
from memstudio.desktop.tokens import THEMES
from memstudio.library.against import Difference
from memstudio.library.overlays import Line, Overlaid, Overlay, Reliability
from memstudio.measures.intervals import Interval


def line(group: int, n: int = 3) -> Line:
    x = np.array([2.0, 4.0, 8.0])
    return Line(group, x, x / 10, x / 10 - 0.1, x / 10 + 0.1, np.full(3, n))


def test_curves_come_first_and_the_training_loss_is_the_first_series() -> None:
    there = Overlaid(("accuracy", "gradient_norm", "loss[split=train]"), ("recall_by_distance", "recall_by_load", "own_by_thing"))
    assert [option.title for option in main_options(there)] == [
        "Recall by load",
        "Recall by distance",
        "Own by thing",
        "Loss, training over steps",
        "Accuracy over steps",
        "Gradient norm over steps",
    ]
    assert [option.id for option in learning_options(there)] == ["series:loss[split=train]", "series:accuracy", "series:gradient_norm"]


@pytest.mark.parametrize(
    ("name", "title"),
    [("reliability", "Reliability"), ("reliability[stage=learn]", "Reliability (stage learn)"), ("ece_by_severity", "ECE by severity")],
)
def test_curves_in_words(name: str, title: str) -> None:
    assert curve_option(name).title == title
    assert measure_option("wc_acc").title == "WC-ACC"


def test_a_plot_says_over_how_many_seeds_it_is() -> None:
    overlay = Overlay("recall_by_load", "load", "", (line(0), line(1)), None, (100, 100))
    found = plot_seen(overlay, ("a", "b"), "curve:recall_by_load", main_options(Overlaid(curves=("recall_by_load",))))
    assert (found.note, found.share, found.log_x, found.x_name) == ("mean and 95 % interval over 3 seeds", True, True, "items to remember")
    assert [track.name for track in found.tracks] == ["a, mean of 3 seeds", "b, mean of 3 seeds"]
    alone = plot_seen(Overlay("recall_by_load", "load", "", (line(0, 1),)), ("a",), "curve:recall_by_load", ())
    assert (alone.note, alone.tracks[0].name) == ("", "a")


def test_intervals_of_very_many_groups_are_left_to_the_table() -> None:
    overlay = Overlay("loss", "step", "", tuple(line(i) for i in range(MOST_BANDS + 1)))
    found = plot_seen(overlay, [str(i) for i in range(MOST_BANDS + 1)], "series:loss", ())
    assert all(track.low is None for track in found.tracks)
    assert found.note == "mean over 3 seeds"
    assert found.x_end == 8.0


def test_bins_with_few_answers_are_marks_and_empty_ones_nothing() -> None:
    one = Reliability(
        0, np.array([0.25, 0.5, 0.75]), np.array([0.0, 4.0, 40.0]), np.array([0.25, 0.5, 0.8]), np.array([0.25, 0.5, 0.7]), None, 2, (9, 9)
    )
    found = reliability_seen((one,), ("a",), "curve:reliability", ())
    assert [(track.style, track.x.tolist()) for track in found.tracks] == [("main", [0.8]), ("small", [0.5])]
    assert found.note == "ECE no answers"
    assert found.bars is not None
    assert found.bars[1].tolist() == pytest.approx([0, 4 / 44, 40 / 44])


def row(mean: float, half: float | None, **more: object) -> Row:
    interval = Interval(mean, None, None, 1) if half is None else Interval(mean, mean - half, mean + half, 3)
    values = {"number": 0, "label": "a", "of": 3, "finished": 3, "interval": interval, "difference": None, "is_baseline": False}
    return Row(**{**values, "state": None, "parameters": None, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        ([row(0.941, 0.012), row(0.5, 0.3)], 3),
        ([row(0.0221, 0.0114), row(0.0056, 0.002)], 4),
        ([row(3.401, 0.04)], 2),
        ([row(38082.0, 0.0)], 0),
        ([row(123.4, 5.0)], 0),
        ([row(0.5, 1e-9)], 5),
        ([], 0),
    ],
)
def test_a_measure_has_one_number_of_decimals(rows: list[Row], places: int) -> None:
    assert places_of(rows) == places


def test_what_rounds_to_nothing_has_no_sign() -> None:
    assert mean_words(row(-0.00004, 0.02), 3) == "0.000"
    assert mean_words(row(-0.4, 0.02), 3) == "\N{MINUS SIGN}0.400"
    assert half_words(row(0.4, None), 3) == ""
    apart = Difference(Interval(-0.00004, -0.01, 0.01, 3), True, p=0.98)
    assert difference_words(row(0.4, 0.1, difference=apart), 3) == "0.000 ± 0.010"
    assert p_words(row(0.4, 0.1, difference=apart)) == "0.980"


@pytest.mark.parametrize("name", ["light", "dark"])
def test_numbers_in_the_matrices_can_be_read_on_every_shade(name: str) -> None:
    t = THEMES[name]
    for share in np.linspace(0, 1, 101):
        ground = blend(QColor(t.panel), QColor(t.curves[0].colour), float(share))
        assert contrast(ink_on(ground), ground) >= 4.5
