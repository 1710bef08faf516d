"""Edits: pure, reversible, and nothing is lost or left hanging."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from memstudio.experiment import edits, joining, list_edits
from memstudio.experiment.checking import check
from memstudio.experiment.document import Axis, Case, Claim, Document, Match, Node, Run, Side, Statement, Wire
from memstudio.experiment.files import to_text
from memstudio.experiment.history import History
from memstudio.experiment.parameters import Refusal
from tests.experiment.small import CATALOGUE, again, document

COMPONENT_IDS = [entry.id for entry in CATALOGUE]


def dangling(given: Document) -> list[Wire]:
    ids = {node.id for node in given.nodes}
    return [wire for wire in given.wires if wire.start_node not in ids or wire.end_node not in ids]


# ---------------------------------------------------------------------------------------------- nodes


def test_new_nodes_have_ids_that_read_well() -> None:
    one = Document()
    ids = []
    wanted = "task.words encoder.embedding sequence.plain sequence.ungated readout.classifier probe.recall probe.recall"
    for component in wanted.split():
        one, id = edits.add_node(one, component, CATALOGUE, (1.0, 2.0))
        ids.append(id)
    assert ids == ["task", "encoder", "mem1", "mem2", "readout", "recall", "recall2"]
    assert one.node("mem1").version == 3
    assert one.node("mem2").component == "sequence.ungated"
    assert len({node.uid for node in one.nodes}) == 7
    with pytest.raises(Refusal, match=r"There is no component 'sequence\.lpain'"):
        edits.add_node(one, "sequence.lpain", CATALOGUE)


def test_removing_takes_wires_and_empty_groups_along() -> None:
    one = edits.group(document(), ["mem1"], "Memory")
    one = edits.add_note(one, "text")
    one = edits.remove(one, ["mem1", "note1"])
    assert (one.groups, one.notes, dangling(one)) == ([], [], [])
    assert len(one.wires) == 4
    with pytest.raises(Refusal, match=r"There is nothing called 'mem1' to remove"):
        edits.remove(one, ["mem1"])


def test_moving() -> None:
    one = edits.move(edits.add_note(document()), {"mem1": (5, 6), "note1": (7, 8)})
    assert one.node("mem1").place == (5.0, 6.0)
    assert one.notes[0].place == (7.0, 8.0)
    with pytest.raises(Refusal, match="nothing called"):
        edits.move(one, {"absent": (0, 0)})
    with pytest.raises(Refusal, match="beyond the canvas"):
        edits.move(one, {"mem1": (float("nan"), 0)})


def test_renaming_takes_everything_along() -> None:
    one = edits.group(document(), ["mem1", "classify"])
    axes = [
        Axis(name="a", cases=[Case(label="x", set={"mem1.heads": 1, "learn.steps": 2})]),
        Axis(name="b", set="mem1.rate", values=[0.1], match=Match(what="parameters", width="mem1.heads", to="x")),
    ]
    rule_ = [
        Statement(says="s", left=Side(measure="nll[split=test,stage=mem1]"), right=Side(measure="nll[stage=mem12]")),
        Statement(says="t", left=Side(measure="nll[stage=mem1]"), right=0.5),
    ]
    one = one.model_copy(update={"run": Run(vary=axes), "claim": Claim(says="c", rule=rule_)})
    new = edits.rename(one, "mem1", "memory", CATALOGUE)
    assert "mem1" not in to_text(new).replace("mem12", "")
    assert new.node("memory").uid == "u3"
    assert new.node("learn").values == {"watch": "memory"}
    assert edits.rename(new, "memory", "mem1", CATALOGUE) == one


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("1a", "is no id"),
        ("", "is no id"),
        ("a b", "is no id"),
        ("a\n", "is no id"),
        ("task", "is taken"),
        ("run", "is taken"),
        ("x" * 65, "is no id"),
    ],
)
def test_ids_that_cannot_be(new: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        edits.rename(document(), "mem1", new)
    assert sentence in (edits.problem_of_id(document(), "mem1", new) or "")
    assert edits.problem_of_id(document(), "mem1", "mem1") is None


def test_values_are_set_and_reset() -> None:
    one = edits.set_value(document(), "mem1.heads", 8, CATALOGUE)
    assert one.node("mem1").values == {"heads": 8}
    assert edits.reset_value(one, "mem1.heads", CATALOGUE).node("mem1").values == {}
    assert edits.set_node_title(one, "mem1", "Mine").node("mem1").title == "Mine"


# ---------------------------------------------------------------------------------------------- swaps


def test_a_swap_keeps_what_means_the_same() -> None:
    one = edits.set_value(edits.set_value(document(), "mem1.rate", 0.1, CATALOGUE), "mem1.repeat", 3, CATALOGUE)
    new, carried = edits.swap(one, "mem1", "sequence.gated", CATALOGUE)
    assert carried == {"channels": 2, "repeat": 3}
    assert new.node("mem1").model_dump() == one.node("mem1").model_dump() | {
        "component": "sequence.gated",
        "version": 1,
        "values": {"channels": 2, "repeat": 3},
    }
    assert new.wires == one.wires
    assert check(new, CATALOGUE) == []


def test_values_that_do_not_fit_stay_behind() -> None:
    one = edits.set_value(document(), "mem1.heads", 16, CATALOGUE)
    assert edits.swap(one, "mem1", "sequence.gated", CATALOGUE)[1] == {}


def test_a_preset_keeps_all_but_what_it_sets() -> None:
    one = edits.swap(document(), "mem1", "sequence.gated", CATALOGUE)[0]
    one = edits.set_value(edits.set_value(one, "mem1.key_width", 4, CATALOGUE), "mem1.gate", True, CATALOGUE)
    new, carried = edits.swap(one, "mem1", "sequence.ungated", CATALOGUE)
    assert carried == {"channels": 2, "key_width": 4}
    assert edits.swap(new, "mem1", "sequence.gated", CATALOGUE)[1] == carried


def test_wires_move_to_the_port_of_their_kind_or_go() -> None:
    one = edits.connect(edits.remove(document(), ["mem1"]), "embed.sequence", "classify.input")
    one = edits.swap(one, "embed", "encoder.pixels", CATALOGUE)[0]
    assert [(w.start, w.end) for w in one.wires if "embed" in w.start + w.end] == [("embed.sequence", "classify.input")]
    joined = edits.swap(document(), "mem1", "encoder.join", CATALOGUE)[0]
    assert joined.into("mem1") == [Wire(start="embed.sequence", end="mem1.parts")]
    assert dangling(joined) == []


def test_a_swap_to_the_same_changes_nothing() -> None:
    assert edits.swap(document(), "mem1", "sequence.plain", CATALOGUE)[0] == document()


# ---------------------------------------------------------------------------------------------- wires


def test_connecting() -> None:
    one = edits.connect(document(), "embed.sequence", "classify.input", CATALOGUE)
    assert one.into("classify") == [Wire(start="embed.sequence", end="classify.input")]
    assert len(edits.connect(document(), "embed.sequence", "classify.input").into("classify")) == 2
    assert edits.connect(document(), "mem1.sequence", "classify.input") is not None
    assert edits.connect(document(), "mem1.sequence", "classify.input") == document()
    with pytest.raises(Refusal, match="There is no node 'absent'"):
        edits.connect(document(), "absent.x", "mem1.sequence")


def test_a_port_for_many_keeps_its_wires() -> None:
    one = edits.swap(document(), "mem1", "encoder.join", CATALOGUE)[0]
    one, id = edits.add_node(one, "encoder.embedding", CATALOGUE)
    assert len(edits.connect(one, f"{id}.sequence", "mem1.parts", CATALOGUE).into("mem1")) == 2


def test_disconnecting() -> None:
    assert edits.disconnect(document(), "mem1.sequence", "classify.input").into("classify") == []
    with pytest.raises(Refusal, match=r"There is no wire from mem1\.sequence to embed\.tokens"):
        edits.disconnect(document(), "mem1.sequence", "embed.tokens")


def test_inserting_on_a_wire_makes_room() -> None:
    one, id = edits.insert_on_wire(document(), "embed.sequence", "mem1.sequence", "sequence.gated", CATALOGUE)
    assert check(one, CATALOGUE) == []
    assert [(w.start, w.end) for w in one.wires if id in (w.start_node, w.end_node)] == [
        ("embed.sequence", f"{id}.sequence"),
        (f"{id}.sequence", "mem1.sequence"),
    ]
    places = {node.id: node.place[0] for node in one.nodes}
    assert places["embed"] + 180 < places[id] < places["mem1"] - 180
    assert places["classify"] - places["mem1"] == 240
    with pytest.raises(Refusal, match="Words does not fit on the wire"):
        edits.insert_on_wire(document(), "embed.sequence", "mem1.sequence", "task.words", CATALOGUE)
    with pytest.raises(Refusal, match="does not fit on the wire"):
        edits.insert_on_wire(document(), "embed.nothing", "mem1.sequence", "sequence.gated", CATALOGUE)


# ---------------------------------------------------------------------------------------------- groups, notes, run


def test_groups() -> None:
    one = edits.group(document(), ["embed", "mem1"], "Front")
    one = edits.group(one, ["mem1", "classify"], "Back")
    assert [(g.id, g.title, g.nodes) for g in one.groups] == [("group1", "Front", ["embed"]), ("group2", "Back", ["mem1", "classify"])]
    assert edits.fold(one, "group2").groups[1].folded
    assert not edits.fold(edits.fold(one, "group2"), "group2", False).groups[1].folded
    assert edits.set_group_title(one, "group1", "F").groups[0].title == "F"
    assert [g.id for g in edits.ungroup(one, "group1").groups] == ["group2"]
    for wrong in (lambda: edits.group(one, []), lambda: edits.group(one, ["absent"]), lambda: edits.ungroup(one, "absent")):
        with pytest.raises(Refusal):
            wrong()


def test_notes() -> None:
    one = edits.add_note(edits.add_note(document(), "first", (1, 2)), "second")
    assert [note.id for note in one.notes] == ["note1", "note2"]
    one = edits.set_note(one, "note1", text="changed", place=(3, 4), size=(100, 50))
    assert (one.notes[0].text, one.notes[0].place, one.notes[0].size) == ("changed", (3.0, 4.0), (100.0, 50.0))
    with pytest.raises(Refusal, match="A note has no 'colour'"):
        edits.set_note(one, "note1", colour="red")
    with pytest.raises(Refusal, match="There is no note"):
        edits.set_note(one, "absent", text="")


def test_settings_of_the_run_are_checked() -> None:
    one = edits.set_run(document(), replicates=3, device="cpu")
    assert (one.run.replicates, one.run.device, one.run.seed) == (3, "cpu", 0)
    with pytest.raises(Refusal, match=r"run\.threads must be at least 1, not 0; raise it\."):
        edits.set_run(document(), threads=0)


def test_axes() -> None:
    one = edits.set_axis(document(), Axis(name="heads", set="mem1.heads", values=[1]))
    one = edits.set_axis(one, Axis(name="heads", set="mem1.heads", values=[1, 2]))
    assert [axis.values for axis in one.run.vary] == [[1, 2]]
    assert edits.remove_axis(one, "heads").run.vary == []
    with pytest.raises(Refusal, match="There is no axis"):
        edits.remove_axis(document(), "heads")


# ---------------------------------------------------------------------------------------------- copy and paste


def test_pasting_gives_fresh_ids_and_uids_and_keeps_the_rest() -> None:
    one = edits.group(edits.add_note(document(), "text", (0, 300)), ["embed", "mem1"], "Both")
    fragment = edits.copy(one, ["embed", "mem1", "learn", "note1"])
    assert edits.is_fragment(fragment)
    new = edits.paste(one, fragment, (1000.0, 1000.0), CATALOGUE)
    assert edits.added(one, new) == ("embed2", "mem2", "learn2", "note2")
    assert new.node("mem2").values == {"heads": 2}
    assert new.node("mem2").place == (1480.0, 1000.0)
    assert new.node("learn2").values == {"watch": "mem2"}
    assert [(w.start, w.end) for w in new.wires[len(one.wires) :]] == [("embed2.sequence", "mem2.sequence")]
    assert new.groups[-1].nodes == ["embed2", "mem2"]
    assert len({node.uid for node in new.nodes}) == len(new.nodes)
    assert dangling(new) == []


def test_pasting_into_another_document_keeps_ids() -> None:
    new = edits.paste(Document(), edits.copy(document(), ["mem1"]))
    assert [node.id for node in new.nodes] == ["mem1"]
    assert new.nodes[0].place == (512.0, 32.0)


@pytest.mark.parametrize("text", ["", "hello", "{}", '{"format": "memstudio-fragment"}', '["memstudio-fragment"]', "memstudio-fragment{"])
def test_the_clipboard_may_hold_anything(text: str) -> None:
    assert not edits.is_fragment(text)
    with pytest.raises(Refusal, match="The clipboard holds no part of an experiment"):
        edits.paste(document(), text)


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "Here it is:\n```json\n{}\n```\nTell me what you think {{of it}}.",
        "\ufeff  {}\n",
        "> {}",
    ],
)
def test_a_part_is_found_in_what_a_chat_makes_of_it(around: str) -> None:
    new = edits.paste(Document(), around.format(edits.copy(document(), ["embed", "mem1"])))
    assert [node.id for node in new.nodes] == ["embed", "mem1"]
    assert len(new.wires) == 1


def test_curly_quotation_marks_and_hard_blanks_are_read() -> None:
    text = edits.copy(document(), ["mem1"]).replace('"', "”").replace("  ", "\u00a0 ")
    assert [node.id for node in edits.paste(Document(), text).nodes] == ["mem1"]


def test_a_whole_experiment_can_be_pasted_too() -> None:
    new = edits.paste(document(), "```\n" + to_text(document()) + "```", None, CATALOGUE)
    assert len(new.nodes) == 2 * len(document().nodes)
    assert new.run == document().run


def test_a_part_that_is_cut_off_says_so() -> None:
    text = edits.copy(document(), ["mem1"])
    with pytest.raises(Refusal, match=r"can be read; copy it again, from the first \{ to the last \}\.$"):
        edits.paste(document(), text[: len(text) // 2])


def test_the_corner_of_a_part_is_where_it_stood() -> None:
    assert edits.corner(edits.copy(document(), ["embed", "mem1"])) == (240.0, 0.0)


# ---------------------------------------------------------------------------------------------- groups


def test_nodes_join_a_group_and_leave_it() -> None:
    one = edits.group(edits.group(document(), ["embed"], "A"), ["mem1", "classify"], "B")
    a, b = one.groups
    joined = edits.put_into_group(one, b.id, ["embed"])
    assert [(g.title, g.nodes) for g in joined.groups] == [("B", ["mem1", "classify", "embed"])]
    assert edits.put_into_group(joined, b.id, ["embed"]) == joined
    left = edits.take_out_of_groups(one, ["mem1", "embed"])
    assert [(g.title, g.nodes) for g in left.groups] == [("B", ["classify"])]
    with pytest.raises(Refusal, match="no group"):
        edits.put_into_group(one, "absent", ["embed"])
    with pytest.raises(Refusal, match="no node"):
        edits.put_into_group(one, a.id, ["absent"])


def test_a_node_takes_no_id_of_a_note_or_group() -> None:
    one = edits.add_note(edits.group(document(), ["mem1"]))
    for taken in (one.notes[0].id, one.groups[0].id):
        with pytest.raises(Refusal, match="is taken"):
            edits.rename(one, "embed", taken)


def test_nothing_selected() -> None:
    with pytest.raises(Refusal, match="Nothing is selected"):
        edits.copy(document(), ["absent"])


# ---------------------------------------------------------------------------------------------- any edits in any order


class Editing(RuleBasedStateMachine):
    """Edits in any order keep unknown keys, leave no wire hanging, change nothing in place, and can all be undone."""

    names = Bundle("names")

    @initialize()
    def begin(self) -> None:
        extra = {"x-kept": {"of": "the document"}}
        nodes = [Node.model_validate(node.model_dump() | {"x-kept": node.uid}) for node in document().nodes]
        wires = [Wire.model_validate(wire.model_dump(by_alias=True) | {"x-kept": wire.start}) for wire in document().wires]
        begun = Document.model_validate(document(nodes=nodes, wires=wires).model_dump(by_alias=True) | extra)
        self.history = History(begun)
        self.seen = [(begun, to_text(begun))]

    def edit(self, change: Any) -> None:
        before = copy.copy(self.history.document)
        try:
            changed = change(before)
        except Refusal:
            return
        if self.history.apply("Edit", changed):
            self.seen.append((changed, to_text(changed)))

    def some(self, number: int) -> str:
        nodes = self.history.document.nodes
        return nodes[number % len(nodes)].id if nodes else "absent"

    def wire(self, number: int) -> tuple[str, str]:
        wires = self.history.document.wires
        wire = wires[number % len(wires)] if wires else Wire(start="absent.a", end="absent.b")
        return wire.start, wire.end

    NUMBER = st.integers(0, 30)

    @rule(component=st.sampled_from(COMPONENT_IDS), x=st.floats(-1e4, 1e4))
    def add(self, component: str, x: float) -> None:
        self.edit(lambda d: edits.add_node(d, component, CATALOGUE, (x, 0.0))[0])

    @rule(number=NUMBER)
    def remove(self, number: int) -> None:
        self.edit(lambda d: edits.remove(d, [self.some(number)]))

    @rule(number=NUMBER, name=st.sampled_from(["a", "mem1", "task", "zed", "9", "note1", "group1"]))
    def rename(self, number: int, name: str) -> None:
        self.edit(lambda d: edits.rename(d, self.some(number), name, CATALOGUE))

    @rule(number=NUMBER, component=st.sampled_from(COMPONENT_IDS))
    def swap(self, number: int, component: str) -> None:
        self.edit(lambda d: edits.swap(d, self.some(number), component, CATALOGUE)[0])

    @rule(number=NUMBER, component=st.sampled_from(COMPONENT_IDS))
    def insert(self, number: int, component: str) -> None:
        self.edit(lambda d: edits.insert_on_wire(d, *self.wire(number), component, CATALOGUE)[0])

    @rule(number=NUMBER)
    def disconnect(self, number: int) -> None:
        self.edit(lambda d: edits.disconnect(d, *self.wire(number)))

    @rule(first=NUMBER, second=NUMBER)
    def connect(self, first: int, second: int) -> None:
        self.edit(lambda d: edits.connect(d, f"{self.some(first)}.sequence", f"{self.some(second)}.sequence", CATALOGUE))

    @rule(number=NUMBER, value=st.sampled_from([1, 2, 99, "x"]), name=st.sampled_from(["heads", "width", "inner.heads", "component"]))
    def set(self, number: int, value: object, name: str) -> None:
        self.edit(lambda d: edits.set_value(d, f"{self.some(number)}.{name}", value, CATALOGUE))

    @rule(numbers=st.lists(NUMBER, max_size=3))
    def group(self, numbers: list[int]) -> None:
        self.edit(lambda d: edits.group(d, [self.some(number) for number in numbers]))

    def grouped(self, number: int) -> str:
        groups = self.history.document.groups
        return groups[number % len(groups)].id if groups else "absent"

    @rule(number=NUMBER, members=st.lists(NUMBER, min_size=1, max_size=3), out=st.booleans())
    def regroup(self, number: int, members: list[int], out: bool) -> None:
        ids = [self.some(member) for member in members]
        if out:
            self.edit(lambda d: edits.take_out_of_groups(d, ids))
        else:
            self.edit(lambda d: edits.put_into_group(d, self.grouped(number), ids))

    @rule(number=NUMBER, folded=st.booleans())
    def fold_or_ungroup(self, number: int, folded: bool) -> None:
        self.edit(lambda d: edits.fold(d, self.grouped(number)) if folded else edits.ungroup(d, self.grouped(number)))

    @rule(numbers=st.lists(NUMBER, min_size=1, max_size=3))
    def detach(self, numbers: list[int]) -> None:
        self.edit(lambda d: joining.detach(d, [self.some(number) for number in numbers], CATALOGUE))

    @rule(number=NUMBER, wire=NUMBER, free=st.booleans())
    def put_on_wire(self, number: int, wire: int, free: bool) -> None:
        nodes = [node.id for node in self.history.document.nodes if joining.is_free(self.history.document, node.id)]
        id = nodes[number % len(nodes)] if nodes and free else self.some(number)
        self.edit(lambda d: joining.put_on_wire(d, id, *self.wire(wire), CATALOGUE))

    @rule(number=NUMBER, place=st.tuples(st.floats(), st.floats()))
    def move(self, number: int, place: tuple[float, float]) -> None:
        self.edit(lambda d: edits.move(d, {self.some(number): place}))

    @rule(text=st.text(max_size=5))
    def note(self, text: str) -> None:
        self.edit(lambda d: edits.add_note(d, text))

    @rule(number=NUMBER, by=st.integers(-2, 2))
    def inside(self, number: int, by: int) -> None:
        self.edit(lambda d: edits.add_inside(d, self.some(number), "sequence.plain", CATALOGUE))
        self.edit(lambda d: list_edits.shift_inside(d, f"{self.some(number)}.helpers.0", by, CATALOGUE))

    @rule(numbers=st.lists(NUMBER, min_size=1, max_size=3))
    def copy_and_paste(self, numbers: list[int]) -> None:
        self.edit(lambda d: edits.paste(d, edits.copy(d, [self.some(number) for number in numbers]), None, CATALOGUE))

    @rule(number=NUMBER)
    def mend(self, number: int) -> None:
        mends = [mend for problem in check(self.history.document, CATALOGUE) for mend in problem.mends]
        if mends:
            self.edit(mends[number % len(mends)].edit)

    @rule()
    def undo_everything_and_come_back(self) -> None:
        for document_, text in self.seen[::-1]:
            assert self.history.document == document_
            assert to_text(self.history.document) == text
            self.history.undo()
        while self.history.can_redo:
            self.history.redo()

    def teardown(self) -> None:
        while self.history.can_undo:
            self.history.undo()
        assert to_text(self.history.document) == self.seen[0][1]

    @invariant()
    def nothing_hangs_and_nothing_is_lost(self) -> None:
        now = self.history.document
        assert dangling(now) == []
        assert (now.__pydantic_extra__ or {})["x-kept"] == {"of": "the document"}
        members = [id for group in now.groups for id in group.nodes]
        assert set(members) <= {node.id for node in now.nodes}
        assert len(set(members)) == len(members)
        everything = [one.id for one in (*now.nodes, *now.notes, *now.groups)]
        assert len(set(everything)) == len(everything)
        assert len({node.uid for node in now.nodes}) == len(now.nodes)
        assert len({(wire.start, wire.end) for wire in now.wires}) == len(now.wires)
        before = self.seen[-2][0] if len(self.seen) > 1 else now
        had = {node.uid: node.__pydantic_extra__ for node in before.nodes}
        for node in now.nodes:
            if node.uid in had:
                assert node.__pydantic_extra__ == had[node.uid]
        assert again(now) == now


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
