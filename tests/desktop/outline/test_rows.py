"""The outline's rows: their order, what they say, what stands inside."""

from __future__ import annotations

import json

from memstudio.components.catalogue import catalogue
from memstudio.desktop.outline.rows import every, outline
from memstudio.experiment import edits
from memstudio.experiment.checking import check
from memstudio.experiment.document import Document
from memstudio.experiment.files import parse
from tests.documents import recall


def document() -> Document:
    return parse(json.dumps(recall()), "The document")


def test_nodes_stand_in_the_order_of_flow_whatever_their_order_in_the_file() -> None:
    turned = document().model_copy(update={"nodes": document().nodes[::-1]})
    rows = [row.thing for row in outline(turned, catalogue())]
    assert rows[:5] == ["task", "embed", "mem1", "classify", "learn"]
    assert set(rows[5:]) == {"recall", "calibration", "state", "cost"}


def test_a_row_says_what_it_gets_what_it_gives_and_what_is_wrong() -> None:
    spoken = {row.thing: row.spoken for row in outline(document(), catalogue())}
    assert spoken["mem1"] == "mem1, Gated delta rule, gets sequence from embed, gives sequence to classify"
    assert spoken["learn"].endswith("gives trained model to recall, calibration, state and cost")
    broken = edits.disconnect(document(), "embed.sequence", "mem1.sequence")
    rows = {row.thing: row for row in every(outline(broken, catalogue(), check(broken, catalogue())))}
    assert rows["mem1"].spoken == "mem1, Gated delta rule, gives sequence to classify, 1 problem"
    assert rows["mem1"].problems == 1


def test_what_is_alone_or_unknown_is_said() -> None:
    one, id = edits.add_node(document(), "probe.cost", catalogue())
    nodes = [n.model_copy(update={"component": "sequence.next_year"}) if n.id == "mem1" else n for n in one.nodes]
    spoken = {row.thing: row.spoken for row in every(outline(one.model_copy(update={"nodes": nodes}), catalogue()))}
    assert spoken[id].endswith("not connected")
    assert spoken["mem1"].endswith("not installed")


def test_several_stages_stand_under_headings_and_each_node_once() -> None:
    one, second = edits.add_node(document(), "learner.gradient_descent", catalogue())
    one = edits.connect(one, "learn.trained", f"{second}.model", catalogue())
    one, stray = edits.add_node(one, "sequence.attention", catalogue())
    rows = outline(one, catalogue())
    assert [row.title.partition(":")[0] for row in rows] == ["Stage 1", "Stage 2", "In no stage"]
    things = [row.thing for row in every(rows) if row.kind == "node"]
    assert sorted(things) == sorted(node.id for node in one.nodes)
    assert [row.thing for row in rows[2].children] == [stray]


def test_nested_components_and_lists_stand_inside_their_node() -> None:
    one, id = edits.add_node(document(), "sequence.mixture_of_memories", catalogue())
    one = edits.add_inside(one, "learn", _strategy(), catalogue())
    rows = {row.key: row for row in every(outline(one, catalogue()))}
    inner = [row for key, row in rows.items() if key.startswith(f"{id}.")]
    assert inner
    assert all(row.kind == "inside" and row.thing == id for row in inner)
    listed = [row for key, row in rows.items() if key.startswith("learn.")]
    assert len(listed) == 1
    assert " of learn, " in listed[0].spoken


def _strategy() -> str:
    known = catalogue()
    return next(entry.id for entry in known if not entry.component.alone and known.entry("learner.gradient_descent").list_for(entry))


def test_groups_and_notes_come_last() -> None:
    one = edits.add_note(edits.group(document(), ["mem1", "classify"], "Block"), "First line\nsecond")
    rows = outline(one, catalogue())
    assert [row.title for row in rows[-2:]] == ["Groups", "Notes"]
    assert rows[-2].children[0].spoken == "Block, group of mem1 and classify"
    assert rows[-1].children[0].title == "First line"
    assert outline(Document(), catalogue()) == ()
