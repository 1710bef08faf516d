"""Stages are lanes behind their nodes, where there is more than one; they stay with them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF
from pytestqt.qtbot import QtBot

from memstudio.desktop import theme
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.lanes import Lane, bands
from memstudio.desktop.colours import blend, contrast
from memstudio.desktop.session import Session
from memstudio.desktop.tokens import THEMES
from memstudio.experiment import edits
from tests.desktop.hand import Hand


@pytest.fixture
def staged(session: Session, canvas: Canvas, qtbot: QtBot) -> Canvas:
    """The canvas with a calibration after the learner, and a probe on each."""
    known = session.catalogue
    document, id = edits.add_node(session.document, "calibration.temperature", known, (900.0, 500.0))
    document = edits.connect(document, "learn.trained", f"{id}.trained", known)
    document, probe = edits.add_node(document, "probe.calibration", known, (1100.0, 500.0))
    session.apply("Calibrate", edits.connect(document, f"{id}.trained", f"{probe}.trained", known))
    qtbot.waitUntil(lambda: session.settled)
    return canvas


def covered(canvas: Canvas, lane: int, node: str) -> bool:
    """Whether a lane lies behind a node."""
    items = canvas.view.items_of
    return any(band.contains(items.nodes[node].body) for band in items.lanes[lane].bands)


def test_one_stage_has_no_lane(canvas: Canvas) -> None:
    assert canvas.view.items_of.lanes == []


def test_each_stage_has_a_lane_behind_its_nodes_alone(staged: Canvas) -> None:
    lanes = staged.view.items_of.lanes
    assert [lane.lane.title for lane in lanes] == ["1  Gradient descent", "2  Temperature"]
    assert [lane.lane.family for lane in lanes] == ["learner", "calibration"]
    assert all(covered(staged, 0, node) for node in ("task", "embed", "mem1", "classify", "learn", "recall", "cost"))
    assert covered(staged, 1, lanes[1].lane.nodes[0])
    assert not covered(staged, 0, lanes[1].lane.nodes[0])
    assert not covered(staged, 1, "learn")


def test_lanes_follow_the_hand_and_undo(staged: Canvas, session: Session) -> None:
    items, hand = staged.view.items_of, Hand(staged.view)
    staged.view.fit()
    probe = items.lanes[1].lane.nodes[1]
    start = hand.middle(probe)
    hand.press(start)
    hand.move(start + QPointF(60, 20))
    hand.move(start + QPointF(200, 160))
    assert covered(staged, 1, probe)
    hand.release(start + QPointF(200, 160))
    assert covered(staged, 1, probe)
    before = [QRectF(band) for band in items.lanes[1].bands]
    session.undo()
    assert covered(staged, 1, probe)
    assert items.lanes[1].bands != before


def test_lanes_go_with_the_second_stage(staged: Canvas, session: Session, qtbot: QtBot) -> None:
    session.edit("Delete", lambda d: edits.remove(d, staged.view.items_of.lanes[1].lane.nodes))
    qtbot.waitUntil(lambda: session.settled)
    assert staged.view.items_of.lanes == []


def test_a_node_of_another_stage_is_left_out() -> None:
    """A calibration that stands in the midst of what it calibrates."""
    lanes = (Lane("1", "learner", ("a", "b", "c")), Lane("2", "calibration", ("x",)))
    at = {"a": (0, 0), "b": (240, 0), "c": (0, 200), "x": (240, 200)}
    boxes = {id: QRectF(x, y, 160, 64) for id, (x, y) in at.items()}
    first, second = bands(lanes, boxes)
    assert len(second) == 1
    assert second[0].contains(boxes["x"])
    assert all(any(band.contains(boxes[id]) for band in first) for id in "abc")
    assert not any(band.intersects(boxes["x"]) for band in first)


@pytest.mark.parametrize("name", THEMES)
def test_the_name_of_a_lane_is_read_in_both_themes(name: str) -> None:
    theme.set_theme(name)
    now = ink()
    for family in now.tokens.families:
        ground = blend(now.canvas, now.family(family), now.band(family).alphaF())
        assert contrast(now.dim, ground) >= now.tokens.least
        assert contrast(now.family(family), ground) >= 3
    theme.set_theme("light")
