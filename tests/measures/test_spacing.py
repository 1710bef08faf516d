"""Which numbers a log axis spaces evenly."""

from __future__ import annotations

from memstudio.measures.spacing import grows_by_factors


def test_which_points_grow_by_factors() -> None:
    assert grows_by_factors([2, 4, 8, 16])
    assert grows_by_factors([0, 2, 4, 8, 16])
    assert not grows_by_factors([0, 1, 2, 3, 4, 5])
    assert not grows_by_factors([-1, 2, 4, 8])
    assert not grows_by_factors([1, 100])
