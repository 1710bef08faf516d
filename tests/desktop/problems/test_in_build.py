"""Problems on the Build page: where they lead, and what is not installed."""

from __future__ import annotations

import json

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from memstudio.desktop.build.page import BuildPage
from memstudio.desktop.inspector.document_page import DocumentPage
from memstudio.desktop.inspector.row import Row
from memstudio.experiment.entries import Catalogue, Unread
from memstudio.experiment.files import parse, to_text
from tests.desktop.conftest import SessionOf
from tests.documents import recall


def test_a_problem_leads_to_its_field_and_one_of_the_study_to_the_study(session_of: SessionOf, qtbot: QtBot) -> None:
    broken = recall()
    broken["nodes"][2]["values"]["heads"] = -4
    broken["run"]["vary"] = [{"name": "empty", "cases": []}]
    page = BuildPage(session_of(broken), None)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    with qtbot.waitExposed(page):
        page.show()
    page.activateWindow()
    page.show_problems(True)
    next(row for row in page.problems.rows if row.problem.parameter == "heads").place.click()
    assert page.session.selected == ("mem1",)
    row = next(row for row in page.inspector.findChildren(Row) if row.address == "mem1.heads")
    focus = QApplication.focusWidget()
    assert focus is not None
    assert row.isAncestorOf(focus)
    next(row for row in page.problems.rows if row.problem.parameter == "vary").place.click()
    assert page.session.selected == ()
    assert isinstance(page.inspector.page, DocumentPage)
    assert page.inspector.page.study.isVisible()


def test_a_component_that_is_not_installed_keeps_its_place_and_says_which_addon_would_bring_it(session_of: SessionOf, qtbot: QtBot) -> None:
    given = recall()
    given["nodes"][2]["component"] = "sequence.theirs"
    given["nodes"][2]["values"] = {"depth": 3, "inner": {"component": "sequence.other", "values": {"a": 1}}}
    session = session_of(given)
    page = BuildPage(session, None)
    qtbot.addWidget(page)
    card = page.canvas.view.items_of.nodes["mem1"].card
    assert (card.known, card.title, card.line) == (False, "sequence.theirs", "not installed")
    assert {plug.port for plug in card.plugs} == {"sequence"}, "its wires stay"
    known = session.catalogue
    plain = [entry.component for entry in known if entry.preset is None]
    session.join(Catalogue(known.families.values(), plain, [Unread("theirs", "layers.py is missing.", "refused", ("sequence.theirs",))]))
    qtbot.waitUntil(lambda: any("theirs would bring it" in row.reason.text() for row in page.problems.rows), timeout=10_000)
    (row,) = [row for row in page.problems.rows if row.problem.node == "mem1" and not row.problem.port]
    assert row.reason.text().endswith("The add-on theirs would bring it, and was refused: layers.py is missing.")
    again = parse(to_text(session.document), "x")
    assert json.loads(to_text(again)) == json.loads(to_text(session.document))
    assert again.node("mem1").values == given["nodes"][2]["values"]
