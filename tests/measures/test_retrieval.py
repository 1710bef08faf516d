"""Signal and noise of answers, by formula and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from memstudio.components.probe.retrieval.reference import ratio
from memstudio.measures.retrieval import MOST_DB, Power, decibels, linear_theory, overlap, power


def test_powers_are_those_by_hand() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(3, 4, 2, 5))
    answers = 0.7 * values + generator.normal(size=values.shape)
    by_hand = [ratio(values[:, :, head].tolist(), answers[:, :, head].tolist()) for head in range(2)]
    seen = power(values, answers)
    assert seen.signal == pytest.approx(sum(signal for signal, _ in by_hand) / 2, rel=1e-12)
    assert seen.noise == pytest.approx(sum(noise for _, noise in by_hand) / 2, rel=1e-12)


def test_few_numbers_a_place_do_not_bias_it() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=(2, 40_000, 1, 2))
    answers = 0.5 * values + 2.0 * generator.normal(size=values.shape)
    seen = power(values, answers)
    assert seen.noise == pytest.approx(4.0, rel=0.03)
    assert seen.signal == pytest.approx(0.25, abs=0.04)


def test_factors_may_differ_from_place_to_place() -> None:
    values = np.random.default_rng(2).normal(size=(4, 3, 1, 6))
    gain = np.array([1.0, 0.5, -2.0])[:, None, None]
    seen = power(values, gain * values)
    assert seen.noise == pytest.approx(0.0, abs=1e-25)
    assert seen.db == MOST_DB
    assert seen.share == 1.0


def test_decibels_end() -> None:
    assert decibels(10.0, 1.0) == pytest.approx(10.0)
    assert decibels(0.0, 1.0) == -MOST_DB
    assert decibels(1.0, 0.0) == MOST_DB
    assert decibels(0.0, 0.0) == 0.0
    assert decibels(1e9, 1.0) == MOST_DB
    assert Power(0.0, 0.0).share == 0.0
    assert Power(1.0, 3.0).share == 0.25


def test_theory_is_that_of_the_paper() -> None:
    assert linear_theory([1, 2, 33], 32).tolist() == [math.inf, 32.0, 1.0]


def test_overlap_is_that_by_hand() -> None:
    keys = np.random.default_rng(3).normal(size=(2, 4, 3, 5))
    total = count = 0.0
    for item in range(2):
        for head in range(3):
            for j in range(4):
                for i in range(4):
                    if i != j:
                        a, b = keys[item, j, head], keys[item, i, head]
                        total += float(a @ b) ** 2 / float(a @ a) ** 2
                        count += 1
    assert overlap(keys) == pytest.approx(total / count, rel=1e-12)
    assert overlap(np.zeros((1, 2, 1, 3))) == 0.0
    random = np.random.default_rng(4).normal(size=(4, 200, 1, 16))
    assert overlap(random / np.linalg.norm(random, axis=-1, keepdims=True)) == pytest.approx(1 / 16, rel=0.02)


def test_what_cannot_be_measured_is_said() -> None:
    with pytest.raises(ValueError, match="two numbers"):
        power(np.ones((1, 3, 2, 1)), np.ones((1, 3, 2, 1)))
    with pytest.raises(ValueError, match="must both be"):
        power(np.ones((1, 3, 2, 4)), np.ones((1, 3, 2, 5)))
    with pytest.raises(ValueError, match="two of them"):
        overlap(np.ones((1, 1, 1, 2)))
