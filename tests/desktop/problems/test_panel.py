from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from memstudio.desktop.problems.panel import MOST, ProblemsPanel
from memstudio.desktop.session import Session
from memstudio.experiment import edits
from memstudio.experiment.document import Document, Node
from tests.desktop.conftest import SessionOf
from tests.documents import recall


@pytest.fixture
def session(session_of: SessionOf) -> Session:
    """A document where tokens go straight into a memory."""
    broken = recall()
    broken["wires"] = [w for w in broken["wires"] if "embed" not in w["from"] + w["to"]]
    broken["nodes"] = [n for n in broken["nodes"] if n["id"] != "embed"]
    broken["wires"].append({"from": "task.tokens", "to": "mem1.sequence"})
    return session_of(broken)


@pytest.fixture
def panel(session: Session, qtbot: QtBot) -> ProblemsPanel:
    made = ProblemsPanel(session)
    qtbot.addWidget(made)
    made.show()
    return made


def test_each_problem_has_its_place_and_its_reason(panel: ProblemsPanel, session: Session) -> None:
    assert [row.reason.text() for row in panel.rows] == [p.reason for p in session.facts.problems]
    assert panel.rows[0].place.text() == "Gated delta rule"
    assert panel.rows[0].place.accessibleName() == "Go to Gated delta rule"


def test_a_click_asks_to_go_there(panel: ProblemsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.go) as gone:
        panel.rows[0].place.click()
    assert gone.args == ["mem1"]


def test_one_click_mends_and_undo_takes_it_back(panel: ProblemsPanel, session: Session, qtbot: QtBot) -> None:
    before = session.document
    row = next(row for row in panel.rows if row.mends)
    row.mends[0].click()
    assert any(node.component == "encoder.token_embedding" for node in session.document.nodes)
    qtbot.waitUntil(lambda: session.settled)
    assert session.facts.errors == ()
    assert panel.heading.text() == "No problems"
    session.undo()
    assert session.document == before


def test_after_another_edit_a_mend_works_on_the_document_as_it_is(panel: ProblemsPanel, session: Session, qtbot: QtBot) -> None:
    session.edit("Title", lambda d: edits.set_title(d, "Kept"))
    qtbot.waitUntil(lambda: session.settled)
    next(row for row in panel.rows if row.mends).mends[0].click()
    assert session.document.title == "Kept"


def test_problems_of_nothing_are_those_of_the_experiment(session_of: SessionOf, qtbot: QtBot) -> None:
    session = session_of(Document())
    panel = ProblemsPanel(session)
    qtbot.addWidget(panel)
    assert panel.rows[0].place.text() == "The experiment"
    with qtbot.waitSignal(panel.go) as gone:
        panel.rows[0].place.click()
    assert gone.args == [""]


def test_hundreds_of_problems_are_counted_not_listed(session_of: SessionOf, qtbot: QtBot) -> None:
    nodes = [Node(id=f"m{i}", component="sequence.attention", place=(i * 10.0, 0)) for i in range(MOST + 30)]
    panel = ProblemsPanel(session_of(Document(nodes=nodes)))
    qtbot.addWidget(panel)
    assert len(panel.rows) == MOST


@pytest.fixture
def several(session_of: SessionOf, qtbot: QtBot) -> ProblemsPanel:
    """Two wires are missing, and a component is not known."""
    broken = recall()
    broken["wires"] = [w for w in broken["wires"] if w["to"] not in ("embed.tokens", "recall.trained")]
    broken["nodes"].append({"id": "lost", "uid": "t0000000000a", "component": "sequence.not_here", "values": {"heads": 3}})
    made = ProblemsPanel(session_of(broken))
    qtbot.addWidget(made)
    made.resize(900, 240)
    made.show()
    return made


def test_all_that_can_be_mended_is_mended_as_one_edit(several: ProblemsPanel, qtbot: QtBot) -> None:
    session, said = several.session, []
    session.message.connect(said.append)
    before = session.document
    assert several.heading.text().startswith("3 problems")
    qtbot.mouseClick(several.all_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.document is not before and session.settled, timeout=5000)
    assert session.history.undo_name == "Mend 2 problems"
    assert said[-1].text == "2 problems mended. 1 problem left. Undo takes it back."
    assert "lost" in session.document.by_id, "what would remove a component is left to the person"
    assert not several.all_button.isVisible()
    session.undo()
    assert session.document == before


def test_what_was_edited_while_all_were_mended_is_not_lost(several: ProblemsPanel, qtbot: QtBot) -> None:
    session = several.session
    several.mend_all()
    session.edit("Title", lambda d: edits.set_title(d, "Kept"))
    qtbot.waitUntil(lambda: session.history.undo_name.startswith("Mend"), timeout=5000)
    assert session.document.title == "Kept"


def test_nothing_that_could_be_mended_alone_is_said(session_of: SessionOf, qtbot: QtBot) -> None:
    lost = [Node(id=f"lost{i}", component="sequence.not_here", place=(i * 200.0, 0)) for i in range(2)]
    session = session_of(Document(nodes=lost))
    panel, said = ProblemsPanel(session), []
    qtbot.addWidget(panel)
    session.message.connect(said.append)
    panel.mend_all()
    qtbot.waitUntil(lambda: bool(said), timeout=5000)
    assert said[0].text.startswith("None of these can be mended without you")
    assert not session.history.can_undo


def test_the_arrows_walk_problems_and_enter_goes_there(several: ProblemsPanel, qtbot: QtBot) -> None:
    qtbot.waitExposed(several)
    several.activateWindow()
    first, second = several.rows[:2]
    first.place.setFocus()
    qtbot.waitUntil(first.place.hasFocus, timeout=2000)
    qtbot.keyClick(first.place, Qt.Key.Key_Down)
    assert second.place.hasFocus()
    qtbot.keyClick(second.place, Qt.Key.Key_Right)
    assert second.mends[0].hasFocus()
    qtbot.keyClick(second.mends[0], Qt.Key.Key_Left)
    qtbot.keyClick(second.place, Qt.Key.Key_Up)
    qtbot.keyClick(first.place, Qt.Key.Key_Up)
    assert first.place.hasFocus()
    with qtbot.waitSignal(several.go):
        qtbot.keyClick(first.place, Qt.Key.Key_Space)


def test_a_press_on_the_reason_goes_there_too(panel: ProblemsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.go) as gone:
        qtbot.mouseClick(panel.rows[0].reason, Qt.MouseButton.LeftButton)
    assert gone.args == ["mem1"]


def test_a_wrong_value_leads_to_its_field_and_an_axis_to_the_study(session_of: SessionOf, qtbot: QtBot) -> None:
    broken = recall()
    broken["nodes"][2]["values"]["heads"] = -4
    broken["run"]["vary"] = [{"name": "empty", "cases": []}]
    panel = ProblemsPanel(session_of(broken))
    qtbot.addWidget(panel)
    value = next(row for row in panel.rows if row.problem.parameter == "heads")
    gone: list[str] = []
    panel.go.connect(gone.append)
    panel.go_field.connect(gone.append)
    value.place.click()
    assert gone == ["mem1", "mem1.heads"]
    axis = next(row for row in panel.rows if row.problem.parameter == "vary")
    with qtbot.waitSignal(panel.go_study):
        axis.place.click()


def test_with_no_problem_it_says_what_can_be_done(session_of: SessionOf, qtbot: QtBot) -> None:
    panel = ProblemsPanel(session_of(recall()))
    qtbot.addWidget(panel)
    assert not panel.rows
    assert panel.heading.text() == "No problems"
    assert "Nothing is in the way of a run. Run (F5) starts it." in [one.text() for one in panel.area.widget().findChildren(QLabel)]


BROKEN: dict[str, dict[str, Any]] = {
    "wire": {"wires": "embed.tokens"},
    "value": {"node": ("mem1", {"heads": -4})},
    "unknown value": {"node": ("mem1", {"headz": 4})},
    "misspelt": {"component": ("mem1", "sequence.gated_deltane")},
    "device": {"run": {"device": "toaster"}},
    "axis": {"run": {"vary": [{"name": "both", "cases": [{"label": "a", "set": {"mem1.nothing": 1}}]}]}},
    "version": {"version": ("mem1", 900)},
}


@pytest.mark.parametrize("what", list(BROKEN))
def test_every_mend_is_one_edit_of_its_name_that_undo_takes_back(what: str, session_of: SessionOf, qtbot: QtBot) -> None:
    broken, change = recall(), BROKEN[what]
    nodes = {node["id"]: node for node in broken["nodes"]}
    broken["wires"] = [w for w in broken["wires"] if w["to"] != change.get("wires")]
    broken["run"].update(change.get("run", {}))
    for key, name in (("node", "values"), ("component", "component"), ("version", "version")):
        if key in change:
            nodes[change[key][0]][name] = change[key][1]
    session = session_of(broken)
    panel = ProblemsPanel(session)
    qtbot.addWidget(panel)
    row = next(row for row in panel.rows if row.mends)
    for number in range(len(row.mends)):
        before, problem = session.document, row.problem
        panel.mend(problem.mends[number], problem)
        assert session.history.undo_name.startswith(problem.mends[number].title)
        assert session.document != before
        qtbot.waitUntil(lambda: session.settled, timeout=5000)
        assert problem.reason not in [one.reason for one in session.facts.problems]
        session.undo()
        assert session.document == before
