"""Reports, tables and figures for print from the window: asked for on Compare and Runs, written by a process of its own."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import app
from memstudio.desktop.reporting import Reporting, What
from memstudio.ground import launch
from tests.desktop.compare.conftest import TITLE, fill
from tests.desktop.opened import Opener, open_window

__all__ = ["open_window"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


@pytest.fixture
def studies(folder: Path) -> dict[str, str]:
    with library.open(folder) as opened:
        return fill(opened)


@pytest.fixture
def reporting(qtbot: QtBot, folder: Path) -> Iterator[Reporting]:
    app.application()
    made = Reporting(folder)
    yield made
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def said_of(reporting: Reporting) -> list[tuple[str, str, Any, Any]]:
    said: list[tuple[str, str, Any, Any]] = []
    reporting.said.connect(lambda *one: said.append(one))
    return said


def test_the_words_that_are_typed_for_us() -> None:
    what = What(("ab12", "cd34"), "Who remembers", "memory", "--odd", "recall[load=16]", "recall_by_load", 120)
    assert what.words("report") == ["report", "ab12", "cd34", "--baseline=--odd"]
    assert what.words("table") == ["compare", "ab12", "cd34", "--baseline=--odd", "--by=memory", "--measure=recall[load=16]"]
    assert what.words("figure")[-2:] == ["--figure=recall_by_load", "--width=120"]
    assert (what.file_name("report"), what.file_name("figure")) == ("who-remembers", "who-remembers-recall_by_load")
    assert What((), "../../<x>").file_name("table") == "x"
    assert What((), "…").file_name("table") == "table"


def test_a_report_is_written_and_offered(
    qtbot: QtBot, reporting: Reporting, studies: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = said_of(reporting)
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    place = tmp_path / "report.html"
    reporting.save("report", What((studies["three"],), TITLE, baseline="delta rule"), place)
    qtbot.waitUntil(lambda: bool(said) and said[-1][0].startswith("Saved"), timeout=60_000)
    assert said[0][0] == "Writing report.html"
    assert any(text.startswith("Drawing ") for text, *_ in said)
    assert said[-1][:2] == ("Saved report.html.", "info")
    assert "Differences to delta rule" in place.read_text("utf-8")
    for (words, deed), expected in zip(said[-1][2:], (tmp_path, place), strict=True):
        assert words in ("Show in folder", "Open it")
        deed()
        assert Path(opened[-1]) == expected


def test_a_figure_and_a_table(qtbot: QtBot, reporting: Reporting, studies: dict[str, str], tmp_path: Path) -> None:
    said = said_of(reporting)
    what = What((studies["three"],), TITLE, measure="recall", figure="recall_by_load", width=120)
    reporting.save("figure", what, tmp_path / "figure.svg")
    reporting.save("table", what, tmp_path / "table.csv")
    qtbot.waitUntil(lambda: said[-1][0] == "Saved table.csv.", timeout=60_000)
    assert "Saved figure.svg, with its data in figure.csv." in [text for text, *_ in said]
    assert next(csv.reader((tmp_path / "figure.csv").open())) == ["group", "load", "mean", "low", "high", "n"]
    assert {row["measure"] for row in csv.DictReader((tmp_path / "table.csv").open())} == {"recall"}


def test_what_went_wrong_is_said(qtbot: QtBot, reporting: Reporting, studies: dict[str, str], tmp_path: Path) -> None:
    said = said_of(reporting)
    reporting.save("report", What((studies["none"],)), tmp_path / "a.html")
    qtbot.waitUntil(lambda: said[-1][1] == "bad", timeout=60_000)
    assert said[-1][0].startswith("None of these runs has finished")
    reporting.save("report", What((studies["three"],)), tmp_path / "nowhere" / "a.html")
    qtbot.waitUntil(lambda: said[-1][0].startswith("There is no folder"), timeout=60_000)
    assert not list(tmp_path.glob("*.html"))


def test_a_process_that_dies_without_a_word(
    qtbot: QtBot, reporting: Reporting, studies: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = said_of(reporting)
    monkeypatch.setattr(launch, "command", lambda *words: [sys.executable, "-c", "import os; os._exit(7)"])
    reporting.save("report", What((studies["three"],)), tmp_path / "a.html")
    qtbot.waitUntil(lambda: said[-1][1] == "bad", timeout=60_000)
    assert said[-1][0] == "The program ended with code 7 and no word; nothing was written."


def test_closing_ends_what_is_being_written(
    qtbot: QtBot, folder: Path, studies: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.application()
    made = Reporting(folder)
    said = said_of(made)
    waits = "import sys, time; print('Drawing', file=sys.stderr, flush=True); time.sleep(600)"
    monkeypatch.setattr(launch, "command", lambda *words: [sys.executable, "-c", waits])
    made.save("report", What((studies["three"],)), tmp_path / "a.html")
    qtbot.waitUntil(lambda: said[-1][0] == "Drawing", timeout=60_000)
    made.close()
    assert made._process is not None
    assert made._process.poll() is not None
    made.save("report", What((studies["three"],)), tmp_path / "b.html")
    made.deleteLater()


def dialog_of(page: QWidget) -> QFileDialog:
    found = [one for one in page.findChildren(QFileDialog) if one.isVisible()]
    assert len(found) == 1
    return found[0]


def entries(menu: QMenu) -> dict[str, Any]:
    return {action.text(): action for action in menu.actions()}


def test_compare_offers_a_report_a_table_and_the_figures_that_are_shown(
    qtbot: QtBot, open_window: Opener, folder: Path, studies: dict[str, str], tmp_path: Path
) -> None:
    window = open_window(folder)
    page = window.stack.compare
    window.show_page("compare")
    assert not page.report_button.isVisible()
    page.show_study(studies["three"])
    qtbot.waitUntil(lambda: page.seen is not None and page.report_button.isVisible(), timeout=20_000)
    menu = page.report_menu()
    assert list(entries(menu)) == ["Report…", "Table…", "Figure for print"]
    for_print, *rest = menu.findChildren(QMenu)
    by_figure = {one.title(): one for one in rest}
    assert list(entries(for_print)) == list(by_figure)
    assert next(iter(by_figure)) == "Recall, by what was varied"
    assert {"Recall by load", "Calibration", "Accuracy matrix", "Forgetting, task by task"} <= set(by_figure)
    widths = by_figure["Recall by load"]
    assert list(entries(widths)) == ["Single column, 85 mm…", "One and a half columns, 120 mm…", "Both columns, 175 mm…"]
    widths.actions()[1].trigger()
    dialog = dialog_of(page)
    assert dialog.windowTitle() == "Save a figure for print"
    assert dialog.nameFilters()[0] == "PDF (*.pdf)"
    dialog.fileSelected.emit(str(tmp_path / "a.svg"))
    dialog.close()
    qtbot.waitUntil(lambda: window.messages.said is not None and window.messages.said.text.startswith("Saved a.svg"), timeout=60_000)
    assert window.messages.said is not None
    assert window.messages.said.action is not None
    assert window.messages.said.action[0] == "Show in folder"
    # 120 millimetres in points
    assert 'width="340.15' in (tmp_path / "a.svg").read_text("utf-8")


def test_every_figure_that_is_offered_can_be_made(qtbot: QtBot, open_window: Opener, folder: Path, studies: dict[str, str]) -> None:
    from memstudio.components.catalogue import catalogue
    from memstudio.desktop.compare.reported import figures, what
    from memstudio.report.asked import ask
    from memstudio.report.plates import plate

    window = open_window(folder)
    page = window.stack.compare
    window.show_page("compare")
    page.show_study(studies["three"])
    qtbot.waitUntil(lambda: page.seen is not None, timeout=20_000)
    assert page.seen is not None
    about = what(page.seen)
    with library.open(folder) as opened:
        asked = ask(opened, about.names, catalogue(), by=about.by or None, baseline=about.baseline)
        for name, _ in figures(page.seen):
            assert plate(opened, asked, name, about.measure, known=catalogue()).rows


def test_runs_offer_a_report_of_what_is_chosen(qtbot: QtBot, open_window: Opener, folder: Path, studies: dict[str, str]) -> None:
    window = open_window(folder)
    page = window.stack.runs
    window.show_page("runs")
    qtbot.waitUntil(lambda: page.model.rowCount() > 0, timeout=20_000)
    asked: list[tuple[str, What]] = []
    page.report_asked.connect(lambda kind, what: asked.append((kind, what)))
    page.table.selectAll()
    qtbot.waitUntil(lambda: len(page.commands.uids()) > 1, timeout=5_000)
    assert "Report…" in entries(page.commands.menu())
    window.actions_["runs.report"].trigger()
    kind, what = asked[-1]
    assert (kind, set(what.names)) == ("report", set(page.commands.uids()))
    dialog_of(page).close()
