"""Forms as a hand uses them: what was typed stays, defaults, narrowing, lists in order, several nodes, narrow and wide."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from memstudio.desktop import app
from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.fields import ChoiceField, FlagField, NumberField
from memstudio.desktop.inspector.form import NestedForm, NestedListForm
from memstudio.desktop.inspector.inspector import Inspector
from memstudio.desktop.inspector.node_page import NodePage
from memstudio.desktop.inspector.reference_fields import ArtifactField, FileField, Kept, content_hash
from memstudio.desktop.inspector.row import Row
from memstudio.desktop.inspector.several_page import SeveralPage
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from memstudio.experiment.document import Document, Node, Note
from tests.desktop.conftest import SessionOf
from tests.desktop.inspector.every_type import every_type
from tests.documents import recall

SMALL, LARGE = {"component": "memory.small", "values": {}}, {"component": "memory.large", "values": {}}


@pytest.fixture
def session(session_of: SessionOf) -> Session:
    nodes = [Node(id="all", component="memory.everything"), Node(id="b", component="memory.small"), Node(id="c", component="memory.small")]
    return session_of(Document(nodes=nodes, notes=[Note(id="note1", text="x")]), every_type())


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
    found = page(inspector).forms[0].rows[name]
    assert isinstance(found, Row)
    return found


def number(made: Row) -> NumberField:
    assert isinstance(made.field, NumberField)
    return made.field


def type_in(qtbot: QtBot, line: QLineEdit, text: str) -> None:
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)


# ---------------------------------------------------------------------------------------------- rows


def test_what_was_typed_stays_until_it_is_corrected(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    made = row(inspector, "heads")
    line = number(made).line
    type_in(qtbot, line, "1000")
    session.edit("Other", lambda d: edits.set_value(d, "all.decay", 0.25, session.catalogue))
    qtbot.waitUntil(lambda: session.settled)
    assert line.text() == "1000"
    assert "from 1 to 64" in made.error
    session.edit("Heads", lambda d: edits.set_value(d, "all.heads", 8, session.catalogue))
    assert line.text() == "8", "another value of the document is what counts"
    assert made.error == ""


def test_the_default_and_the_range_are_said(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    made = row(inspector, "heads")
    assert made.toolTip() == "How many.\nFrom 1 to 64 heads.\nAs by default."
    type_in(qtbot, number(made).line, "8")
    assert made.toolTip().endswith("Changed; by default 4 heads.")
    assert "by default 4 heads" in number(made).line.accessibleDescription()
    assert number(made).slider.accessibleName() == "Heads, slider, 8 heads", "not a position from 0 to 1,000"


def test_everything_is_reset_in_one_edit(inspector: Inspector, session: Session) -> None:
    for name, value in (("heads", 8), ("bias", True)):
        session.edit("Set", lambda d, n=name, v=value: edits.set_value(d, f"all.{n}", v, session.catalogue))  # type: ignore[misc]
    page(inspector).reset_all()
    assert session.document.node("all").values == {}
    session.undo()
    assert session.document.node("all").values == {"heads": 8, "bias": True}


def test_a_component_inside_is_reset_alone_and_folds(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    for name, value in (("inner.slots", 9), ("heads", 8)):
        session.edit("Set", lambda d, n=name, v=value: edits.set_value(d, f"all.{n}", v, session.catalogue))  # type: ignore[misc]
    nested = page(inspector).forms[0].rows["inner"]
    assert isinstance(nested, NestedForm)
    assert nested.form is not None
    slots = nested.form.rows["slots"]
    assert slots.isVisibleTo(inspector)
    nested.head.setFocus()
    qtbot.keyClick(nested.head, Qt.Key.Key_Space)
    assert not slots.isVisibleTo(inspector)
    nested.reset_all()
    assert session.document.node("all").values == {"inner": SMALL, "heads": 8}


def test_a_choice_too_long_for_its_box_stands_under_it_in_full(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    field = row(inspector, "kind").field
    assert isinstance(field, ChoiceField)
    assert field.whole.isHidden()
    field.combo.setItemText(0, "A second-order Taylor expansion of the exponential")
    field._say_whole()
    assert field.whole.isVisibleTo(inspector)
    assert field.whole.text().endswith("exponential")
    inspector.grab()


# ---------------------------------------------------------------------------------------------- narrowing


def test_rows_are_found_by_typing(inspector: Inspector, qtbot: QtBot) -> None:
    narrowing = page(inspector).narrowing
    qtbot.keyClicks(narrowing.field, "slots")
    shown = [name for form in page(inspector).forms for name, made in form.rows.items() if made.isVisibleTo(form)]
    assert shown == ["inner"], "in it stands Slots"
    narrowing.field.clear()
    qtbot.keyClicks(narrowing.field, "norm")
    assert page(inspector).around.head.isChecked(), "what is folded away opens"
    assert page(inspector).forms[1].rows["norm"].isVisibleTo(inspector)
    narrowing.field.clear()
    qtbot.keyClicks(narrowing.field, "zzz")
    assert "zzz" in narrowing.none.text()
    qtbot.keyClick(narrowing.field, Qt.Key.Key_Escape)
    assert not page(inspector).around.head.isChecked()
    assert row(inspector, "heads").isVisibleTo(inspector)


def test_only_what_was_changed(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    session.edit("Set", lambda d: edits.set_value(d, "all.heads", 8, session.catalogue))
    narrowing = page(inspector).narrowing
    qtbot.mouseClick(narrowing.changed, Qt.MouseButton.LeftButton)
    assert [name for name, made in page(inspector).forms[0].rows.items() if made.isVisibleTo(inspector)] == ["heads"]
    session.undo()
    assert narrowing.none.isVisibleTo(inspector)


def test_a_short_form_is_not_narrowed(inspector: Inspector, session: Session) -> None:
    session.select(["b"])
    assert page(inspector).narrowing is None


# ---------------------------------------------------------------------------------------------- lists


def order(session: Session) -> list[str]:
    return [item["component"].removeprefix("memory.") for item in session.document.node("all").values["more"]]


@pytest.fixture
def listed(inspector: Inspector, session: Session, qtbot: QtBot) -> NestedListForm:
    session.edit("More", lambda d: edits.set_value(d, "all.more", [SMALL, LARGE, SMALL], session.catalogue))
    made = page(inspector).forms[0].rows["more"]
    assert isinstance(made, NestedListForm)
    inspector.resize(300, 3000)
    QApplication.processEvents()
    return made


def test_a_list_is_put_in_order_by_dragging(listed: NestedListForm, session: Session, qtbot: QtBot) -> None:
    grip = listed.grips[1]
    below = grip.mapFromGlobal(listed.items[2].mapToGlobal(QPoint(5, listed.items[2].height() - 2)))
    qtbot.mousePress(grip, Qt.MouseButton.LeftButton)
    for step in (below / 2, below):
        qtbot.mouseMove(grip, step)
        move(grip, step)
    assert listed._target.isVisible()
    qtbot.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=below)
    assert order(session) == ["small", "small", "large"]
    assert listed._target.isHidden()
    session.undo()
    assert order(session) == ["small", "large", "small"]
    session.edit("Slots", lambda d: edits.set_value(d, "all.more.2.slots", 9, session.catalogue))
    grip, second = listed.grips[0], listed.items[1]
    between = grip.mapFromGlobal(second.mapToGlobal(QPoint(5, second.height() // 2 + 4)))
    qtbot.mousePress(grip, Qt.MouseButton.LeftButton)
    move(grip, between)
    qtbot.mouseRelease(grip, Qt.MouseButton.LeftButton, pos=between)
    assert session.document.node("all").values["more"] == [LARGE, SMALL, {"component": "memory.small", "values": {"slots": 9}}]


def move(widget: QWidget, to: QPoint) -> None:
    """A move with the button held, as the offscreen platform does not send one."""
    at = QPointF(to)
    held = Qt.MouseButton.LeftButton
    event = QMouseEvent(
        QEvent.Type.MouseMove, at, QPointF(widget.mapToGlobal(to)), Qt.MouseButton.NoButton, held, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(widget, event)


def test_and_by_keys_which_stay_with_what_they_move(listed: NestedListForm, session: Session, qtbot: QtBot) -> None:
    listed.grips[1].setFocus()
    qtbot.keyClick(listed.grips[1], Qt.Key.Key_Up)
    assert order(session) == ["large", "small", "small"]
    assert listed.window().focusWidget() is listed.grips[0]
    qtbot.keyClick(listed.grips[0], Qt.Key.Key_Up)
    assert order(session) == ["large", "small", "small"], "at the end it stays"
    listed._remove(0)
    assert order(session) == ["small", "small"]


# ---------------------------------------------------------------------------------------------- several nodes


def test_several_nodes_are_set_at_once(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    session.edit("Slots", lambda d: edits.set_value(d, "b.slots", 9, session.catalogue))
    session.select(["b", "c", "note1"])
    made = inspector.page
    assert isinstance(made, SeveralPage)
    assert made.heading.text() == "2 components and 1 note"
    assert made.kinds.text() == "2 × Small memory"
    slots = number(made.rows["slots"])
    assert slots.line.text() == ""
    assert slots.line.placeholderText() == "mixed"
    type_in(qtbot, slots.line, "12")
    assert [session.document.node(id).values["slots"] for id in ("b", "c")] == [12, 12]
    session.undo()
    assert session.document.node("b").values == {"slots": 9}
    assert session.document.node("c").values == {}
    assert slots.line.placeholderText() == "mixed"
    assert not made.rows["slots"].vary_action.isVisible()


def test_a_mixed_flag_is_neither_on_nor_off_and_is_set_for_all(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    session.edit("Gate", lambda d: edits.set_value(d, "b.gate", False, session.catalogue))
    session.select(["b", "c"])
    assert isinstance(inspector.page, SeveralPage)
    gate = inspector.page.rows["gate"].field
    assert isinstance(gate, FlagField)
    assert gate.check.checkState() == Qt.CheckState.PartiallyChecked
    assert gate.check.text() == "Gate • (mixed)"
    gate.check.click()
    assert gate.check.checkState() != Qt.CheckState.PartiallyChecked
    assert session.document.node("b").values["gate"] == session.document.node("c").values["gate"]
    inspector.page.rows["gate"].reset()
    assert session.document.node("b").values == {}


def test_what_one_of_them_cannot_take_none_gets(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    session.select(["b", "c"])
    assert isinstance(inspector.page, SeveralPage)
    made = inspector.page.rows["slots"]
    type_in(qtbot, number(made).line, "1000")
    assert "from 1 to 64" in made.error
    assert session.document.node("b").values == session.document.node("c").values == {"slots": 10}, "as far as it could be read"


# ---------------------------------------------------------------------------------------------- files and artifacts


def test_a_file_is_dropped_lost_and_found_again(inspector: Inspector, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path
    file = folder / "table.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    made = row(inspector, "data")
    field = made.field
    assert isinstance(field, FileField)
    carried = QMimeData()
    carried.setUrls([QUrl.fromLocalFile(str(file))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    field.line.dragEnterEvent(QDragEnterEvent(QPoint(5, 5), copy, carried, Qt.MouseButton.LeftButton, none))
    field.line.dropEvent(QDropEvent(QPointF(5, 5), copy, carried, Qt.MouseButton.LeftButton, none))
    qtbot.waitUntil(lambda: "content" in field.note.text())
    sha = content_hash(file)
    assert session.document.node("all").values["data"] == {"path": str(file), "sha256": sha}
    assert sha[:12] in field.note.text()
    moved = file.rename(folder / "moved.csv")
    field._looked = None
    field.show_value(session.document.node("all").values["data"])
    qtbot.waitUntil(lambda: "not there any more" in field.note.text())
    assert field.mend.isVisibleTo(inspector)
    field._dropped(str(moved))
    qtbot.waitUntil(lambda: session.document.node("all").values["data"]["path"] == str(moved))
    qtbot.waitUntil(field.mend.isHidden)
    moved.write_text("other", encoding="utf-8")
    field._looked = None
    field._look()
    qtbot.waitUntil(lambda: field.renew.isVisibleTo(inspector))
    field.renew.click()
    qtbot.waitUntil(lambda: session.document.node("all").values["data"]["sha256"] == content_hash(moved))


def test_an_artifact_is_chosen_from_what_runs_have_kept(inspector: Inspector, session: Session, qtbot: QtBot) -> None:
    field = row(inspector, "weights").field
    assert isinstance(field, ArtifactField)
    kept = (
        Kept("Old study · seed 1", {"sha256": "a" * 64, "name": "Old, model"}),
        Kept("New study", {"sha256": "b" * 64, "name": "New, model"}),
    )
    field._show(())
    assert "No run of this library" in field.note.text()
    field._show(kept)
    qtbot.keyClicks(field.filter, "new")
    assert [field.list.item(at).isHidden() for at in range(2)] == [True, False]
    field.list.itemActivated.emit(field.list.item(1))
    assert session.document.node("all").values["weights"] == {"sha256": "b" * 64, "name": "New, model"}
    assert field.line.text() == "New, model"
    assert field.list.isHidden()


# ---------------------------------------------------------------------------------------------- the whole


@pytest.mark.parametrize("component", ["memory.everything", "sequence.mixture_of_memories", "sequence.titans", "learner.gradient_descent"])
def test_a_narrow_inspector_shows_everything(component: str, session_of: SessionOf, qtbot: QtBot) -> None:
    app.application()  # with the fonts and the style sheet of the window
    known = every_type() if component.startswith("memory") else None
    session = session_of(Document(nodes=[Node(id="x", component=component)]), known)
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.resize(220, 800)
    inspector.show()
    session.select(["x"])
    QApplication.processEvents()
    assert page(inspector).minimumSizeHint().width() <= inspector.area.viewport().width()
    assert page(inspector).title.isVisible()


def test_the_keyboard_goes_as_the_eye_does(inspector: Inspector, session: Session) -> None:
    session.select(["b"])
    QApplication.processEvents()
    seen: list[int] = []
    first = now = page(inspector).box.combo
    while True:
        if now.isVisible() and now.focusPolicy() & Qt.FocusPolicy.TabFocus and page(inspector).isAncestorOf(now):
            seen.append(now.mapTo(page(inspector), QPoint(0, now.height() // 2)).y())
        now = now.nextInFocusChain()  # type: ignore[assignment]
        if now is first:
            break
    rows = [place // 24 for place in seen[: seen.index(max(seen)) + 1]]
    assert rows == sorted(rows)
    assert len(rows) > 6


def test_equations_and_sources_are_copied(inspector: Inspector) -> None:
    texts, papers = page(inspector).equations.menu, page(inspector).sources.menu
    copied = []
    for action in (*texts.actions(), *papers.actions()):
        action.trigger()
        copied.append(QGuiApplication.clipboard().text())
    assert copied[0] == "Update: S ← S + v kᵀ"
    assert copied[1] == r"S \leftarrow S + v k^{\top}"
    assert copied[2] == "Someone, Other, Third (1999). A paper. arXiv:0. S001"
    assert copied[3].startswith("@misc{")
    assert "title = {{A paper}}" in copied[3]


def test_the_document_says_what_it_cites_and_what_its_runs_keep(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(recall())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    assert isinstance(inspector.page, DocumentPage)
    made = inspector.page.experiment
    made.cites.setPlainText("One 2020, A\n\n Two 2021,  B ")
    assert session.document.cites == ["One 2020, A", "Two 2021, B"]
    keep, seeds = made.keep.fields["outcomes_megabytes"], made.run.fields["replicates"]
    assert isinstance(keep, NumberField)
    assert isinstance(seeds, NumberField)
    type_in(qtbot, keep.line, "5")
    type_in(qtbot, seeds.line, "7")
    assert session.document.run.keep == {"outcomes_megabytes": 5.0}
    assert session.document.run.replicates == 7


# ---------------------------------------------------------------------------------------------- varying


def test_each_case_is_previewed_before_it_is_applied(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(recall())
    session.guess = lambda document: f"About {len(document.run.vary)} min, as one earlier run took."
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.show()
    session.select(["mem1"])
    box = page(inspector).box
    box.vary.click()
    form = box._form
    assert form is not None
    assert form.budget is not None
    qtbot.keyClicks(form.filter, "linear attention")
    assert not next(check for id, check in form._checks if id == "sequence.gru").isVisibleTo(form)
    for id, check in form._checks:
        check.setChecked(id in ("sequence.attention", "sequence.linear_attention"))
    form.budget.what.setCurrentIndex(form.budget.what.findData("parameters"))
    form.budget.what.activated.emit(form.budget.what.currentIndex())
    before = session.document
    qtbot.waitUntil(lambda: "key width" in form.preview.text and form.preview.isVisible(), timeout=10_000)
    assert "Linear attention, key width" in form.preview.text
    assert "takes over" in form.preview.text
    assert "the budget" in form.preview.text
    assert form.time.text() == "About 1 min, as one earlier run took."
    assert session.document is before
    form.accept.click()
    match = session.document.run.vary[0].match
    assert match is not None
    assert (match.what, match.width, match.to) == ("parameters", "mem1.key_width", "Attention")


def test_a_parameter_is_varied_at_one_budget_by_another_width(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(recall())
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.show()
    session.select(["mem1"])
    made = row(inspector, "heads")
    made.open_vary()
    form = made._vary
    assert form is not None
    assert form.budget is not None
    type_in(qtbot, form._line, "1 2")  # type: ignore[arg-type]
    form.budget.what.setCurrentIndex(form.budget.what.findData("state_bytes"))
    form.budget.what.activated.emit(2)
    widths = [form.budget.width_.itemData(at) for at in range(form.budget.width_.count())]
    assert "mem1.heads" not in widths
    qtbot.waitUntil(lambda: "heads 2, key width 4" in form.preview.text, timeout=10_000)
    form.accept.click()
    axis = session.document.run.vary[0]
    assert axis.values == [1, 2]
    assert axis.match is not None
    assert axis.match.width == "mem1.key_width"
