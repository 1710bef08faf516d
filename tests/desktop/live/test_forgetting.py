"""The Forgetting panel: what the library answers, and how it is shown, scrubbed, chosen and saved."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from memstudio.desktop.colours import ink_on, luminance
from memstudio.desktop.live.forgetting import AVERAGE, CELL, MATRIX, RETENTION, TASKS
from memstudio.desktop.live.look import Look
from memstudio.desktop.live.matrix_picture import MatrixPicture, colour
from memstudio.desktop.live.seen import MatrixSeen, PlotSeen, Wish
from memstudio.desktop.tokens import DARK, LIGHT, Tokens
from memstudio.library import Library
from tests.desktop.live.conftest import PanelOf, shown
from tests.desktop.live.written import STEPS, TASK_STEPS, Study, accuracy_of_task, of_cell

ATTENTION = "attention"


def learned(study: Study, run: str) -> None:
    study.begin(run)
    study.write_tasks(run, range(STEPS + 1))
    study.end(run)


def other_cell(study: Study) -> str:
    return next(row.cell for row in study.rows() if row.cell != ATTENTION)


def look(opened: Library, study: Study, what: str = "", cell: str = "", step: int | None = None) -> PlotSeen:
    return Look()(opened, Wish(study.uid, step=step, chosen={"forgetting": what, CELL: cell})).plots["forgetting"]


# ------------------------------------------------------------------------------------------ what the library answers


def test_there_is_none_without_accuracies_of_tasks(opened: Library, study: Study) -> None:
    study.whole(study.runs[0])
    assert "forgetting" not in Look()(opened, Wish(study.uid)).plots


def test_every_task_met_is_a_line_with_its_own_look(opened: Library, study: Study) -> None:
    run = of_cell(study, ATTENTION)[0]
    study.begin(run)
    study.write_tasks(run, range(TASK_STEPS + 51))
    # the two tasks to come were judged at the end of the first too
    assert "accuracy[task=4]" in opened.series_names(run)
    seen = look(opened, study)
    assert [(t.cell, t.name) for t in seen.tracks] == [(0, "task 1, seed 0"), (1, "task 2, seed 0")]
    assert seen.by_task
    assert seen.of == ATTENTION
    assert [(one.step, one.task) for one in seen.boundaries] == [(0, 1), (TASK_STEPS, 2)]
    first, second = seen.tracks
    assert first.y[-1] == pytest.approx(accuracy_of_task(0, TASK_STEPS + 50, 1))
    assert second.x[0] == TASK_STEPS
    assert seen.step is None


def test_finished_seeds_are_means_with_intervals(opened: Library, study: Study) -> None:
    for run in of_cell(study, ATTENTION):
        learned(study, run)
    seen = look(opened, study)
    assert [t.name for t in seen.tracks] == [f"task {n}, mean of 3 seeds" for n in (1, 2, 3, 4)]
    for task, track in enumerate(seen.tracks, 1):
        assert track.low is not None
        assert len(track.low) == len(track.x)
        assert track.x[0] >= (task - 1) * TASK_STEPS
        assert track.y[-1] == pytest.approx(accuracy_of_task(1, STEPS, task))


def test_another_cell_is_chosen_and_the_average_is_of_every_cell(opened: Library, study: Study) -> None:
    other = other_cell(study)
    for run in (*of_cell(study, ATTENTION), of_cell(study, other)[0]):
        learned(study, run)
    assert look(opened, study, cell=other).of == other
    assert look(opened, study, cell=other).cells == (ATTENTION, other)
    assert look(opened, study, cell="no such cell").of in (ATTENTION, other)
    average = look(opened, study, AVERAGE)
    assert [t.name for t in average.tracks] == [f"{ATTENTION}, mean of 3 seeds", other]
    assert [t.cell for t in average.tracks] == [0, 1]
    assert average.tracks[0].low is not None
    assert not average.by_task
    assert [o.id for o in average.options] == [TASKS, AVERAGE, MATRIX, RETENTION]


def test_the_matrix_is_that_of_the_step(opened: Library, study: Study) -> None:
    for run in of_cell(study, ATTENTION):
        learned(study, run)
    newest = look(opened, study, MATRIX)
    assert newest.matrix is not None
    assert newest.matrix.of == "mean of 3 seeds"
    assert newest.step == STEPS
    assert np.isfinite(newest.matrix.values).all()
    assert newest.matrix.values[3, 0] == pytest.approx(accuracy_of_task(1, STEPS, 1))
    earlier = look(opened, study, MATRIX, step=2 * TASK_STEPS + 30)
    assert earlier.matrix is not None
    assert earlier.step == 2 * TASK_STEPS
    assert np.isnan(earlier.matrix.values[2:]).all()
    assert earlier.matrix.rows == ("1", "2", "3", "4")
    seen = Look()(opened, Wish(study.uid, chosen={"forgetting": MATRIX}))
    assert seen.stored == tuple(TASK_STEPS * n for n in (1, 2, 3, 4))


def test_the_run_on_its_way_shows_its_own_matrix(opened: Library, study: Study) -> None:
    first, second, _ = of_cell(study, ATTENTION)
    learned(study, first)
    study.begin(second)
    study.write_tasks(second, range(TASK_STEPS + 1))
    seen = look(opened, study, MATRIX)
    assert seen.matrix is not None
    assert seen.matrix.of == "seed 1"
    assert seen.step == TASK_STEPS


# ------------------------------------------------------------------------------------------ the table


@pytest.mark.parametrize("t", [LIGHT, DARK])
def test_numbers_can_be_read_on_every_ground_and_higher_is_stronger(t: Tokens) -> None:
    grounds = [colour(share, t) for share in np.linspace(0, 1, 51).tolist()]
    for ground in grounds:
        light = sorted((luminance(ground), luminance(ink_on(ground))))
        assert (light[1] + 0.05) / (light[0] + 0.05) >= 4.5
    brightness = [luminance(ground) for ground in grounds]
    assert brightness == sorted(brightness, reverse=not t.dark)
    assert abs(colour(1.0, t).hue() - QColor(t.curves[0].colour).hue()) <= 2
    # the shares that most tasks reach are all written alike
    assert len({ink_on(colour(share, t)).name() for share in np.linspace(0.8, 1, 21).tolist()}) == 1


def table() -> MatrixSeen:
    return MatrixSeen(np.array([[0.9, np.nan], [0.4, 1.0]]), ("1", "2"), ("1", "2"), "after task", "task")


def test_the_table_leaves_blank_what_was_not_measured(qtbot: QtBot) -> None:
    picture = MatrixPicture()
    qtbot.addWidget(picture)
    picture.resize(300, 200)
    picture.show_seen(table())
    drawn = picture.grab().toImage()
    spot = [picture._cell_rect(row, column).topLeft().toPoint() for row, column in ((0, 0), (0, 1), (1, 1))]
    there, blank, full = (drawn.pixelColor(at.x() + 8, at.y() + 8) for at in spot)
    assert blank == drawn.pixelColor(2, 198)
    assert there != blank
    assert full.name() == colour(1.0, LIGHT).name()


def test_the_keyboard_says_each_place(qtbot: QtBot) -> None:
    picture = MatrixPicture()
    qtbot.addWidget(picture)
    picture.resize(300, 200)
    picture.show_seen(table())
    assert picture.accessibleDescription() == "Accuracy after task 2: task 1 0.40; task 2 1.00"
    qtbot.keyClick(picture, Qt.Key.Key_Down)
    assert picture.said.text() == "task 1, after task 1: 0.900"
    qtbot.keyClick(picture, Qt.Key.Key_Right)
    assert picture.said.text() == "task 2, after task 1: not measured"
    qtbot.keyClick(picture, Qt.Key.Key_Escape)
    assert picture.said.isHidden()


# ------------------------------------------------------------------------------------------ the panel


def choose(panel: object, title: str) -> None:
    menu = panel.strip.panels["forgetting"].chooser.menu()  # type: ignore[attr-defined]
    next(action for action in menu.actions() if action.text() == title).trigger()


def test_the_panel_shows_tasks_average_and_matrix_and_follows_the_slider(
    panel_of: PanelOf, study: Study, qtbot: QtBot, tmp_path: Path
) -> None:
    other = other_cell(study)
    for run in (of_cell(study, ATTENTION)[0], of_cell(study, other)[0]):
        learned(study, run)
    panel = panel_of()
    panel.follow(study.uid, study.runs)
    shown(qtbot, panel, lambda seen: "forgetting" in seen.plots)
    strip = panel.strip
    frame, plot = strip.panels["forgetting"], strip.plots["forgetting"]
    assert plot.isVisible()
    assert frame.second.isVisible()
    panel.legend.changed.emit(frozenset({0, 1}))
    assert len(plot._visible()) == 4
    panel.show_step(130)
    assert plot._time.isVisible()
    assert plot._time.value() == 130
    choose(panel, "matrix")
    seen = shown(qtbot, panel, lambda seen: seen.plots["forgetting"].matrix is not None)
    assert strip.matrix.isVisible()
    assert not plot.isVisible()
    assert seen.plots["forgetting"].step == TASK_STEPS
    assert frame.body.focusProxy() is strip.matrix
    assert strip.matrix.accessibleName() == "Forgetting"
    wanted = other if seen.plots["forgetting"].of == ATTENTION else ATTENTION
    frame.second.chosen.emit(wanted)
    shown(qtbot, panel, lambda seen: seen.plots["forgetting"].of == wanted)
    panel.show_step(3 * TASK_STEPS)
    shown(qtbot, panel, lambda seen: seen.plots["forgetting"].step == 3 * TASK_STEPS)
    for kind in ("csv", "svg"):
        with qtbot.waitSignal(panel.said):
            panel.save_panel("forgetting", kind, tmp_path / f"matrix.{kind}")
    rows = list(csv.DictReader((tmp_path / "matrix.csv").read_text().splitlines()))
    # two runs, three tasks have ended, four tasks were judged at each end
    assert len(rows) == 2 * 3 * 4
    assert {row["step"] for row in rows} == {str(3 * TASK_STEPS)}
    assert "after task" in (tmp_path / "matrix.svg").read_text()
    choose(panel, "average accuracy")
    shown(qtbot, panel, lambda seen: seen.plots["forgetting"].chosen == AVERAGE)
    assert plot.isVisible()
    assert frame.second.isHidden()
    choose(panel, "each task")
    shown(qtbot, panel, lambda seen: seen.plots["forgetting"].chosen == TASKS)
    for kind in ("csv", "svg"):
        with qtbot.waitSignal(panel.said):
            panel.save_panel("forgetting", kind, tmp_path / f"tasks.{kind}")
    measures = {row["measure"] for row in csv.DictReader((tmp_path / "tasks.csv").read_text().splitlines())}
    assert measures == {f"accuracy[task={n}]" for n in (1, 2, 3, 4)}
    assert "task 4" in (tmp_path / "tasks.svg").read_text()


def test_a_click_into_the_lines_goes_to_that_step(panel_of: PanelOf, study: Study, qtbot: QtBot) -> None:
    learned(study, study.runs[0])
    panel = panel_of()
    panel.show_run(study.runs[0])
    shown(qtbot, panel, lambda seen: "forgetting" in seen.plots)
    assert panel.strip.panels["forgetting"].second.isHidden()
    panel.strip.plots["forgetting"].picked.emit(210.0)
    assert panel.wish.step == 210
