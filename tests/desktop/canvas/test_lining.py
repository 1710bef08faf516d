"""Things in line: rows, columns, even gaps, and the lines that a moved card catches on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QRectF

from memstudio.desktop.canvas.edge_scroll import speed
from memstudio.desktop.canvas.guides import Neighbours
from memstudio.desktop.canvas.lining import Box, in_column, in_row, spread_across, spread_down

NUMBER = st.integers(-500, 500).map(float)
BOXES = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(NUMBER, NUMBER, st.sampled_from([160.0, 90.0]), st.sampled_from([64.0, 120.0])), min_size=2
)


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[0] + other[2] and other[0] < one[0] + one[2] and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]


@settings(max_examples=40)
@given(BOXES)
def test_in_a_row_all_middles_are_level_and_nothing_lies_on_another(boxes: dict[str, Box]) -> None:
    first = next(iter(boxes.values()))
    placed = {id: (*place, *boxes[id][2:]) for id, place in in_row(boxes).items()}
    assert {y + height / 2 for _, y, _, height in placed.values()} == {first[1] + first[3] / 2}
    assert not any(overlap(one, other) for one, other in itertools.combinations(placed.values(), 2))


@settings(max_examples=40)
@given(BOXES)
def test_a_column_is_a_row_turned(boxes: dict[str, Box]) -> None:
    turned = {id: (y, x, height, width) for id, (x, y, width, height) in boxes.items()}
    assert in_column(boxes) == {id: (x, y) for id, (y, x) in in_row(turned).items()}
    assert spread_down(boxes) == {id: (x, y) for id, (y, x) in spread_across(turned).items()}


@settings(max_examples=40)
@given(BOXES)
def test_spread_has_one_gap_and_leaves_the_heights(boxes: dict[str, Box]) -> None:
    placed = spread_across(boxes)
    assert {id: y for id, (_, y) in placed.items()} == {id: box[1] for id, box in boxes.items()}
    order = sorted(boxes, key=lambda id: boxes[id][0])
    if len(order) > 2:
        gaps = {round(placed[b][0] - placed[a][0] - boxes[a][2], 6) for a, b in itertools.pairwise(order)}
        assert len(gaps) == 1
        assert min(gaps) >= 0
    assert placed[order[0]][0] == boxes[order[0]][0]


def test_a_card_catches_on_edges_and_middles_within_reach() -> None:
    there = Neighbours([QRectF(0, 0, 160, 64), QRectF(400, 300, 160, 120)])
    assert there.caught(QRectF(4, 200, 160, 64), 6) == (-4, None)
    assert there.caught(QRectF(7, 200, 160, 64), 6) == (None, None)
    # Of several lines in reach the nearest: the left edge is 5 away, the middle of the narrow one 1.
    assert Neighbours([QRectF(0, 0, 160, 64), QRectF(36, 300, 100, 64)]).caught(QRectF(5, 150, 160, 64), 6) == (1, None)
    # Of cards of different height the middles: 360 here.
    assert there.caught(QRectF(1000, 325, 160, 64), 6) == (None, 3)
    assert len(there.lines(QRectF(0, 200, 160, 64))) == 1
    assert there.lines(QRectF(50, 200, 160, 64)) == []
    assert len(there.lines(QRectF(0, 328, 160, 64))) == 2


@pytest.mark.parametrize(
    ("pointer", "ways"),
    [((200, 150), (0, 0)), ((2, 150), (1, 0)), ((398, 150), (-1, 0)), ((200, 299), (0, -1)), ((-50, -50), (1, 1))],
)
def test_the_paper_moves_near_an_edge_and_beyond_it(pointer: tuple[int, int], ways: tuple[int, int]) -> None:
    by = speed(QRect(0, 0, 400, 300), QPoint(*pointer))
    assert ((by.x() > 0) - (by.x() < 0), (by.y() > 0) - (by.y() < 0)) == ways
    assert abs(by.x()) <= 22
