from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.runs.model import ROW
from memstudio.desktop.runs.page import RunsPage
from memstudio.desktop.window import Window
from memstudio.experiment.document import Document
from memstudio.experiment.studies import plan
from memstudio.library import Library
from tests.desktop import filled
from tests.desktop.opened import Opener


def titles(page: RunsPage) -> list[str]:
    return [run.title for row in range(page.model.rowCount()) if (run := page.model.run(row)) is not None]


def states(page: RunsPage) -> set[str]:
    return {run.state for row in range(page.model.rowCount()) if (run := page.model.run(row)) is not None}


def choose(qtbot: QtBot, page: RunsPage, uid: str) -> None:
    row = page.model.row_of(uid)
    assert row is not None
    page.table.selectRow(row)
    qtbot.waitUntil(lambda: page.details.details is not None and page.details.details.row.uid == uid, timeout=5000)


def uid_of(opened: Library, state: str) -> str:
    return opened.runs(state=state)[0].uid


def test_an_empty_library_says_what_to_do(qtbot: QtBot, window: Window) -> None:
    window.show_page("runs")
    qtbot.waitUntil(window.runs.empty.isVisible, timeout=5000)
    assert window.runs.empty.title.text() == "No runs yet"
    assert not window.runs.table.isVisible()


def test_every_run_stands_there_newest_first(page: RunsPage, uids: list[str]) -> None:
    assert page.bar.counted.text() == f"{len(uids)} runs"
    assert titles(page)[:3] == ["Stopped early", "Paused halfway", filled.LONG]


def test_measures_come_as_columns(page: RunsPage) -> None:
    heads = [page.model.headerData(i, Qt.Orientation.Horizontal) for i in range(page.model.columnCount())]
    assert heads == ["", "Experiment", "Cell", "State", "Seed", "Accuracy", "Recall", "ECE", "Took", "Queued"]
    at = heads.index("Recall")
    shown = [page.model.index(row, at).data() for row in range(page.model.rowCount())]
    assert "0.720" in shown


def test_a_click_on_a_head_sorts_and_another_turns_it_round(qtbot: QtBot, page: RunsPage) -> None:
    at = [column.id for column in page.model.columns].index("recall")
    page.choosers.sort("recall")
    qtbot.waitUntil(lambda: page.model.query.sort == "recall" and page.model.query.descending)
    column = [page.model.index(row, at).data() for row in range(3)]
    qtbot.waitUntil(lambda: page.model.index(0, at).data() == "0.720", timeout=5000)
    page.choosers.sort("recall")
    qtbot.waitUntil(lambda: page.model.index(0, at).data() == "0.072", timeout=5000)
    assert page.table.horizontalHeader().sortIndicatorSection() == at
    assert column


def test_sorting_needs_no_mouse(qtbot: QtBot, page: RunsPage) -> None:
    page.table.setFocus()
    entries = {action.text(): action for action in page.choosers.sort_menu().actions()}
    assert entries["Newest first"].isChecked()
    entries["Seed"].trigger()
    assert page.model.query.sort == "seed"
    descending = page.model.query.descending
    {action.text(): action for action in page.choosers.sort_menu().actions()}["Seed"].trigger()
    assert page.model.query.descending is not descending
    {action.text(): action for action in page.choosers.sort_menu().actions()}["Newest first"].trigger()
    assert page.model.query.sort == ""


def test_another_filter_shows_a_run_that_it_finds(qtbot: QtBot, page: RunsPage, uids: list[str]) -> None:
    choose(qtbot, page, uids[0])
    page.bar.field.setText("paused halfway")
    qtbot.waitUntil(lambda: page.details.title.whole == "Paused halfway", timeout=5000)
    assert page.table.chosen_uids() == [page.model.listed[0]]


def test_a_state_chip_chooses(qtbot: QtBot, page: RunsPage) -> None:
    chip = next(chip for chip in page.chips.states.buttons() if chip.objectName() == "finished")
    chip.click()
    qtbot.waitUntil(lambda: states(page) == {"finished"}, timeout=5000)


def test_typing_filters_and_a_mistake_is_said_where_the_table_was(qtbot: QtBot, page: RunsPage) -> None:
    page.bar.field.setText("recall > 0.5 and seed = 1")
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=5000)
    page.bar.field.setText("recal > 0.5")
    qtbot.waitUntil(lambda: page.bar.wrong.isVisible() and "did you mean recall" in page.bar.wrong.whole, timeout=5000)
    assert page.bar.field.property("wrong") == "true"
    page.bar.field.setText("paused halfway")
    qtbot.waitUntil(lambda: titles(page) == ["Paused halfway"], timeout=5000)
    assert page.table.isVisible()
    assert page.bar.field.property("wrong") == "false"


def test_nothing_found_says_so(qtbot: QtBot, page: RunsPage) -> None:
    page.bar.field.setText("seed = 77")
    qtbot.waitUntil(page.empty.isVisible, timeout=5000)
    assert page.empty.clear_button.isVisible()
    page.empty.clear_button.click()
    qtbot.waitUntil(page.table.isVisible, timeout=5000)
    assert page.bar.field.text() == ""


def test_details_show_what_was_measured(qtbot: QtBot, page: RunsPage, uids: list[str]) -> None:
    choose(qtbot, page, uids[0])
    details = page.details
    assert details.title.whole == "Who remembers under load"
    assert details.state.text() == "finished"
    assert dict(details.measures.pairs)["recall"] == "0.72"
    assert dict(details.facts.pairs)["Device"] == "cpu, 1 thread"
    assert details.note.toPlainText() == "the reference of all others"
    assert dict(details.parameters.pairs)["mem1"].startswith("sequence.")
    assert dict(details.sets.pairs)["mem1.component"].startswith("sequence.")
    assert not details.failure.isVisible()
    assert details.all_button.isVisible() == (len(details._measured) > len(details.measures.pairs))


def test_a_failure_shows_reason_advice_and_log(qtbot: QtBot, page: RunsPage, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        choose(qtbot, page, uid_of(opened, "failed"))
    assert page.details.failure.isVisible()
    assert page.details.failure.reason.text() == f"At learn: {filled.REASON}"
    assert "loss 0.075" in page.details.failure.log.toPlainText()
    assert page.details.resume_button.isVisible()
    assert not page.details.pause_button.isVisible()


def test_a_lost_run_says_that_it_can_go_on(qtbot: QtBot, page: RunsPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from memstudio.library import claims

    monkeypatch.setattr(claims, "_holder_lives", lambda row: False)
    with library.open(tmp_path / "library") as opened:
        (lost,) = opened.mark_lost()
    qtbot.waitUntil(lambda: "lost" in states(page), timeout=5000)
    choose(qtbot, page, lost)
    assert "Resume goes on from the last checkpoint" in page.details.failure.reason.text()


def test_resume_queues_again_and_the_page_follows(qtbot: QtBot, page: RunsPage, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        uid = uid_of(opened, "stopped")
        choose(qtbot, page, uid)
        page.details.resume_button.click()
        qtbot.waitUntil(lambda: opened.run(uid).state == "queued", timeout=5000)
        qtbot.waitUntil(lambda: page.details.state.text() == "queued", timeout=5000)
        assert page.details.stop_button.isVisible()
        page.details.stop_button.click()
        qtbot.waitUntil(lambda: opened.run(uid).state == "stopped", timeout=5000)


def test_pause_and_stop_reach_the_worker(qtbot: QtBot, page: RunsPage, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        uid = uid_of(opened, "running")
        choose(qtbot, page, uid)
        page.details.pause_button.click()
        page.details.stop_button.click()
        asked = "SELECT verb FROM command WHERE done IS NULL ORDER BY id"
        qtbot.waitUntil(lambda: [row[0] for row in opened._conn.execute(asked)] == ["pause", "stop"], timeout=5000)


def test_buttons_and_actions_fit_the_state(qtbot: QtBot, page: RunsPage, uids: list[str]) -> None:
    choose(qtbot, page, uids[0])
    actions = page._actions
    assert not any(actions[id].isEnabled() for id in ("runs.pause", "runs.resume", "runs.stop"))
    assert actions["runs.open"].isEnabled()
    choose(qtbot, page, uids[6])
    assert actions["runs.pause"].isEnabled()
    assert actions["runs.stop"].isEnabled()


def test_opening_a_run_shows_its_own_document_in_build(qtbot: QtBot, page: RunsPage, uids: list[str]) -> None:
    choose(qtbot, page, uids[1])
    window = page.window()
    assert isinstance(window, Window)
    page.details.open_button.click()
    qtbot.waitUntil(lambda: window.page_name == "build", timeout=5000)
    document: Document = window.session.document
    assert document.run.vary == []
    assert window.session.path is None


def test_a_star_is_given_and_taken(qtbot: QtBot, page: RunsPage, uids: list[str], tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        choose(qtbot, page, uids[0])
        page.details.star_button.click()
        qtbot.waitUntil(lambda: opened.run(uids[0]).starred, timeout=5000)
        qtbot.waitUntil(lambda: page.details.star_button.accessibleName() == "Take the star away", timeout=5000)
        page.table.setFocus()
        qtbot.keyClick(page.table, Qt.Key.Key_S)
        qtbot.waitUntil(lambda: not opened.run(uids[0]).starred, timeout=5000)


def test_the_table_follows_a_run(qtbot: QtBot, page: RunsPage, tmp_path: Path) -> None:
    with library.open(tmp_path / "library") as opened:
        submitted = filled.submit(opened, filled.single("Brand new"))
        qtbot.waitUntil(lambda: titles(page)[:1] == ["Brand new"], timeout=5000)
        shown = page.details.details
        assert shown is not None
        assert page.chosen()[0].uid == shown.row.uid
        choose(qtbot, page, submitted.runs[0])
        filled.work(opened, submitted.runs[0])
        qtbot.waitUntil(lambda: page.details.state.text() == "finished", timeout=5000)
        row = page.model.row_of(submitted.runs[0])
        assert row is not None
        assert page.model.index(row, 3).data(ROW).state == "finished"


def test_columns_are_chosen_moved_and_kept(qtbot: QtBot, page: RunsPage) -> None:
    page.choosers.open_columns()
    chooser = page.choosers.column_chooser
    qtbot.waitUntil(lambda: "recall[load=16]" in ids_to_choose(page), timeout=5000)
    chooser.all.turn("recall[load=16]", True)
    chooser.all.turn("seed", False)
    ids = [column.id for column in page.model.columns]
    assert ids.index("recall[load=16]") == ids.index("took") - 1
    assert "seed" not in ids
    chooser.shown.setCurrentRow(ids.index("recall[load=16]"))
    qtbot.keyClick(chooser.shown, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    moved = [column.id for column in page.model.columns]
    assert moved.index("recall[load=16]") == ids.index("recall[load=16]") - 1
    qtbot.waitUntil(lambda: page._settings.get("runs.columns") == moved)
    qtbot.waitUntil(lambda: any(page.model.index(row, moved.index("recall[load=16]")).data() for row in range(9)), timeout=5000)
    chooser.chosen.emit(None)
    assert "seed" in [column.id for column in page.model.columns]


def ids_to_choose(page: RunsPage) -> list[str]:
    return [choice.id for choice in page.choosers.column_chooser.all._choices]


def test_many_runs_are_read_as_they_come_into_sight(
    qtbot: QtBot, open_window: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library.open(tmp_path / "library") as opened:
        opened.submit(filled.single("Many"), plan(filled.single("Many"), filled.catalogue()) * 900)
    read: list[int] = []
    whole = Library.rows

    def rows(self: Library, uids: list[str]) -> object:
        read.append(len(uids))
        return whole(self, uids)

    window = open_window(tmp_path / "library")
    monkeypatch.setattr(Library, "rows", rows)
    window.show_page("runs")
    page = window.runs
    qtbot.waitUntil(lambda: page.model.rowCount() == 900 and page.model.run(0) is not None, timeout=20_000)
    page.table.scrollToBottom()
    qtbot.waitUntil(lambda: page.model.run(899) is not None, timeout=10_000)
    assert max(read) < 300
    assert page.model.run(450) is None


def test_a_read_only_library_only_shows(
    qtbot: QtBot, uids: list[str], open_window: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from memstudio.library import opening

    monkeypatch.setattr(opening, "_writable", lambda file: False)
    window = open_window(tmp_path / "library")
    assert window.messages.said is not None
    assert "read-only" in window.messages.said.text
    window.show_page("runs")
    qtbot.waitUntil(lambda: window.runs.details.details is not None, timeout=10_000)
    assert not window.runs.details.resume_button.isEnabled()
    assert not window.actions_["runs.resume"].isEnabled()
    assert window.runs.details.open_button.isEnabled()
