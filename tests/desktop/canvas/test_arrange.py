from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF

from memstudio.components.catalogue import catalogue
from memstudio.desktop.canvas.arrange import arranged, card_heights, places
from memstudio.desktop.canvas.cards import WIDTH
from memstudio.experiment import edits, files
from memstudio.experiment.document import Document, Node, Wire
from memstudio.experiment.files import parse
from tests.documents import recall


def heaped() -> Document:
    return parse(json.dumps(recall()), "small")


def test_a_document_without_places_is_arranged_from_left_to_right() -> None:
    document = arranged(heaped(), catalogue())
    place = {node.id: node.place for node in document.nodes}
    assert place["task"][0] < place["embed"][0] < place["mem1"][0] < place["classify"][0]
    assert len(set(place.values())) == len(place)


def test_a_long_document_has_its_learning_on_a_line_of_its_own() -> None:
    document = heaped()
    extra = [Node(id=f"m{i}", component="sequence.attention") for i in range(3)]
    chain = ["embed.sequence", *(f"m{i}.sequence" for i in range(3)), "mem1.sequence"]
    wires = [w for w in document.wires if w.end != "mem1.sequence"]
    wires += [Wire(start=a, end=b) for a, b in itertools.pairwise(chain)]
    place = places(document.model_copy(update={"nodes": [*document.nodes, *extra], "wires": wires}), catalogue())
    assert place["learn"][1] > place["classify"][1]
    assert place["learn"][0] == 0


def test_places_that_a_person_chose_are_kept() -> None:
    document = heaped()
    moved = document.model_copy(update={"nodes": [document.nodes[0].model_copy(update={"place": (7, 7)}), *document.nodes[1:]]})
    assert arranged(moved, catalogue()) is moved


def test_a_circle_is_arranged_too() -> None:
    nodes = [Node(id="a", component="sequence.attention"), Node(id="b", component="sequence.attention")]
    wires = [Wire(start="a.sequence", end="b.sequence"), Wire(start="b.sequence", end="a.sequence")]
    assert set(places(Document(nodes=nodes, wires=wires), catalogue())) == {"a", "b"}


# ---------------------------------------------------------------------------------------------- every document we have, and any other


def boxes(document: Document) -> dict[str, QRectF]:
    heights = card_heights(document, catalogue())
    return {id: QRectF(*place, WIDTH, heights[id]) for id, place in places(document, catalogue()).items()}


def overlapping(found: dict[str, QRectF]) -> list[tuple[str, str]]:
    return [(a, b) for a, b in itertools.combinations(found, 2) if found[a].adjusted(-8, -8, 8, 8).intersects(found[b])]


GALLERY = sorted((Path(__file__).resolve().parents[3] / "resources" / "gallery").glob("*.memx"))


def test_every_gallery_document_runs_from_left_to_right_and_nothing_overlaps() -> None:
    assert GALLERY
    for file in GALLERY:
        document = files.read(file)
        found = boxes(document)
        assert overlapping(found) == [], file.name
        for wire in document.wires:
            start, end = found[wire.start_node], found[wire.end_node]
            assert end.left() >= start.right() or end.top() > start.bottom(), (file.name, wire)


def random_graph(seed: int, size: int = 60) -> Document:
    draw = random.Random(seed)
    known = catalogue()
    ids = [entry.id for entry in known if entry.component.alone and entry.preset is None]
    document = Document()
    for _ in range(size):
        document, _ = edits.add_node(document, draw.choice(ids), known)
    for _ in range(size * 4):
        first, second = sorted(draw.sample(range(size), 2))
        start, end = document.nodes[first], document.nodes[second]
        for gives, takes in itertools.product(known.entry(start.component).component.gives, known.entry(end.component).component.takes):
            if takes.takes(gives.kind):
                document = edits.connect(document, f"{start.id}.{gives.name}", f"{end.id}.{takes.name}", known)
                break
    return document


@pytest.mark.parametrize("seed", [1, 2])
def test_any_graph_of_sixty_runs_from_left_to_right_learning_below(seed: int) -> None:
    document = random_graph(seed)
    found = boxes(document)
    assert len(found) == 60
    assert overlapping(found) == []
    assert all(place % 20 == 0 for box in found.values() for place in (box.left(), box.top()))
    for wire in document.wires:
        start, end = found[wire.start_node], found[wire.end_node]
        assert end.left() >= start.right() or end.top() > start.bottom(), wire
    joined = {id for wire in document.wires for id in (wire.start_node, wire.end_node)}
    values = {node.id for node in document.nodes if node.component.partition(".")[0] in ("task", "encoder", "sequence", "readout")}
    learning = {node.id for node in document.nodes if node.component.partition(".")[0] in ("learner", "probe", "ensemble")}
    deepest = max(found[id].bottom() for id in values & joined)
    assert all(found[id].top() > deepest for id in learning & joined)


def test_fewer_wires_cross_than_in_document_order() -> None:
    nodes = [Node(id=f"{side}{i}", component="sequence.attention") for side in "ab" for i in range(4)]
    wires = [Wire(start=f"a{i}.sequence", end=f"b{3 - i}.sequence") for i in range(4)]
    found = places(Document(nodes=nodes, wires=wires), catalogue())
    order = [sorted(range(4), key=lambda i: found[f"{side}{i}"][1]) for side in "ab"]
    assert order[0] == [3 - i for i in order[1]]


def test_what_is_joined_to_nothing_stands_in_rows_below() -> None:
    document = heaped()
    for _ in range(7):
        document, _ = edits.add_node(document, "probe.cost", catalogue())
    found = boxes(document)
    joined = {id for wire in document.wires for id in (wire.start_node, wire.end_node)}
    loose = [box for id, box in found.items() if id not in joined]
    assert min(box.top() for box in loose) > max(found[id].bottom() for id in joined)
    assert len({box.top() for box in loose}) == 2
    assert overlapping(found) == []
