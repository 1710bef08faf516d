"""A folded group is one card: what is inside is neither seen nor hit, and the wires from outside end at its plugs."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from memstudio.desktop.canvas import doing
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.mark_items import GroupItem
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from tests.desktop.hand import Hand


@pytest.fixture
def folded(session: Session, canvas: Canvas) -> Canvas:
    """The canvas with embedding and memory folded into one."""
    document = edits.group(session.document, ["embed", "mem1"], "Memory block")
    session.apply("Fold", edits.fold(document, document.groups[0].id))
    canvas.view.set_scale(1.0)
    canvas.view.reveal("group1")
    return canvas


def group(canvas: Canvas) -> GroupItem:
    return canvas.view.items_of.groups["group1"]


def test_the_card_says_its_title_and_how_many_are_inside(folded: Canvas) -> None:
    card = group(folded).card
    assert card is not None
    assert (card.title, card.phrases) == ("Memory block", ("2 components",))
    assert {(p.side, p.address, p.kind) for p in card.plugs} == {("in", "embed.tokens", "tokens"), ("out", "mem1.sequence", "sequence")}


def test_what_is_inside_is_neither_seen_nor_hit(folded: Canvas) -> None:
    items = folded.view.items_of
    assert not items.nodes["embed"].isVisible()
    assert not items.wires["embed.sequence", "mem1.sequence"].isVisible()
    assert items.node_at(items.nodes["embed"].body.center()) is None
    assert items.inside(group(folded).body) == ["group1"]
    assert "embed" not in items.stations()
    assert "group1" in items.stations()


def test_a_wire_inside_stays_hidden_when_all_are_shown_again(folded: Canvas) -> None:
    """As a gesture does at its end."""
    wire = folded.view.items_of.wires["embed.sequence", "mem1.sequence"]
    wire.setVisible(True)
    assert not wire.isVisible()


def test_wires_from_outside_end_at_its_plugs_and_follow_a_drag(folded: Canvas, session: Session) -> None:
    items, hand = folded.view.items_of, Hand(folded.view)
    wire = items.wires["task.tokens", "embed.tokens"]

    def end() -> QPointF:
        return wire.path.pointAtPercent(1.0) + wire.pos()

    body = group(folded).body
    assert end().x() == body.left()
    assert body.top() < end().y() < body.bottom()
    before = session.document.node("embed").place
    hand.drag(body.center(), body.center() + QPointF(0, 80))
    assert session.document.node("embed").place == (before[0], before[1] + 80)
    assert end().x() == group(folded).body.left()
    assert end().y() == pytest.approx(body.center().y() + 80, abs=1)


def test_a_wire_is_drawn_from_its_plug(folded: Canvas, session: Session) -> None:
    session.apply("Off", edits.disconnect(session.document, "mem1.sequence", "classify.input"))
    session.apply("On", edits.connect(session.document, "mem1.sequence", "classify.input"))
    items, hand = folded.view.items_of, Hand(folded.view)
    plug = items.plug_at(group(folded).body.topRight() + QPointF(0, group(folded).body.height() / 2))
    assert plug is not None
    assert plug.address == "mem1.sequence"
    start = items.nodes["mem1"].place_of(plug)
    assert start == QPointF(group(folded).body.right(), group(folded).body.center().y())
    hand.drag(hand.at_plug("classify.input", "in"), hand.void())
    assert session.document.into("classify") == []
    folded.view.box.dismiss()


def test_a_click_selects_the_group_and_a_double_click_unfolds_it(folded: Canvas, session: Session) -> None:
    hand = Hand(folded.view)
    hand.click(group(folded).body.center())
    assert session.selected == ("group1",)
    hand.double_click(group(folded).body.center())
    assert not session.document.groups[0].folded
    assert folded.view.items_of.nodes["embed"].isVisible()
    assert folded.view.items_of.wires["embed.sequence", "mem1.sequence"].isVisible()
    wire = folded.view.items_of.wires["task.tokens", "embed.tokens"]
    assert wire.path.pointAtPercent(1.0).x() == folded.view.items_of.nodes["embed"].body.left()
    session.undo()
    assert session.document.groups[0].folded
    assert not folded.view.items_of.nodes["embed"].isVisible()


def test_a_copy_of_it_is_a_folded_group_with_its_nodes(folded: Canvas, session: Session) -> None:
    session.select(["group1"])
    doing.duplicate(session)
    assert len(session.document.groups) == 2
    assert session.document.groups[1].folded
    copied = folded.view.items_of.groups[session.document.groups[1].id]
    assert copied.card is not None
    assert copied.card.phrases == ("2 components",)


def test_going_to_a_node_inside_shows_the_group(folded: Canvas, session: Session) -> None:
    folded.view.centerOn(5000, 5000)
    folded.view.reveal("mem1")
    assert folded.view.seen().contains(group(folded).body)


def test_its_tip_names_what_is_inside(folded: Canvas) -> None:
    assert folded.view._tip(group(folded).body.center()).splitlines() == [
        "Token embedding",
        "Gated delta rule",
        "Double-click to unfold.",
    ]


def test_from_afar_those_inside_are_not_painted(folded: Canvas) -> None:
    folded.view.set_scale(0.2)
    boxes = [box for both in folded.view.items_of.far.cards().values() for box in both[0]]
    assert folded.view.items_of.nodes["embed"].body not in boxes
    assert folded.view.items_of.nodes["task"].body in boxes


def test_what_is_wrong_inside_is_said_on_the_card(folded: Canvas, session: Session, qtbot: QtBot) -> None:
    assert not group(folded)._face.fault
    session.edit("Off", lambda d: edits.disconnect(d, "task.tokens", "embed.tokens"))
    qtbot.waitUntil(lambda: session.settled)
    reason = folded.view.items_of.nodes["embed"].fault
    assert reason
    assert group(folded)._face.fault
    assert reason in group(folded).tip()


def test_it_is_dimmed_with_all_that_is_inside(folded: Canvas) -> None:
    def image() -> QImage:
        shot: QImage = folded.view.viewport().grab().toImage()
        return shot

    items, before = folded.view.items_of, image()
    items.nodes["embed"].set_state(dimmed=True)
    assert image() == before
    items.nodes["mem1"].set_state(dimmed=True)
    assert image() != before


def test_it_is_told_to_screen_readers(folded: Canvas, session: Session) -> None:
    session.select(["group1"])
    assert folded.view.accessibleDescription() == "folded group, Memory block, Token embedding, Gated delta rule"
