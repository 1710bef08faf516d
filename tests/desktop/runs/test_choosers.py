from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop.runs.choices import MEASURES, RUN, VARIES, columns_to_choose, names_to_group
from memstudio.desktop.runs.columns import BY_ID
from memstudio.desktop.runs.page import RunsPage


def groups(page: RunsPage) -> list[str]:
    return [page.model.index(line, 1).data() for line in range(page.model.rowCount()) if not isinstance(page.model.line(line), str)]


def group(qtbot: QtBot, page: RunsPage, *by: str) -> None:
    page.choosers.group(by)
    qtbot.waitUntil(lambda: page.model.by == by and page.model.rowCount() > 0, timeout=10_000)


def test_what_varies_stands_first_and_every_column_once(tmp_path: Path, uids: list[str]) -> None:
    with library.open(tmp_path / "library") as opened:
        known = opened.columns()
    choices = columns_to_choose(known)
    assert choices[0].section == VARIES
    assert {"mem1.component", "recall", "recall[load=16]", "environment.python", "seed", "note", "tag"} <= {c.id for c in choices}
    assert len({c.id for c in choices}) == len(choices)
    assert {choice.section for choice in choices if choice.id in BY_ID} == {RUN}
    assert next(choice for choice in choices if choice.id == "recall").section == MEASURES
    names = {choice.id for choice in names_to_group(known)}
    assert {"cell", "study", "seed", "mem1.component", "environment.python"} <= names
    assert not names & {"run", "recall", "queued", "note"}


def test_groups_show_mean_and_spread_and_unfold_to_their_runs(qtbot: QtBot, page: RunsPage) -> None:
    group(qtbot, page, "cell", "state")
    assert page.bar.counted.text() == f"{page.model.rowCount()} groups of {page.model.runs} runs"
    words = groups(page)
    at = words.index(next(word for word in words if "finished, 5 runs" in word or "finished" in word))
    found = page.model.line(at)
    assert found is not None
    assert not isinstance(found, str)
    ids = [column.id for column in page.model.columns]
    shown = page.model.index(at, ids.index("recall")).data()
    assert shown.startswith("0.720")
    assert ("±" in shown) == (found.measures["recall"].n > 1)
    before = page.model.rowCount()
    page.table.setCurrentIndex(page.model.index(at, 1))
    page.table.setFocus()
    qtbot.keyClick(page.table, Qt.Key.Key_Right)
    assert page.model.rowCount() == before + found.n
    qtbot.waitUntil(lambda: page.model.run(at + 1) is not None, timeout=5000)
    qtbot.keyClick(page.table, Qt.Key.Key_Left)
    assert page.model.rowCount() == before
    page.choosers.group_chooser.folded.emit(True)
    assert page.model.rowCount() == before + page.model.runs
    page.table.grab()


def test_a_chosen_group_stands_for_its_runs(qtbot: QtBot, page: RunsPage) -> None:
    group(qtbot, page, "state")
    line = next(i for i in range(page.model.rowCount()) if page.model.index(i, 1).data().startswith("finished"))
    page.table.selectRow(line)
    found = page.model.line(line)
    assert found is not None
    assert not isinstance(found, str)
    assert page.table.chosen_uids() == list(found.uids)
    assert page.selection.words.whole == f"{found.n} runs selected in 1 group"
    assert "recall 0.720" in page.details._empty.text()
    with qtbot.waitSignal(page.compare) as asked:
        page._actions["runs.compare"].trigger()
    assert asked.args == [(), found.uids]


def test_groups_are_chosen_kept_and_taken_away(qtbot: QtBot, page: RunsPage, uids: list[str]) -> None:
    page.choosers.open_groups()
    chooser = page.choosers.group_chooser
    qtbot.waitUntil(lambda: "Cell" in chooser.names.titles, timeout=10_000)
    chooser.names.turn("cell", True)
    qtbot.waitUntil(lambda: page.model.by == ("cell",), timeout=10_000)
    assert page.bar.group_button.text() == "By cell"
    qtbot.waitUntil(lambda: page._settings.get("runs.group") == ["cell"])
    page.choosers.sort("recall")
    assert page.model.query.sort == "recall"
    page.choosers.sort("seed")
    assert page.model.query.sort == "recall"  # groups have no order by what their runs say each
    chooser.ungroup_button.click()
    qtbot.waitUntil(lambda: page.model.by == () and page.model.rowCount() == len(uids), timeout=10_000)
    assert page.bar.group_button.text() == "Group"


def test_a_view_is_saved_applied_renamed_and_removed(qtbot: QtBot, page: RunsPage, tmp_path: Path, uids: list[str]) -> None:
    page.bar.field.setText("seed = 1")
    qtbot.waitUntil(lambda: page.model.rowCount() == 3, timeout=5000)
    page.show_state("finished")
    page.choosers.choose_columns(["title", "state", "recall"])
    page.choosers.sort("recall")
    panel = page.choosers.views_panel
    panel.name.setText("Seed one")
    panel.save_button.click()
    qtbot.waitUntil(lambda: panel.names == ["Seed one"], timeout=5000)
    assert page.bar.views_button.text() == "Seed one"
    page.clear_filter()
    page.choosers.choose_columns(None)
    qtbot.waitUntil(lambda: page.model.rowCount() == len(uids), timeout=5000)
    assert page.bar.views_button.text() == "Views"
    page.choosers.open_views()
    qtbot.waitUntil(panel.isVisible, timeout=5000)
    panel.list.setCurrentRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: {run.state for run in page.model.rows_of(page.model.listed)} == {"finished"}, timeout=5000)
    assert page.bar.field.text() == "seed = 1"
    assert [column.id for column in page.model.columns] == ["title", "state", "recall"]
    assert (page.model.query.sort, page.model.query.descending) == ("recall", True)
    panel._rename()
    panel.name.setText("First seed")
    panel.save_button.click()
    with library.open(tmp_path / "library") as opened:
        qtbot.waitUntil(lambda: list(opened.views()) == ["First seed"], timeout=5000)
        assert opened.views()["First seed"].more["state"] == "finished"
    qtbot.waitUntil(lambda: panel.names == ["First seed"], timeout=5000)
    panel.list.setCurrentRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: panel.names == [], timeout=5000)
    assert page.bar.views_button.text() == "Views"


@pytest.mark.parametrize("typed", ["mem1", "recall 16"])
def test_columns_are_found_by_typing(qtbot: QtBot, page: RunsPage, typed: str) -> None:
    page.choosers.open_columns()
    chooser = page.choosers.column_chooser
    qtbot.waitUntil(lambda: "mem1.component" in chooser.all.titles, timeout=10_000)
    chooser.all.field.setText(typed)
    assert chooser.all.titles
    assert all(word in title.lower() for title in chooser.all.titles for word in typed.split())
    chooser.all.field.setText("no such column")
    assert chooser.all.titles == []
    assert chooser.all.nothing.isVisible()
