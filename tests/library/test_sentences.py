"""Differences in words: the measure's own verb, as many places as the interval deserves, no claim that the seeds do not carry."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.library.against import Difference
from memstudio.library.sentences import amount, difference_sentence, measure_words, p_words
from memstudio.measures.intervals import Interval
from memstudio.measures.tests import Significance


def said(name: str, mean: float, half: float = 0.01, **other: object) -> str:
    found = Difference(Interval(mean, mean - half, mean + half, 5), True, **other)  # type: ignore[arg-type]
    return difference_sentence(name, "gated delta rule", "delta rule", found).text


@pytest.mark.parametrize(
    ("name", "mean", "beginning"),
    [
        ("recall", 0.08, "gated delta rule recalls 0.080 more than delta rule,"),
        ("recall", -0.08, "gated delta rule recalls 0.080 less than delta rule,"),
        ("recall[load=16]", 0.08, "At load 16 gated delta rule recalls 0.080 more than delta rule,"),
        ("accuracy[task=2]", 0.08, "On task 2 gated delta rule has an accuracy 0.080 higher than delta rule,"),
        ("loss[split=validation]", -0.08, "On validation gated delta rule has a loss 0.080 lower than delta rule,"),
        ("nll[stage=learn]", -0.08, "After stage learn gated delta rule has an NLL 0.080 lower than delta rule,"),
        ("accuracy[corruption=noise,severity=3]", -0.08, "With noise, severity 3 gated delta rule has an accuracy 0.080 lower than"),
        ("forgetting", -0.3, "gated delta rule forgets 0.300 less than delta rule,"),
        ("ece", 0.02, "gated delta rule has an ECE 0.020 higher than delta rule,"),
        ("seconds_per_step", 0.02, "gated delta rule takes 0.020 s longer for a step than delta rule,"),
        ("backward_transfer", 0.02, "gated delta rule has a backward transfer 0.020 higher than delta rule,"),
    ],
)
def test_the_measures_own_words(name: str, mean: float, beginning: str) -> None:
    assert said(name, mean, 0.015).startswith(beginning)


def test_the_whole_sentence() -> None:
    assert said("recall", 0.08, 0.03) == "gated delta rule recalls 0.08 more than delta rule, 95 % interval 0.05 to 0.11, 5 seeds."
    with_p = said("recall", -0.08, 0.03, p=0.0004, compared=3)
    assert with_p.endswith("less than delta rule, 95 % interval 0.05 to 0.11, 5 seeds, paired t test p < 0.001 after Holm.")
    assert said("recall", 0.01, 0.06).endswith("interval −0.05 to 0.07, 5 seeds: the seeds do not tell them apart.")


def test_what_the_correction_takes_away_is_said() -> None:
    tested = {"t": Significance(0.02, 3.0, 5), "permutation": Significance(0.0625, 0.08, 5, 0.0625), "p": 0.06, "p_permutation": 0.1875}
    assert said("recall", 0.08, 0.03, compared=3, **tested).endswith("5 seeds, paired t test p = 0.06 after Holm (0.02 before).")
    everything = said("recall", 0.08, 0.03, compared=12, measures=4, **tested)
    assert everything.endswith("p = 0.06 after Holm over 12 tests of 4 measures (0.02 before).")
    found = Difference(Interval(0.08, 0.05, 0.11, 5), True, compared=3, **tested)  # type: ignore[arg-type]
    spoken = difference_sentence("recall", "a", "b", found, test="permutation").text
    # five seeds could not reach 0.05 before either
    assert spoken.endswith("5 seeds, exact permutation test p = 0.19 after Holm.")


def test_seeds_that_do_not_count_are_counted() -> None:
    assert "5 seeds (2 more left out, not finite)," in said("recall", 0.08, 0.03, not_finite=2, p=0.01)
    assert said("recall", 0.08, 0.03, left_out=1).endswith("interval 0.05 to 0.11, 5 seeds (1 more without a partner).")


def test_no_difference_at_all() -> None:
    found = Difference(Interval(0.0, 0.0, 0.0, 3), True, exact=True)
    assert difference_sentence("parameters", "a", "b", found).text == "a has the same parameters as b, whatever the seed."
    alone = Difference(Interval(0.0, None, None, 1), True)
    assert difference_sentence("recall", "a", "b", alone).text == "a has the same recall as b, 1 seed, so no interval."


def test_what_matters_is_marked() -> None:
    found = Difference(Interval(0.08, 0.05, 0.11, 5), True)
    marked = [text for text, strong in difference_sentence("recall", "a", "b", found).pieces if strong]
    assert marked == ["a", "0.08 more"]


@pytest.mark.parametrize(
    ("value", "half", "words"),
    [(0.0812, 0.031, "0.08"), (0.0812, 0.012, "0.081"), (1204.4, 30.0, "1,204"), (4224.0, None, "4,224"), (0.00234, None, "0.0023")],
)
def test_amounts(value: float, half: float | None, words: str) -> None:
    assert amount(value, half) == words


@given(st.floats(-1e6, 1e6), st.one_of(st.none(), st.floats(1e-6, 1e5)))
def test_an_amount_is_no_further_from_its_value_than_its_places(value: float, half: float | None) -> None:
    read = float(amount(value, half).replace(",", "").replace("\N{MINUS SIGN}", "-"))
    # rounded to one figure of the half width, or of a tenth of the value
    assert abs(read - value) <= max(half if half is not None else abs(value) / 10, 1e-12) * 0.51 + 0.5 * (
        half is None and value.is_integer()
    )


def test_what_is_not_finite_and_small_p() -> None:
    assert amount(math.nan) == "not finite"
    assert (p_words(0.0004), p_words(0.0131)) == ("p < 0.001", "p = 0.013")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("recall[load=16]", "recall, load 16"),
        ("ece[binning=equal_mass]", "ECE, equal_mass"),
        ("loss[split=train]", "loss, training"),
        ("average_accuracy", "average accuracy"),
        ("mce", "MCE"),
        ("nll[combination=scores]", "NLL, of averaged scores"),
        ("Not a measure", "Not a measure"),
    ],
)
def test_measures_in_words(name: str, words: str) -> None:
    assert measure_words(name) == words
