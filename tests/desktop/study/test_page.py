"""The study of the open experiment, edited as a person does, every edit undoable."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.inspector import Inspector
from memstudio.desktop.session import Session
from memstudio.desktop.study.page import StudyPage
from memstudio.experiment import axis_edits, edits, step_times
from memstudio.experiment.document import Axis, Document, Hopeless, Range
from tests.desktop.conftest import SessionOf
from tests.documents import study


@pytest.fixture
def session(session_of: SessionOf) -> Session:
    return session_of(study())


@pytest.fixture
def inspector(session: Session, qtbot: QtBot) -> Inspector:
    made = Inspector(session)
    made.resize(300, 900)
    qtbot.addWidget(made)
    made.show()
    made.show_study()
    return made


@pytest.fixture
def page(inspector: Inspector) -> StudyPage:
    assert isinstance(inspector.page, DocumentPage)
    return inspector.page.study


def vary(session: Session) -> list[Axis]:
    return session.document.run.vary


def type_in(qtbot: QtBot, line: QWidget, text: str) -> None:
    assert isinstance(line, QLineEdit)
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)


def choose(box: QComboBox, value: Any) -> None:
    at = box.findData(value)
    assert at >= 0, value
    box.setCurrentIndex(at)
    box.activated.emit(at)


def entries(menu: QMenu) -> dict[str, Any]:
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if action.text()}


def test_counts_are_live_and_time_is_said(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    assert page.count.text() == "2 memories × 2 seeds = 4 runs"
    type_in(qtbot, page.seeds.fields["replicates"].editor, "5")
    assert page.count.text() == "2 memories × 5 seeds = 10 runs"
    page.show_estimate("About 12 min, as 8 earlier runs took.")
    assert page.estimate.isVisible()
    session.undo()
    assert page.count.text() == "2 memories × 2 seeds = 4 runs"


def test_every_control_has_a_name(page: StudyPage, session: Session) -> None:
    page.vary("task.loads")
    page.cards[0].open()
    for card in page.cards:
        card.shared.head.setChecked(True)
    for widget in page.findChildren(QWidget):
        if isinstance(widget, QLineEdit | QComboBox | QAbstractButton) and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
            assert widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()), widget


def test_a_parameter_is_varied_from_the_menu_and_its_values_typed(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    page.vary("learn.rate")
    axis = vary(session)[1]
    assert (axis.name, axis.set) == ("learning rate", "learn.rate")
    card = page.cards[1]
    assert card.is_open
    assert card.values is not None
    assert card.values.hasFocus()
    type_in(qtbot, card.values, "log 1e-4 .. 1e-2, 3")
    assert vary(session)[1].values == [1e-4, 1e-3, 1e-2]
    assert page.count.text() == "2 memories × 3 learning rates × 2 seeds = 12 runs"
    type_in(qtbot, card.values, "1e-4, nine")
    assert card.error.isVisible()
    assert card.values.property("wrong")
    assert vary(session)[1].values == [1e-4, 1e-3, 1e-2]
    type_in(qtbot, card.values, "0.001, 0.01")
    assert not card.error.isVisible()
    session.undo()
    session.undo()
    assert len(vary(session)) == 1
    assert len(page.cards) == 1


def test_the_menu_offers_what_is_not_varied_yet(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    page.open_adding()
    menu = page.findChild(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert menu is not None
    groups = entries(menu)
    memory = groups["Gated delta rule"].menu()
    assert "Component" not in entries(memory), "it is varied already"
    entries(memory)["Heads"].trigger()
    assert vary(session)[1].set == "mem1.heads"
    menu.close()


def test_a_component_is_varied_and_gets_more_cases(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    session.edit("Do not vary", lambda document: edits.remove_axis(document, "memory"))
    assert page.none.isVisible()
    page.vary("mem1.component")
    assert [case.label for case in vary(session)[0].all_cases()] == ["Gated delta rule"]
    options = {case.label: case for case in page.cards[0]._options()}
    assert "Gated delta rule" not in options
    page.cards[0]._add_case(options["Attention"])
    assert [case.set for case in vary(session)[0].all_cases()][1] == {"mem1.component": "sequence.attention"}
    assert page.count.text() == "2 sequence memories × 2 seeds = 4 runs"


def test_cases_are_labelled_set_and_left_out(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    page.cards[0].open()
    row = page.cards[0].rows[0]
    type_in(qtbot, row.label, "full attention")
    assert vary(session)[0].all_cases()[0].label == "full attention"
    assert row.label.hasFocus()
    type_in(qtbot, row.label, "delta rule")
    assert "Another case" in row.error.text()
    menu = entries(row.more.menu())
    also = menu["Also set"].menu()
    nodes = entries(also)
    attention = nodes["Attention"].menu()
    entries(attention)["Heads"].trigger()
    assert "mem1.heads" in vary(session)[0].all_cases()[0].set
    row = page.cards[0].rows[0]
    type_in(qtbot, row.fields["mem1.heads"].editor, "2")
    assert vary(session)[0].all_cases()[0].set["mem1.heads"] == 2
    type_in(qtbot, row.fields["mem1.heads"].editor, "1000")
    assert row.error.isVisible()
    assert vary(session)[0].all_cases()[0].set["mem1.heads"] == 2 or vary(session)[0].all_cases()[0].set["mem1.heads"] == 10
    cross = next(b for b in page.findChildren(QAbstractButton) if b.accessibleName().endswith("does not set heads"))
    cross.click()
    assert "mem1.heads" not in vary(session)[0].all_cases()[0].set


def test_cases_move_double_and_go(page: StudyPage, session: Session) -> None:
    page.cards[0].open()

    def labels() -> list[str]:
        return [case.label for case in vary(session)[0].all_cases()]

    entries(page.cards[0].rows[1].more.menu())["Move up"].trigger()
    assert labels() == ["delta rule", "attention"]
    entries(page.cards[0].rows[0].more.menu())["Duplicate"].trigger()
    assert labels() == ["delta rule", "delta rule 2", "attention"]
    entries(page.cards[0].rows[1].more.menu())["Remove"].trigger()
    assert labels() == ["delta rule", "attention"]
    entries(page.cards[0].rows[1].more.menu())["Show on the canvas"].trigger()
    assert session.document.node("mem1").component == "sequence.attention"


def test_axes_are_named_moved_and_taken_out(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    page.vary("learn.steps")
    type_in(qtbot, page.cards[1].name, "length")
    assert [axis.name for axis in vary(session)] == ["memory", "length"]
    assert page.cards[1].name.hasFocus()
    type_in(qtbot, page.cards[1].name, "memory")
    assert "Another axis" in page.cards[1].error.text() or vary(session)[1].name != "memory"
    entries(page.cards[1].more.menu())["Move up"].trigger()
    assert vary(session)[1].name == "memory"
    entries(page.cards[0].more.menu())["Write out as cases"].trigger()
    assert vary(session)[0].cases is not None
    entries(page.cards[0].more.menu())["Do not vary"].trigger()
    assert [axis.name for axis in vary(session)] == ["memory"]


def test_a_budget_says_what_it_comes_to_before_anything_runs(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    budget = page.cards[0].budget
    choose(budget.what.combo, "state_bytes")
    match = vary(session)[0].match
    assert match is not None
    assert (match.width, match.to) == ("mem1.key_width", "attention")
    qtbot.waitUntil(lambda: "key width" in page.cards[0].budget.found.text(), timeout=10_000)
    assert page.cards[0].budget.found.text().startswith("delta rule: key width")
    choose(page.cards[0].budget.to.combo, "delta rule")
    match = vary(session)[0].match
    assert match is not None
    assert match.to == "delta rule"
    choose(page.cards[0].budget.by.combo, "embed.width")
    qtbot.waitUntil(lambda: bool(page.cards[0].budget.refused.text() or page.cards[0].problem.text), timeout=10_000)
    choose(page.cards[0].budget.what.combo, "none")
    assert vary(session)[0].match is None
    assert not page.cards[0].budget.found.isVisibleTo(page)


class Times:
    """Steps whose time follows from the width alone, in the place of measured ones."""

    def __enter__(self) -> Times:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing was started."""

    def __call__(self, document: Document) -> float:
        return 0.001 * float(document.node("mem1").values.get("key_width", 8))


def test_step_time_is_measured_before_anything_runs(
    page: StudyPage, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_times, "StepTimes", Times)
    choose(page.cards[0].budget.what.combo, "step_time")
    budget = page.cards[0].budget
    page.cards[0].open()
    page.cards[0].shared.head.setChecked(True)
    qtbot.waitUntil(lambda: "when the study is started" in budget.found.text(), timeout=10_000)
    assert budget.measure.isVisible()
    budget.measure.click()
    assert not budget.measure.isEnabled()
    qtbot.waitUntil(lambda: budget.found.text().startswith("delta rule: key width 8, 8 ms a step"), timeout=10_000)
    assert not budget.measure.isVisible()
    assert session.history.undo_name == "Measure step time"
    session.edit("Narrower", lambda document: edits.set_value(document, "mem1.key_width", 4, session.catalogue))
    assert budget.measure.isVisible(), "what was measured was another experiment"


def test_an_axis_is_tuned_over_a_range(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    page.vary("learn.rate")
    card = page.cards[1]
    card.shared.head.setChecked(True)
    card.tuning.on.check.setChecked(True)
    tuned = vary(session)[1].tuned
    assert tuned is not None
    choose(card.tuning.form.fields["method"].editor, "random")  # type: ignore[arg-type]
    type_in(qtbot, card.tuning.form.fields["trials"].editor, "6")
    tuned = vary(session)[1].tuned
    assert tuned is not None
    assert (tuned.method, tuned.trials) == ("random", 6)
    assert card.values is not None
    type_in(qtbot, card.values, "log 1e-4 .. 1e-2, 5")
    assert vary(session)[1].range == Range(low=1e-4, high=1e-2, log=True, points=5)
    assert "trials" in page.count.text()
    card.tuning.on.check.setChecked(False)
    assert vary(session)[1].tuned is None
    assert len(vary(session)[1].values or ()) == 5


def test_when_the_study_ends_early(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    type_in(qtbot, page.limits.fields["minutes"].editor, "12")
    assert session.document.run.minutes == 12
    line = page.limits.fields["minutes"].editor
    assert isinstance(line, QLineEdit)
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Backspace)
    assert session.document.run.minutes is None
    page.limits.fields["give_up"].editor.click()  # type: ignore[attr-defined]
    assert session.document.run.hopeless == Hopeless()
    type_in(qtbot, page.hopeless.fields["after"].editor, "4")
    assert session.document.run.hopeless is not None
    assert session.document.run.hopeless.after == 4
    type_in(qtbot, page.seeds.fields["data_seed"].editor, "7")
    assert session.document.run.data_seed == 7


def test_problems_stand_at_their_axis(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    broken = Axis(name="gone", set="nowhere.width", values=[1, 2])
    session.edit("Break", lambda document: edits.set_axis(document, broken))
    qtbot.waitUntil(lambda: len(page.cards) == 2 and page.cards[1].problem.isVisible(), timeout=10_000)
    assert "nowhere" in page.cards[1].problem.text
    assert not page.cards[0].problem.isVisible()
    mend = next(b for b in page.cards[1].problem.findChildren(QAbstractButton) if "nowhere" in b.text())
    mend.click()
    assert [axis.name for axis in vary(session)] == ["memory"]


def test_what_ends_the_study_wrongly_is_said_there(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    session.edit("Break", lambda document: edits.set_run(document, hopeless=Hopeless(measure="recall")))
    qtbot.waitUntil(lambda: "recall" in page.ending.text, timeout=10_000)
    assert page.ending.isVisible()
    session.undo()
    qtbot.waitUntil(lambda: not page.ending.isVisible(), timeout=10_000)


def test_the_keyboard_stays_where_it_is_when_cards_are_made_anew(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    page.cards[0].open()
    page.cards[0].rows[1].label.setFocus()
    session.edit("Vary", lambda document: edits.set_axis(document, Axis(name="steps", set="learn.steps", values=[1, 2])))
    focus = page.window().focusWidget()
    assert focus is not None
    assert focus.accessibleName() == "Label of case 2"
    assert page.cards[0].is_open


def test_an_empty_document_has_nothing_to_vary(session_of: SessionOf, qtbot: QtBot) -> None:
    page = StudyPage(session_of(Document()))
    qtbot.addWidget(page)
    assert page.count.text() == "1 run"
    page.vary("mem1.heads")
    assert "mem1" in page.problem.text


def test_the_keyboard_stays_in_its_case_when_that_is_made_anew(page: StudyPage, session: Session, qtbot: QtBot) -> None:
    page.cards[0].open()
    page.cards[0].rows[1].label.setFocus()
    session.edit(
        "Swap", lambda document: axis_edits.set_in_case(document, "memory", 1, "mem1.component", "sequence.lstm", session.catalogue)
    )
    session.edit("Also", lambda document: axis_edits.set_in_case(document, "memory", 1, "task.loads", [2], session.catalogue))
    focus = page.window().focusWidget()
    assert focus is page.cards[0].rows[1].label
    entries(page.cards[0].rows[1].more.menu())["Remove"].trigger()
    focus = page.window().focusWidget()
    assert focus is page.cards[0].head


def test_a_list_of_components_is_taken_from_the_canvas(page: StudyPage, session: Session) -> None:
    page.vary("learn.strategies")
    assert vary(session)[1].all_cases()[0].set == {"learn.strategies": []}
    replay = [{"component": "learner.replay", "values": {}}]
    session.edit("Replay", lambda document: edits.set_value(document, "learn.strategies", replay, session.catalogue))
    page.cards[1]._add_case(vary(session)[1].all_cases()[0])
    entries(page.cards[1].rows[1].more.menu())["Take strategies from the canvas"].trigger()
    assert vary(session)[1].all_cases()[0].set["learn.strategies"] == []
    assert vary(session)[1].all_cases()[1].set["learn.strategies"][0]["component"] == "learner.replay"
