"""The panel of what was varied: lines, dots and heat map, read by mouse and keyboard, saved as data and as figures."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from memstudio import library
from memstudio.desktop import theme
from memstudio.desktop.compare.figure_view import FigureView
from memstudio.desktop.compare.page import ComparePage
from memstudio.desktop.compare.seen import Seen, StudySeen
from tests.desktop.compare.conftest import Opener
from tests.library.compared import HEADS, MEMORY, WIDTH, factorial, recalls, study


def shown(qtbot: QtBot, page: ComparePage) -> Seen:
    """What is shown once everything asked was answered."""
    qtbot.waitUntil(lambda: page.seen is not None and page.seen.wish == page.wish, timeout=20_000)
    assert page.seen is not None
    return page.seen


def study_of(page: ComparePage) -> StudySeen:
    assert page.seen is not None
    assert page.seen.study is not None
    return page.seen.study


def choose(qtbot: QtBot, page: ComparePage, form: str) -> FigureView:
    """Shows the figure in another form, as its chooser does."""
    page.board.panels["study"].second.chosen.emit(form)
    shown(qtbot, page)
    return page.board.study.view


def test_lines_over_a_number_with_a_legend_of_their_own(figure_page: ComparePage) -> None:
    body, found = figure_page.board.study, study_of(figure_page)
    assert (found.kind, found.form) == ("lines", "lines:1:")
    assert [one.title for one in found.forms] == ["Lines over key width", "Dots", "Heat map"]
    assert body.plot is not None
    assert body.shown is body.plot
    assert [entry.text() for entry in body.legend.entries] == ["attention", "delta rule"]
    assert body.plot.seen.log_x
    assert [track.x.tolist() for track in body.plot.seen.tracks if track.style == "main"] == [[1, 2, 4], [1, 2, 4]]
    # the cell that lacks a seed has a small mark, and that is said
    assert [(track.name, track.x.tolist()) for track in body.plot.seen.tracks if track.style == "small"] == [
        ("delta rule, fewer seeds", [4])
    ]
    assert body.notes.text() == "Small marks: fewer than 3 seeds (delta rule, key width 4)."


def test_the_interval_is_within_the_axis(figure_page: ComparePage) -> None:
    plot = figure_page.board.study.plot
    assert plot is not None
    highest = max(float(track.high.max()) for track in plot.seen.tracks if track.high is not None)
    assert plot.pixel_of(1, highest).y() >= plot.pixel_of(1, plot._shown[1][1]).y()


def test_the_legend_hides_a_case(qtbot: QtBot, figure_page: ComparePage) -> None:
    body = figure_page.board.study
    figure_page.board.scrolled.ensureWidgetVisible(figure_page.board.panels["study"])
    qtbot.mouseClick(body.legend.entries[1], Qt.MouseButton.LeftButton)
    assert body.plot is not None
    assert body.plot._hidden == {1}
    view = choose(qtbot, figure_page, "dots:0:")
    # dots have the widths in their legend: everything is shown again
    assert [entry.text() for entry in body.legend.entries] == ["key width 1", "key width 2", "key width 4"]
    assert len(view.placed()) == 6


def test_dots_are_read_with_the_arrow_keys(qtbot: QtBot, figure_page: ComparePage) -> None:
    view = choose(qtbot, figure_page, "dots:0:")
    assert figure_page.board.study.notes.text().startswith("Hollow: fewer than 3 seeds")
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.said.text().splitlines()[0] == "attention, key width 1"
    assert view.said.text().splitlines()[1] == "0.31, 95 % interval 0.29 to 0.33, 3 seeds"
    for _ in range(9):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.said.text().splitlines()[0] == "delta rule, key width 4"
    assert view.said.text().splitlines()[2] == "2 of 3 runs finished; only 2 seeds"
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.said.isHidden()


def test_a_heat_map_has_large_numbers_above_and_is_read_by_mouse(qtbot: QtBot, figure_page: ComparePage) -> None:
    view = choose(qtbot, figure_page, "heat:1:")
    figure_page.board.scrolled.ensureWidgetVisible(figure_page.board.panels["study"])
    assert not figure_page.board.study.legend.isVisible()
    placed = view.placed()
    assert [one.cell.label for one in placed] == [f"{m}, key width {w}" for m in ("attention", "delta rule") for w in (1, 2, 4)]
    assert len({round(one.area.top()) for one in placed}) == 2
    qtbot.mouseMove(view, placed[4].area.center().toPoint())
    qtbot.waitUntil(lambda: view.said.text().startswith("delta rule, key width 2\n0.21"), timeout=2000)
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.said.text().startswith("delta rule, key width 4\n")
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert view.said.text().startswith("attention, key width 4\n")


def test_another_measure(qtbot: QtBot, figure_page: ComparePage) -> None:
    chooser = figure_page.board.panels["study"].chooser
    assert chooser.now == "recall"
    chooser.chosen.emit("ece")
    shown(qtbot, figure_page)
    assert study_of(figure_page).figure.measure == "ece"
    # the table keeps its own
    assert figure_page.seen is not None
    assert figure_page.seen.measure == "recall"


def test_three_axes_offer_their_pairs(qtbot: QtBot, figure_page: ComparePage, folder: Path) -> None:
    with library.open(folder) as opened:
        uid = factorial(opened, [MEMORY, WIDTH, HEADS], lambda cases, seed: {"recall": 0.1 * seed}, seeds=2, title="Three axes").study or ""
    figure_page.show_study(uid)
    qtbot.waitUntil(lambda: figure_page.seen is not None and len(figure_page.seen.rows) == 12, timeout=20_000)
    titles = [one.title for one in study_of(figure_page).forms]
    assert titles[0] == "Lines over key width (memory and key width)"
    assert "Heat map (key width and heads)" in titles
    choose(qtbot, figure_page, "heat:0:key width|heads")
    assert [axis.name for axis in study_of(figure_page).figure.averaged] == ["memory"]
    assert figure_page.board.study.notes.text() == "Each value is a mean over memory, seed by seed."


@pytest.mark.parametrize("form", ["lines:1:", "dots:0:", "heat:1:"])
def test_it_is_saved_as_data_and_as_figures(qtbot: QtBot, figure_page: ComparePage, tmp_path: Path, form: str) -> None:
    choose(qtbot, figure_page, form)
    for kind, begins in (("csv", b"memory,key width,mean"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
        file = tmp_path / f"study.{kind}"
        with qtbot.waitSignal(figure_page.said, timeout=10_000):
            figure_page.save_panel("study", kind, file)
        assert file.read_bytes().startswith(begins), kind
    rows = list(csv.DictReader(io.StringIO((tmp_path / "study.csv").read_text())))
    assert len(rows) == 6
    assert rows[1] == {**rows[1], "memory": "attention", "key width": "1", "seeds": "3"}
    assert not QImage(str(tmp_path / "study.png")).isNull()


def test_one_cell_has_no_figure(qtbot: QtBot, open_page: Opener, folder: Path) -> None:
    with library.open(folder) as opened:
        uid = study(opened, {"": recalls(0.1, 0.2)}, title="One cell").study or ""
    page = open_page()
    page.show_study(uid)
    qtbot.waitUntil(lambda: page.seen is not None, timeout=20_000)
    assert page.seen is not None
    assert page.seen.study is None
    assert not page.board.panels["study"].isVisible()


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("form", ["dots:0:", "heat:1:"])
def test_both_themes_paint_every_form(qtbot: QtBot, figure_page: ComparePage, name: str, form: str) -> None:
    theme.set_theme(name)
    view = choose(qtbot, figure_page, form)
    image = view.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    wanted = theme.current().curves[0].colour.lower()
    assert wanted in colours or form != "dots:0:"
    assert len(colours) > 5
