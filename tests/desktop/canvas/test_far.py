"""Many nodes: opened a few at a time, painted from afar in a few strokes, their pictures drawn as there is time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from memstudio.bench.canvas import document
from memstudio.desktop import theme
from memstudio.desktop.canvas.canvas import Canvas
from memstudio.desktop.canvas.ink import ink
from memstudio.desktop.canvas.scene import Scene
from memstudio.desktop.colours import contrast
from memstudio.desktop.session import Session
from memstudio.desktop.tokens import THEMES
from memstudio.experiment import edits
from memstudio.experiment.document import Document, Node, Wire
from tests.desktop.hand import Hand

MANY = 180


def look(canvas: Canvas) -> QImage:
    """The viewport as it is painted now."""
    image: QImage = canvas.view.viewport().grab().toImage()
    return image


def test_many_nodes_come_a_few_at_a_time(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    items = canvas.view.items_of
    session.show(document(MANY))
    assert not items.complete
    assert len(items.nodes) < MANY
    whole = items.extent()
    qtbot.waitUntil(lambda: items.complete)
    assert len(items.nodes) == MANY
    assert len(items.wires) == len(session.document.wires)
    assert whole.width() == pytest.approx(items.extent().width(), abs=80)
    assert canvas.view.seen().contains(items.extent())


def test_an_edit_before_all_have_come_is_shown(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    items = canvas.view.items_of
    session.show(document(MANY))
    session.edit("Delete", lambda d: edits.remove(d, ["n3", "n170"]))
    session.select(["n5", "n150"])
    qtbot.waitUntil(lambda: items.complete)
    assert items.nodes.keys() == {node.id for node in session.document.nodes}
    assert items.wires.keys() == {(wire.start, wire.end) for wire in session.document.wires}
    assert items.nodes["n150"].chosen
    session.undo()
    assert "n170" in items.nodes
    assert ("n169.sequence", "n170.sequence") in items.wires


def test_items_are_as_if_they_had_come_at_once(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    items = canvas.view.items_of
    session.show(document(MANY))
    qtbot.waitUntil(lambda: items.complete)
    once = Scene(session.catalogue)
    once.show_document(session.document)
    qtbot.waitUntil(lambda: once.complete)
    assert {id: item.card for id, item in once.nodes.items()} == {id: item.card for id, item in items.nodes.items()}
    assert {key: wire.path for key, wire in once.wires.items()} == {key: wire.path for key, wire in items.wires.items()}


def test_from_afar_a_card_is_its_familys_colour_and_states_are_framed(canvas: Canvas, session: Session) -> None:
    view, now = canvas.view, ink()
    view.set_scale(0.3)
    at = view.mapFromScene(view.items_of.nodes["embed"].body.center())
    soft = look(canvas).pixelColor(at)
    assert soft == now.soft("encoder")
    session.select(["embed"])
    left = view.mapFromScene(view.items_of.nodes["embed"].body.topLeft() + QPointF(80, 0))
    assert any(look(canvas).pixelColor(left.x(), left.y() + dy) == now.accent for dy in (-1, 0, 1))


def test_coming_near_again_shows_the_words(canvas: Canvas, qtbot: QtBot) -> None:
    view = canvas.view
    view.set_scale(1.0)
    view.centerOn(view.items_of.nodes["mem1"])
    look(canvas)
    qtbot.waitUntil(lambda: view.items_of.sharpening.sharp)
    before = look(canvas)
    view.set_scale(0.2)
    assert look(canvas) != before
    view.set_scale(1.0)
    view.centerOn(view.items_of.nodes["mem1"])
    look(canvas)
    qtbot.waitUntil(lambda: not view.items_of.sharpening.zooming and view.items_of.sharpening.sharp)
    assert look(canvas) == before


def test_while_one_zooms_no_picture_is_drawn(canvas: Canvas, qtbot: QtBot) -> None:
    """What was drawn at another scale stands in; when the hand rests, all are sharp."""
    view, sharpening = canvas.view, canvas.view.items_of.sharpening
    view.set_scale(1.0)
    look(canvas)
    qtbot.waitUntil(lambda: sharpening.sharp and not sharpening.zooming)
    look(canvas)
    view.set_scale(0.9)
    look(canvas)
    assert sharpening.zooming
    assert not sharpening.sharp
    qtbot.waitUntil(lambda: sharpening.sharp and not sharpening.zooming)


def test_what_is_dimmed_is_pale_from_afar(canvas: Canvas) -> None:
    view = canvas.view
    view.set_scale(0.3)
    item = view.items_of.nodes["embed"]
    at = view.mapFromScene(item.body.center())
    before = look(canvas).pixelColor(at)
    item.set_state(dimmed=True)
    assert look(canvas).pixelColor(at) != before
    item.set_state(dimmed=False)
    assert look(canvas).pixelColor(at) == before


def test_larger_type_brings_the_paper_nearer_and_keeps_the_cards(canvas: Canvas, session: Session) -> None:
    session.show(Document(nodes=[Node(id="task", component="task.digits")]))
    before = ink().title_width.horizontalAdvance("Gated delta rule")
    assert canvas.view.scale_now == 1.0
    theme.set_size(150)
    try:
        assert canvas.view.scale_now == 1.5
        assert ink().title_width.horizontalAdvance("Gated delta rule") == before
        assert ink().body.pixelSize() > ink().card_text.pixelSize()
        canvas.view.set_scale(0.5)
        canvas.view.actual_size()
        assert canvas.view.scale_now == 1.5
    finally:
        theme.set_size(100)
    assert canvas.view.scale_now == 1.5


# ---------------------------------------------------------------------------------------------- wires


@pytest.mark.parametrize("name", THEMES)
def test_every_kind_of_wire_is_seen_in_both_themes(name: str) -> None:
    theme.set_theme(name)
    now = ink()
    assert {kind: contrast(now.kind(kind), now.canvas) for kind in now.tokens.kinds if contrast(now.kind(kind), now.canvas) < 3} == {}
    assert contrast(now.accent, now.canvas) >= 3
    theme.set_theme("light")


def test_wires_at_rest_pointed_at_and_chosen_look_different(canvas: Canvas, session: Session) -> None:
    wire = canvas.view.items_of.wires["embed.sequence", "mem1.sequence"]

    def painted(**states: bool) -> QImage:
        wire.set_state(**{"chosen": False, "hovered": False, **states})
        image = QImage(300, 60, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(QPointF(40, 30) - wire.path.pointAtPercent(0))
        wire.paint(painter, None)  # type: ignore[arg-type]
        painter.end()
        return image

    wire.shape_text = ""

    def width(image: QImage) -> float:
        """How many pixels the line covers from above to below, without a look at its colour."""
        return sum(image.pixelColor(60, y).alphaF() for y in range(image.height()))

    widths = [width(painted()), width(painted(hovered=True)), width(painted(chosen=True))]
    assert widths[0] + 0.8 < widths[1] < widths[2] - 0.8


def test_wires_are_run_anew_when_an_edit_moves_an_end_or_a_card_in_their_way(canvas: Canvas, session: Session) -> None:
    items = canvas.view.items_of
    wire, back = items.wires["task.tokens", "embed.tokens"], items.wires["classify.scores", "learn.model"]
    before = back.path
    session.edit("Move", lambda d: edits.move(d, {"embed": (300.0, 40.0)}))
    assert wire.path.pointAtPercent(1.0) == items.nodes["embed"].place_of(items.nodes["embed"].card.plug("in", "tokens"))
    assert back.goes_around
    level = back.path.pointAtPercent(0.5).y()
    session.edit("Move", lambda d: edits.move(d, {"embed": (300.0, level - 32)}))
    assert back.path != before
    assert abs(back.path.pointAtPercent(0.5).y() - level) >= 30


def test_a_wire_is_there_as_soon_as_its_node_is(session: Session) -> None:
    """A file may name a node that is not in it; when one of that name comes, the wire stands already."""
    task, end = Node(id="task", component="task.digits"), Node(id="flat", component="encoder.flat_pixels")
    alone = Document(nodes=[task], wires=[Wire(start="task.image", end="flat.image")])
    scene = Scene(session.catalogue)
    scene.show_document(alone)
    assert scene.wires == {}
    scene.show_document(alone.model_copy(update={"nodes": [task, end]}))
    assert list(scene.wires) == [("task.image", "flat.image")]
    scene.show_document(alone)
    assert scene.wires == {}


def test_pointing_at_a_wire_says_its_shape_or_kind(canvas: Canvas) -> None:
    items, hand = canvas.view.items_of, Hand(canvas.view)
    assert items.wires["learn.trained", "recall.trained"].shape_text.startswith("trained")
    wire = items.wires["embed.sequence", "mem1.sequence"]
    before = wire.boundingRect()
    hand.move(wire.path.pointAtPercent(0.5), held=Qt.MouseButton.NoButton)
    assert wire.hovered
    assert wire.boundingRect().height() > before.height()


# ---------------------------------------------------------------------------------------------- the overview


def test_the_overview_shows_what_stands_where(canvas: Canvas, session: Session) -> None:
    document = edits.group(session.document, ["embed", "mem1"], "Block")
    session.apply("Group", document)
    canvas.view.set_scale(2.0)
    canvas.minimap.look()
    scale, whole = canvas.minimap._scale()

    def at(point: QPointF) -> object:
        image = canvas.minimap.grab().toImage()
        here = (point - whole.center()) * scale + QPointF(canvas.minimap.rect().center()) + QPointF(0.5, 0.5)
        return image.pixelColor(here.toPoint())

    now, items = ink(), canvas.view.items_of
    assert at(items.nodes["mem1"].body.center()) == now.family("sequence")
    assert at(items.nodes["task"].body.center()) == now.family("task")
    session.edit("Fold", lambda d: edits.fold(d, "group1"))
    assert at(items.groups["group1"].body.center()) == now.dim


def test_dragging_in_the_overview_moves_the_paper_with_the_hand(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.view.set_scale(2.0)
    canvas.view.centerOn(canvas.view.items_of.extent().center())
    minimap = canvas.minimap
    minimap.look()
    before = canvas.view.seen().center()
    middle = minimap.rect().center()
    qtbot.mousePress(minimap, Qt.MouseButton.LeftButton, pos=middle)
    assert (canvas.view.seen().center() - before).manhattanLength() < 40
    scale, _ = minimap._scale()
    qtbot.mouseMove(minimap, middle - QPoint(12, 5))
    moved = canvas.view.seen().center() - before
    assert moved.x() == pytest.approx(-12 / scale, abs=20)
    assert moved.y() == pytest.approx(-5 / scale, abs=20)
    qtbot.mouseRelease(minimap, Qt.MouseButton.LeftButton, pos=middle)
