"""A comparison worked out by hand, who counts and who does not, and what is refused."""

from __future__ import annotations

import math

import pytest

from memstudio.experiment.parameters import Refusal
from memstudio.library import Library
from memstudio.library.comparison import TABLE, compare, heading, in_reading_order, table_rows
from tests.library.compared import finish, planned, recalls, study
from tests.library.small import document

#: differences b - a: 0.10, 0.08, 0.12 (mean 0.10, s 0.02) and c - a: 0, -0.02, 0.02 (mean 0, s 0.02)
CELLS = {"a": recalls(0.80, 0.82, 0.84), "b": recalls(0.90, 0.90, 0.96), "c": recalls(0.80, 0.80, 0.86)}
#: t(0.975, 2) · 0.02 / √3
HALF = 4.302652729911275 * 0.02 / math.sqrt(3)


def test_three_cells_of_three_seeds_by_hand(lib: Library) -> None:
    made = compare(lib, [study(lib, CELLS).study or ""])
    assert made.labels == ("a", "b", "c")
    assert (made.runs, made.baseline, made.by, made.headline) == (9, 0, "cells", "recall")
    assert heading(made) == "9 runs of “Who remembers”"
    first, second, third = made.intervals("recall")
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.mean, second.mean, third.mean) == pytest.approx((0.82, 0.92, 0.82))
    assert (first.low, first.high) == pytest.approx((0.82 - HALF, 0.82 + HALF))
    own, b, c = made.differences("recall")
    assert own is None
    assert b is not None
    assert c is not None
    assert (b.interval.mean, b.interval.low, b.interval.high, b.interval.n) == pytest.approx((0.10, 0.10 - HALF, 0.10 + HALF, 3))
    assert (c.interval.mean, c.interval.low, c.interval.high) == pytest.approx((0.0, -HALF, HALF))
    # with two degrees of freedom P(|T| ≥ t) = 1 − t / √(t² + 2); here t² = 75
    p = 1 - math.sqrt(75 / 77)
    assert b.t is not None
    assert b.permutation is not None
    assert (b.t.p, b.p) == pytest.approx((p, 2 * p))
    assert c.p == pytest.approx(1.0)
    # of the 8 signs of 0.10, 0.08, 0.12 two are as far from 0 as those seen
    assert (b.permutation.p, b.permutation.least_p, b.p_permutation) == pytest.approx((0.25, 0.25, 0.5))
    assert c.p_permutation == pytest.approx(1.0)
    assert (b.paired, b.exact, b.told_apart, c.told_apart, b.compared) == (True, False, True, False, 2)


def test_the_same_in_words(lib: Library) -> None:
    made = compare(lib, [study(lib, CELLS).study or ""])
    assert [sentence.text for sentence in made.sentences("recall")] == [
        "b recalls 0.10 more than a, 95 % interval 0.05 to 0.15, 3 seeds, paired t test p = 0.026 after Holm.",
        "c has about the same recall as a, 95 % interval of the difference −0.05 to 0.05, 3 seeds, paired t test p = 1 after Holm.",
        "With 3 seeds the exact permutation test cannot go below p = 0.5 after Holm's correction for 2 groups, however large a "
        "difference is; 7 seeds could. The t test trusts that differences scatter normally.",
    ]


def test_another_baseline_turns_the_difference_round(lib: Library) -> None:
    made = compare(lib, [study(lib, CELLS).study or ""], baseline="b")
    a, own, c = made.differences("recall")
    assert own is None
    assert a is not None
    assert c is not None
    assert a.interval.mean == pytest.approx(-0.10)
    assert made.sentences("recall")[0].text.startswith("a recalls 0.10 less than b, 95 % interval 0.05 to 0.15, 3 seeds")
    with pytest.raises(Refusal, match=r"There is no group 'd'; there are 'a', 'b', 'c'\."):
        made.with_baseline("d")


def test_only_common_seeds_are_paired(lib: Library) -> None:
    made = compare(lib, [study(lib, {"a": recalls(0.5, 0.6, 0.9), "b": [*recalls(0.7), None, *recalls(1.0)]}).study or ""])
    assert made.intervals("recall")[0] is not None
    (_, b) = made.differences("recall")
    assert b is not None
    assert (b.interval.n, b.interval.mean) == (2, pytest.approx(0.15))
    assert made.notes == ("b: 2 of 3 runs finished (1 failed), and only those count.",)


def test_a_group_without_a_finished_run_is_no_baseline(lib: Library) -> None:
    made = compare(lib, [study(lib, {"a": [None, None], "b": recalls(0.7, 0.8), "c": recalls(0.1, 0.3)}).study or ""])
    assert made.groups[made.baseline].label == "b"
    assert made.intervals("recall")[0] is None
    assert made.differences("recall")[0] is None
    assert made.notes == ("a: no run finished (2 failed), so it has nothing to compare.",)
    assert len(made.sentences("recall")) == 2


def test_a_seed_that_was_run_again_counts_once(lib: Library) -> None:
    first, second, other = document(heads=1), document(heads=1), document(heads=2)
    runs = [lib.submit(made, [planned("", 0, made)]).runs[0] for made in (first, second, other)]
    for run, value in zip(runs, (0.1, 0.4, 0.5), strict=True):
        finish(lib, run, {"recall": value})
    made = compare(lib, runs)
    assert [[row.uid for row in one.finished] for one in made.groups] == [[runs[1]], [runs[2]]]
    assert made.notes[0].endswith("1 run of a seed that was run again is left out.")


def test_what_does_not_depend_on_the_seed_is_not_tested(lib: Library) -> None:
    cells = {"a": [{"parameters": 100.0, "state_bytes": 640.0}] * 3, "b": [{"parameters": 140.0, "state_bytes": 160.0}] * 3}
    made = compare(lib, [study(lib, cells).study or ""])
    (_, b) = made.differences("parameters")
    assert b is not None
    assert (b.exact, b.p, b.t, b.interval.mean) == (True, None, None, 40.0)
    assert [one.text for one in made.sentences("parameters")] == ["b has 40 more parameters than a, whatever the seed."]
    assert [one.text for one in made.sentences("state_bytes")] == ["b has 480 bytes less of state than a, whatever the seed."]


def test_what_it_costs_is_said_beside_it(lib: Library) -> None:
    cells = {
        "a": [{"recall": 0.5, "state_bytes": 100.0}, {"recall": 0.6, "state_bytes": 100.0}],
        "b": [{"recall": 0.7, "state_bytes": 6400.0}, {"recall": 0.9, "state_bytes": 6400.0}],
        "c": [{"recall": 0.4, "state_bytes": 100.0}, {"recall": 0.4, "state_bytes": 100.0}],
    }
    made = compare(lib, [study(lib, cells).study or ""])
    b, c, _ = (one.text for one in made.sentences("recall"))
    assert b.startswith("b recalls 0.2 more than a, with 64 times the state, 95 % interval")
    assert c.startswith("c recalls 0.1 less than a with the same state, 95 % interval")


def test_a_value_that_is_not_finite_is_left_out_and_said(lib: Library) -> None:
    made = compare(lib, [study(lib, {"a": recalls(0.5, 0.6, 0.7), "b": recalls(0.7, math.nan, 0.8), "c": recalls(math.nan)}).study or ""])
    _, b, c = made.differences("recall")
    assert b is not None
    assert c is None
    assert (b.interval.n, b.interval.mean, b.not_finite) == (2, pytest.approx(0.15), 1)
    means = [interval.mean for interval in made.intervals("recall") if interval is not None]
    assert means[:2] == pytest.approx([0.6, 0.75])
    assert math.isnan(means[2])
    said = [one.text for one in made.sentences("recall")]
    assert "2 seeds (1 more left out, not finite)" in said[0]
    assert said[-2:] == ["b: the value of 1 of 3 seeds is not finite; the mean is over the others.", "c: its value is not finite."]


def test_every_number_as_rows(lib: Library) -> None:
    made = compare(lib, [study(lib, CELLS).study or ""])
    rows = [dict(zip(TABLE, row, strict=True)) for row in table_rows(made)]
    assert [(row["measure"], row["group"], row["n"]) for row in rows] == [("recall", label, 3) for label in "abc"]
    assert rows[0]["difference"] is None
    assert rows[1]["difference"] == pytest.approx(0.10)
    assert rows[1]["p_permutation_holm"] == pytest.approx(0.5)


def test_nothing_measured_is_no_headline(lib: Library) -> None:
    made = compare(lib, [study(lib, {"a": [None], "b": [None]}).study or ""])
    assert (made.headline, made.measures) == ("", ())
    assert table_rows(made) == []


def test_what_says_most_comes_first() -> None:
    names = ["loss", "recall[load=16]", "recall[load=2]", "learning_rate", "ece", "recall", "loss[split=train]", "nll[stage=learn]", "snr"]
    wanted = ["recall", "ece", "loss", "snr", "recall[load=2]", "recall[load=16]", "nll[stage=learn]", "loss[split=train]", "learning_rate"]
    assert in_reading_order(names) == wanted
