"""Bits, perplexity, and places within items."""

from __future__ import annotations

import numpy as np
import pytest

from memstudio.measures.likelihood import MOST_PERPLEXITY, bits, perplexity, places


def test_bits_of_known_probabilities() -> None:
    assert bits([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]], [0, 0, 0]).tolist() == pytest.approx([1, 2, 0])
    assert bits([[0.0, 1.0]], [0])[0] == pytest.approx(126, abs=0.1)


def test_perplexity_is_the_number_of_even_choices() -> None:
    even = np.full((7, 16), 1 / 16)
    assert perplexity(float(bits(even, np.arange(7)).mean())) == pytest.approx(16)
    assert perplexity(0.0) == 1
    assert perplexity(1e9) == MOST_PERPLEXITY


def test_places_count_within_each_item() -> None:
    assert places([0, 0, 0, 2, 2, 1]).tolist() == [1, 2, 3, 1, 2, 1]
    assert places([1, 0, 1, 0, 1]).tolist() == [1, 1, 2, 2, 3]
    assert places([]).tolist() == []
