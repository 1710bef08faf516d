"""The generated form over a component with every type of parameter, and over the real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QSlider, QWidget
from pytestqt.qtbot import QtBot

from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.fields import ChoiceField, FlagField, LineField, NumberField
from memstudio.desktop.inspector.form import NestedForm, NestedListForm
from memstudio.desktop.inspector.inspector import Inspector, MarkPage
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.desktop.inspector.reference_fields import ArtifactField, FileField, NodeField, content_hash
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.inspector.several_page import SeveralPage
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from memstudio.experiment.document import Document, Node
from tests.desktop.conftest import SessionOf
from tests.desktop.inspector.every_type import every_type
from tests.documents import recall, study


@pytest.fixture
def session(session_of: SessionOf) -> Session:
    nodes = [Node(id="all", component="memory.everything"), Node(id="other", component="memory.small", place=(300, 0))]
    return session_of(Document(nodes=nodes), every_type())


@pytest.fixture
def inspector(session: Session, qtbot: QtBot) -> Inspector:
    made = Inspector(session)
    made.resize(300, 900)
    qtbot.addWidget(made)
    made.show()
    session.select(["all"])
    return made


def page(inspector: Inspector) -> NodePage:
    assert isinstance(inspector.page, NodePage)
    inspector.page.finish()
    return inspector.page


def row(inspector: Inspector, name: str) -> Row:
    for form in page(inspector).forms:
        if name in form.rows:
            found = form.rows[name]
            assert isinstance(found, Row)
            return found
    raise AssertionError(f"no row {name}")


def nested(inspector: Inspector, name: str = "inner") -> NestedForm:
    found = page(inspector).forms[0].rows[name]
    assert isinstance(found, NestedForm)
    return found


def values(session: Session) -> dict[str, Any]:
    return session.document.node("all").values


def type_in(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)


# ---------------------------------------------------------------------------------------------- types


def test_every_parameter_has_its_row_and_every_editor_a_name(inspector: Inspector, session: Session) -> None:
    entry = session.catalogue.entry("memory.everything")
    assert set(page(inspector).forms[0].rows) == {p.name for p in entry.component.parameters}
    assert set(page(inspector).forms[1].rows) == {"norm", "repeat"}
    for widget in inspector.findChildren(QWidget):
        if (
            isinstance(widget, QLineEdit | QComboBox | QAbstractButton | QSlider | QPlainTextEdit)
            and widget.focusPolicy() != Qt.FocusPolicy.NoFocus
        ):
            assert widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()), widget


def test_a_typed_number_is_in_the_document_and_typing_is_one_undo(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    field = row(inspector, "heads").field
    assert isinstance(field, NumberField)
    type_in(qtbot, field.line, "16")
    assert values(session)["heads"] == 16
    session.undo()
    assert "heads" not in values(session)
    assert field.line.text() == "4"


def test_an_error_stands_under_its_field_and_changes_nothing(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    made = row(inspector, "heads")
    assert isinstance(made.field, NumberField)
    before = session.document
    type_in(qtbot, made.field.line, "x")
    assert session.document is before
    assert made.error.startswith("Heads must be a whole number")
    assert made.field.line.property("wrong")
    type_in(qtbot, made.field.line, "8")
    assert made.error == ""
    assert values(session)["heads"] == 8


def test_a_changed_value_is_marked_and_can_be_reset(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    made = row(inspector, "decay")
    assert isinstance(made.field, NumberField)
    assert not made.reset_action.isEnabled()
    type_in(qtbot, made.field.line, "0.25")
    assert made._title.whole == "Decay •"
    assert made.reset_action.text() == "Reset to 0.5"
    made.reset_action.trigger()
    assert "decay" not in values(session)
    assert made._title.whole == "Decay"


def test_dragging_a_slider_is_one_edit(inspector: Inspector, session: Session) -> None:
    field = row(inspector, "rate").field
    assert isinstance(field, NumberField)
    for position in (100, 200, 300):
        field.slider.setValue(position)
    assert values(session)["rate"] < 1e-3
    session.undo()
    assert "rate" not in values(session)


def test_a_flag_a_choice_a_text_a_list(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    flag, choice, text, numbers = (row(inspector, name).field for name in ("bias", "kind", "label", "loads"))
    assert isinstance(flag, FlagField)
    assert isinstance(choice, ChoiceField)
    assert isinstance(text, LineField)
    assert isinstance(numbers, LineField)
    flag.check.click()
    choice.combo.setCurrentIndex(1)
    choice.combo.activated.emit(1)
    type_in(qtbot, text.line, "short")
    type_in(qtbot, numbers.line, "2 16")
    assert {k: values(session)[k] for k in ("bias", "kind", "label", "loads")} == {
        "bias": True,
        "kind": "hard",
        "label": "short",
        "loads": [2, 16],
    }


def test_what_does_not_apply_is_hidden(inspector: Inspector, session: Session) -> None:
    assert row(inspector, "sharp").isHidden()
    session.edit("Hard", lambda d: edits.set_value(d, "all.kind", "hard", session.catalogue))
    assert not row(inspector, "sharp").isHidden()


def test_a_file_is_kept_with_its_hash(inspector: Inspector, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    field = row(inspector, "data").field
    assert isinstance(field, FileField)
    field.line.setText(str(file))
    field.line.editingFinished.emit()
    qtbot.waitUntil(lambda: "data" in values(session))
    assert values(session)["data"] == {"path": str(file), "sha256": content_hash(file)}
    field.line.setText(str(tmp_path / "none.csv"))
    field.line.editingFinished.emit()
    qtbot.waitUntil(lambda: row(inspector, "data").error != "")
    field.line.setText("table.png")
    field.line.editingFinished.emit()
    assert ".csv" in row(inspector, "data").error
    assert values(session)["data"]["path"] == str(file)


def test_an_artifact_is_named_by_its_hash(inspector: Inspector, session: Session) -> None:
    field = row(inspector, "weights").field
    assert isinstance(field, ArtifactField)
    field.line.setText("ab" * 32)
    field.line.editingFinished.emit()
    assert values(session)["weights"] == {"sha256": "ab" * 32}
    field.line.setText("nonsense")
    field.line.editingFinished.emit()
    assert "sha256" in row(inspector, "weights").error


def test_another_node_can_be_named(inspector: Inspector, session: Session) -> None:
    field = row(inspector, "teacher").field
    assert isinstance(field, NodeField)
    assert [field.combo.itemData(i) for i in range(field.combo.count())] == ["", "other"]
    field.combo.setCurrentIndex(1)
    field.combo.activated.emit(1)
    assert values(session)["teacher"] == "other"
    session.edit("Rename", lambda d: edits.rename(d, "other", "master", session.catalogue))
    assert field.combo.currentData() == "master"


# ---------------------------------------------------------------------------------------------- nested


def test_a_nested_component_offers_only_what_has_the_traits(inspector: Inspector) -> None:
    assert [entry.id for entry in nested(inspector).box.entries] == ["memory.large", "memory.small"]


def test_a_nested_value_is_edited_at_its_address(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    form = nested(inspector).form
    assert form is not None
    slots = form.rows["slots"]
    assert isinstance(slots, Row)
    assert slots.address == "all.inner.slots"
    assert isinstance(slots.field, NumberField)
    type_in(qtbot, slots.field.line, "9")
    assert values(session)["inner"]["values"]["slots"] == 9


def test_swapping_a_nested_component_carries_what_has_the_same_role(inspector: Inspector, session: Session) -> None:
    session.edit("Slots", lambda d: edits.set_value(d, "all.inner.slots", 9, session.catalogue))
    box = nested(inspector).box
    index = box.combo.findData("memory.large")
    box.combo.setCurrentIndex(index)
    box.combo.activated.emit(index)
    assert values(session)["inner"] == {"component": "memory.large", "values": {"capacity": 9}}
    form = nested(inspector).form
    assert form is not None
    assert list(form.rows) == ["capacity"]
    session.undo()
    assert list(nested(inspector).form.rows) == ["slots", "gate"]  # type: ignore[union-attr]


def test_a_list_of_components_grows_moves_and_shrinks(inspector: Inspector, session: Session) -> None:
    made = page(inspector).forms[0].rows["more"]
    assert isinstance(made, NestedListForm)
    for component in ("memory.small", "memory.large"):
        index = made._add.findData(component)
        made._add.activated.emit(index)
    assert [item["component"] for item in values(session)["more"]] == ["memory.small", "memory.large"]
    assert len(made.items) == 2
    made._move(1, -1)
    assert [item["component"] for item in values(session)["more"]] == ["memory.large", "memory.small"]
    made._remove(0)
    assert [item["component"] for item in values(session)["more"]] == ["memory.small"]
    inner = made.items[0].form
    assert inner is not None
    assert inner.prefix == "all.more.0"


# ---------------------------------------------------------------------------------------------- the page


def test_facts_follow_from_inference(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    assert inspector.facts.lines == [("Output", "4"), ("Parameters", "4,000"), ("State", "2.05 kB")]
    session.edit("Heads", lambda d: edits.set_value(d, "all.heads", 8, session.catalogue))
    qtbot.waitUntil(lambda: session.settled)
    assert inspector.facts.lines[0] == ("Output", "8")


def test_the_equation_and_the_source_are_shown(inspector: Inspector) -> None:
    assert page(inspector).equations.drawn[0].accessibleName() == "Update: S ← S + v kᵀ"
    assert "<sup>T</sup>" in page(inspector).equations.drawn[0].text()
    words = [made.text() for made in page(inspector).sources.findChildren(QLabel)]
    assert words[1:] == ["Someone et al. 1999 · arXiv:0", "A paper", "System S001"]


def test_the_family_group_is_folded_until_it_is_opened(inspector: Inspector) -> None:
    around = page(inspector).around
    assert around.head.text() == "Around the memory"
    assert not around.content.isVisible()
    around.head.click()
    assert around.content.isVisible()


def test_a_page_is_kept_while_its_values_change(inspector: Inspector, session: Session) -> None:
    before = inspector.page
    session.edit("Heads", lambda d: edits.set_value(d, "all.heads", 8, session.catalogue))
    assert inspector.page is before
    session.edit("Swap", lambda d: edits.set_value(d, "all.component", "memory.large", session.catalogue))
    assert inspector.page is not before


def test_the_component_can_be_swapped(inspector: Inspector, session: Session) -> None:
    box = page(inspector).box
    index = box.combo.findData("memory.small")
    box.combo.setCurrentIndex(index)
    box.combo.activated.emit(index)
    assert session.document.node("all").component == "memory.small"
    assert page(inspector).component == "memory.small"


def test_the_keyboard_stays_in_the_inspector_when_the_component_is_swapped(inspector: Inspector, session: Session) -> None:
    page(inspector).box.combo.setFocus()
    session.edit("Swap", lambda d: edits.set_value(d, "all.component", "memory.small", session.catalogue))
    focus = inspector.window().focusWidget()
    assert focus is not None
    assert page(inspector).isAncestorOf(focus)


def test_the_id_is_changed_or_refused(inspector: Inspector, session: Session) -> None:
    made = page(inspector).name
    made.id.setText("other")
    made.id.editingFinished.emit()
    assert "taken" in made._id_error.text()
    assert "all" in session.document.by_id
    made.id.setText("everything")
    made.id.editingFinished.emit()
    assert "everything" in session.document.by_id
    assert session.selected == ("everything",)


def test_an_unknown_component_says_that_it_is_kept(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(Document(nodes=[Node(id="x", component="store.from_next_year", values={"size": 3})]))
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    session.select(["x"])
    words = " ".join(made.text() for made in page(inspector).findChildren(QLabel))
    assert "store.from_next_year is not installed" in words
    assert session.document.node("x").values == {"size": 3}


def test_errors_of_the_whole_document_stand_at_their_parameter(session_of: SessionOf, qtbot: QtBot) -> None:
    small = recall()
    small["nodes"][2]["values"]["heads"] = 1000
    session = session_of(small)
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    session.select(["mem1"])
    assert "1000" in row(inspector, "heads").error or "1,000" in row(inspector, "heads").error


# ---------------------------------------------------------------------------------------------- varying


def test_varying_a_parameter_makes_an_axis_and_says_how_many_runs(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    made = row(inspector, "heads")
    made.vary_action.trigger()
    box = made._vary
    assert box is not None
    assert box._line is not None
    type_in(qtbot, box._line, "1 2 4 8")
    assert box.count.text() == "4 heads × 1 seed = 4 runs"
    box.accept.click()
    assert session.document.run.vary[0].values == [1, 2, 4, 8]
    assert made._varied.text() == "varied by heads: 1, 2, 4, 8"
    session.undo()
    assert session.document.run.vary == []


def test_one_value_or_a_wrong_one_cannot_be_varied(inspector: Inspector, qtbot: QtBot) -> None:
    made = row(inspector, "heads")
    made.open_vary()
    box = made._vary
    assert box is not None
    assert box._line is not None
    for text, words in (("4", "at least two"), ("4 1000", "from 1 to 64")):
        type_in(qtbot, box._line, text)
        assert not box.accept.isEnabled()
        assert words in box.error.text()
    qtbot.keyClick(box._line, Qt.Key.Key_Escape)
    assert made._vary is None


def test_options_are_ticked(inspector: Inspector, session: Session) -> None:
    made = row(inspector, "kind")
    made.open_vary()
    box = made._vary
    assert box is not None
    assert [check.text() for _, check in box._checks] == ["Soft", "Hard"]
    box.accept.click()
    assert [case.set for case in session.document.run.vary[0].all_cases()] == [{"all.kind": "soft"}, {"all.kind": "hard"}]


def test_the_component_itself_can_be_varied(inspector: Inspector, session: Session) -> None:
    box = page(inspector).box
    box.vary.click()
    form = box._form
    assert form is not None
    assert not form.accept.isEnabled()
    for id, check in form._checks:
        check.setChecked(id in ("memory.everything", "memory.large"))
    form.accept.click()
    axis = session.document.run.vary[0]
    assert [case.set for case in axis.all_cases()] == [{"all.component": "memory.everything"}, {"all.component": "memory.large"}]
    assert "varied" in page(inspector).box.varied.text()


def test_an_axis_can_be_taken_out_where_it_was_made(inspector: Inspector, session: Session) -> None:
    session.edit("Vary", lambda d: edits.set_run(d, vary=[{"name": "heads", "set": "all.heads", "values": [1, 2]}]))
    made = row(inspector, "heads")
    made.open_vary()
    assert made._vary is not None
    made._vary.remove.click()
    assert session.document.run.vary == []


# ---------------------------------------------------------------------------------------------- other pages


def test_with_nothing_selected_the_document_is_shown(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(study())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    made = inspector.page
    assert isinstance(made, DocumentPage)
    assert made.experiment.isVisibleTo(made)
    assert made.experiment.title.text() == "A small study"
    qtbot.keyClicks(made.experiment.title, " of mine")
    assert session.document.title == "A small study of mine"
    made.experiment.about.setPlainText("Because.")
    assert session.document.about == "Because."
    threads = made.experiment.run.fields["threads"]
    assert isinstance(threads, NumberField)
    type_in(qtbot, threads.line, "2")
    assert session.document.run.threads == 2
    type_in(qtbot, threads.line, "0")
    assert "Threads" in made.experiment.run.errors["threads"].text()
    assert session.document.run.threads == 2


def test_the_study_stands_beside_and_is_remembered(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(study())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.show_study()
    made = inspector.page
    assert isinstance(made, DocumentPage)
    assert made.study.isVisibleTo(made)
    assert not made.experiment.isVisibleTo(made)
    session.select(["mem1"])
    session.select([])
    again = inspector.page
    assert isinstance(again, DocumentPage)
    assert again.study.isVisibleTo(again)


def test_several_a_note_and_a_group_have_pages_of_their_own(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(recall())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    session.select(["mem1", "embed"])
    assert isinstance(inspector.page, SeveralPage)
    session.edit("Note", lambda d: edits.add_note(d, "look", (0, 0)))
    session.select([session.document.notes[0].id])
    assert isinstance(inspector.page, MarkPage)
    inspector.page.text.setPlainText("look here")
    assert session.document.notes[0].text == "look here"
    session.edit("Group", lambda d: edits.group(d, ["mem1"], "Block"))
    session.select([session.document.groups[0].id])
    assert isinstance(inspector.page, MarkPage)
    qtbot.keyClicks(inspector.page.title, " A")
    assert session.document.groups[0].title == "Block A"


@pytest.mark.parametrize("number", range(9))
def test_every_node_of_a_real_document_has_a_page(session_of: SessionOf, qtbot: QtBot, number: int) -> None:
    session = session_of(recall())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    node = session.document.nodes[number]
    session.select([node.id])
    made = page(inspector)
    assert made.title.text() == session.catalogue.entry(node.component).title
    shown = {name for form in made.forms for name in form.rows}
    assert shown == {p.name for p in session.catalogue.entry(node.component).parameters()}


def test_an_axis_that_sets_several_things_is_edited_case_by_case(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    cases = [{"label": "small", "set": {"all.heads": 2, "all.width": 8}}, {"label": "large", "set": {"all.heads": 8, "all.width": 64}}]
    session.edit("Vary", lambda d: edits.set_run(d, vary=[{"name": "size", "cases": cases}]))
    made = row(inspector, "heads")
    assert made._varied.text() == "varied by size: 2, 8"
    made.open_vary()
    box = made._vary
    assert box is not None
    assert list(box._by_case) == ["small", "large"]
    type_in(qtbot, box._by_case["large"], "1000")
    assert not box.accept.isEnabled()
    type_in(qtbot, box._by_case["large"], "16")
    box.accept.click()
    assert [case.set for case in session.document.run.vary[0].all_cases()] == [
        {"all.heads": 2, "all.width": 8},
        {"all.heads": 16, "all.width": 64},
    ]
    made.open_vary()
    assert made._vary is not None
    made._vary.remove.click()
    assert [case.set for case in session.document.run.vary[0].all_cases()] == [{"all.width": 8}, {"all.width": 64}]


def test_components_are_varied_at_one_budget(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(recall())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    session.select(["mem1"])
    box = page(inspector).box
    box.vary.click()
    form = box._form
    assert form is not None
    for id, check in form._checks:
        check.setChecked(id in ("sequence.attention", "sequence.deltanet"))
    assert form.budget is not None
    form.budget.what.setCurrentIndex(form.budget.what.findData("state_bytes"))
    form.budget.what.activated.emit(form.budget.what.currentIndex())
    assert not form.more.isVisibleTo(form), "there is nothing to show in the study yet"
    form.accept.click()
    match = session.document.run.vary[0].match
    assert match is not None
    assert (match.what, match.width, match.to) == ("state_bytes", "mem1.key_width", "Attention")
    box.vary.click()
    assert box._form is not None
    assert box._form.budget is not None
    assert box._form.budget.what.currentData() == "state_bytes"
    box._form.more.click()
    assert session.selected == ()
    assert isinstance(inspector.page, DocumentPage)
    assert inspector.page.study.isVisibleTo(inspector.page)
