"""One plot: where values lie, the pointer, zoom, log axes, hidden cells, figures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from memstudio.desktop import app, theme
from memstudio.desktop.live.figure import figure
from memstudio.desktop.live.plot import Plot
from memstudio.desktop.live.seen import Option, PlotSeen, Pointed, Track
from memstudio.library.overlays import Reference


def seen(**more: object) -> PlotSeen:
    x = np.array([2.0, 4.0, 8.0, 16.0])
    first = Track("a", 0, "attention, mean of 3 seeds", x, np.array([1.0, 0.9, 0.8, 0.7]), "main", x * 0 + 0.6, x * 0 + 1.1, True)
    second = Track("b", 1, "delta & <b>", x, np.array([0.5, 0.4, 0.3, 0.2]))
    wanted = {"title": "Recall", "x_name": "pairs", "y_name": "recall", "chosen": "r", "options": (Option("r", "by load"),)}
    return PlotSeen(**{**wanted, "tracks": (first, second), "share": True, **more})  # type: ignore[arg-type]


@pytest.fixture
def plot(qtbot: QtBot) -> Iterator[Plot]:
    app.application()
    theme.set_theme("light")
    made = Plot()
    made.resize(300, 220)
    made.show()
    made.show_seen(seen())
    yield made
    made.hide()
    delete(made)


def has_colour(plot: Plot, colour: str) -> bool:
    image, wanted = plot.grab().toImage(), QColor(colour)
    return any(
        abs(QColor(image.pixel(x, y)).red() - wanted.red()) < 12
        and abs(QColor(image.pixel(x, y)).green() - wanted.green()) < 12
        and abs(QColor(image.pixel(x, y)).blue() - wanted.blue()) < 12
        for x in range(image.width())
        for y in range(image.height())
    )


def test_curves_are_painted_where_their_values_lie(plot: Plot) -> None:
    at = plot.pixel_of(16.0, 0.7).toPoint()
    image = plot.grab().toImage()
    found = [QColor(image.pixel(at + QPoint(dx, dy))) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    assert any(colour.blue() > 150 and colour.red() < 80 for colour in found)
    assert plot.pixel_of(2.0, 0.5).y() > plot.pixel_of(2.0, 0.9).y()


def test_a_hidden_cell_is_not_painted(plot: Plot) -> None:
    colour = theme.current().curves[1].colour
    assert has_colour(plot, colour)
    plot.show_seen(seen(), frozenset({1}))
    assert not has_colour(plot, colour)
    assert "delta" not in plot.words


def test_the_pointer_says_what_lies_there(plot: Plot, qtbot: QtBot) -> None:
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.pointed == pytest.approx(16)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert plot.pointed == pytest.approx(8)
    said = plot._words.accessibleName()
    assert said.startswith("pairs 8;")
    assert "attention, mean of 3 seeds  0.8 ± 0.25" in said
    assert "delta & <b>  0.3" in said
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert plot.pointed is None
    assert plot._words.isHidden()


def test_the_mouse_moves_the_pointer_and_picks(plot: Plot, qtbot: QtBot) -> None:
    viewport = plot._view.viewport()
    at = plot.pixel_of(4.0, 0.5).toPoint() - plot._view.pos()
    qtbot.mouseMove(viewport, at)
    qtbot.waitUntil(lambda: plot.pointed is not None)
    assert plot.pointed == pytest.approx(4)
    with qtbot.waitSignal(plot.picked) as picked:
        qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=at)
    assert picked.args[0] == pytest.approx(4, abs=0.2)


def test_zoom_is_kept_and_taken_back(plot: Plot, qtbot: QtBot) -> None:
    whole = plot._shown
    with qtbot.waitSignal(plot.zoomed) as zoomed:
        qtbot.keyClick(plot, Qt.Key.Key_Plus)
    assert zoomed.args == [True]
    near = plot._shown
    assert near != whole
    plot.show_seen(seen())
    assert plot._shown == near
    qtbot.keyClick(plot, Qt.Key.Key_0)
    assert np.array(plot._shown) == pytest.approx(np.array(whole))


def test_a_log_axis_spaces_factors_evenly_and_places_zero(plot: Plot) -> None:
    plot.show_seen(seen(), log_x=True)
    gaps = np.diff([plot.pixel_of(x, 0.5).x() for x in (2, 4, 8, 16)])
    assert gaps == pytest.approx([gaps[0]] * 3)
    track = Track("z", 0, "with zero", np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 0.9, 0.8, 0.7]))
    plot.show_seen(seen(tracks=(track,)), log_x=True)
    gaps = np.diff([plot.pixel_of(x, 0.5).x() for x in (0, 1, 2, 4)])
    assert gaps == pytest.approx([gaps[0]] * 3)


def test_values_that_are_not_finite_leave_a_gap(plot: Plot) -> None:
    y = np.array([1.0, np.nan, np.inf, 0.5])
    plot.show_seen(seen(tracks=(Track("n", 0, "gaps", np.arange(4.0), y),), share=False))
    plot.grab()
    assert plot._shown[1] == (0.0, pytest.approx(1.5))
    plot.show_seen(seen(tracks=(Track("n", 0, "none", np.arange(2.0), np.full(2, np.nan)),), share=False), log_y=True)
    plot.grab()


def test_lines_that_are_gone_leave_nothing(plot: Plot) -> None:
    before = len(plot._box.addedItems)
    for i in range(20):
        tracks = tuple(Track(("t", i, j), j, f"{j}", np.arange(5.0), np.arange(5.0), marked=True) for j in range(4))
        plot.show_seen(seen(tracks=tracks))
    plot.show_seen(seen())
    assert len(plot._box.addedItems) <= before


def test_nothing_is_said_so(plot: Plot) -> None:
    plot.show_seen(seen(tracks=()))
    assert plot.words == "Nothing measured yet"
    plot.grab()


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_figure_is_light_and_in_vectors(plot: Plot, kind: str, start: bytes) -> None:
    theme.set_theme("dark")
    made = figure(kind, "Recall, step 5", [(0, "attention"), (1, "delta & <b>")], plot.draw_figure, plot.size())
    theme.set_theme("light")
    assert made.startswith(start)
    if kind == "svg":
        text = made.decode()
        assert theme.current().curves[0].colour.lower() in text
        assert "polyline" in text
        assert "<image" not in text
        assert "Recall, step 5" in text


def test_another_kind_of_figure_is_refused(plot: Plot) -> None:
    with pytest.raises(ValueError, match="gif"):
        figure("gif", "", [], plot.draw_figure, plot.size())


def test_a_hundred_thousand_points_are_thinned_to_the_pixels(plot: Plot) -> None:
    x = np.arange(100_000.0)
    plot.show_seen(seen(tracks=(Track("long", 0, "long", x, np.sin(x)),), share=False, x_end=100_000.0))
    plot.grab()
    drawn = plot._lines["long"].drawn()
    assert len(drawn[0]) <= 4 * plot.width()
    assert drawn[1].max() == pytest.approx(1.0, abs=1e-3)


def drag(qtbot: QtBot, plot: Plot, start: QPoint, end: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Drags over the plot as a person does, in several moves."""
    viewport = plot._view.viewport()
    # as fast as this no hand is: pyqtgraph would leave moves out
    pg.setConfigOption("mouseRateLimit", -1)

    def send(kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        QApplication.sendEvent(viewport, QMouseEvent(kind, at, viewport.mapToGlobal(at), button, held, keys))

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    send(QEvent.Type.MouseButtonPress, QPointF(start), left, left)
    for share in (0.3, 0.6, 0.9, 1.0):
        send(QEvent.Type.MouseMove, QPointF(start) + QPointF(end - start) * share, none, left)
    send(QEvent.Type.MouseButtonRelease, QPointF(end), left, none)


def test_a_drag_zooms_to_what_it_draws(plot: Plot, qtbot: QtBot) -> None:
    offset = plot._view.pos()
    start, end = plot.pixel_of(4.0, 0.9).toPoint() - offset, plot.pixel_of(12.0, 0.4).toPoint() - offset
    with qtbot.waitSignal(plot.zoomed):
        drag(qtbot, plot, start, end)
    (x0, x1), (y0, y1) = plot._shown
    assert (x0, x1) == (pytest.approx(4, abs=0.2), pytest.approx(12, abs=0.2))
    assert (y0, y1) == (pytest.approx(0.4, abs=0.02), pytest.approx(0.9, abs=0.02))
    drag(qtbot, plot, QPoint(60, 40), QPoint(100, 40), Qt.KeyboardModifier.ShiftModifier)
    (moved, end_x), _ = plot._shown
    assert moved < x0
    assert end_x - moved == pytest.approx(x1 - x0), "with Shift it is pushed, not zoomed"
    qtbot.mouseDClick(plot._view.viewport(), Qt.MouseButton.LeftButton)
    assert plot._shown[0][1] > 16


def test_a_drag_along_one_axis_zooms_that_alone(plot: Plot, qtbot: QtBot) -> None:
    before = plot._shown
    offset = plot._view.pos()
    drag(qtbot, plot, plot.pixel_of(4.0, 0.5).toPoint() - offset, plot.pixel_of(12.0, 0.5).toPoint() - offset)
    assert plot._shown[0] == (pytest.approx(4, abs=0.2), pytest.approx(12, abs=0.2))
    assert plot._shown[1] == pytest.approx(before[1])


def test_the_crosshair_says_its_height_and_tells_the_legend(plot: Plot, qtbot: QtBot) -> None:
    told: list[object] = []
    plot.pointed_at.connect(told.append)
    at = plot.pixel_of(8.0, 0.5).toPoint() - plot._view.pos()
    viewport, none = plot._view.viewport(), Qt.MouseButton.NoButton
    place = QPointF(at)
    moved = QMouseEvent(QEvent.Type.MouseMove, place, viewport.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(viewport, moved)
    assert plot._across.isVisible()
    assert plot._across.value() == pytest.approx(0.5, abs=0.02)
    assert told[-1] == Pointed("pairs 8", ((0, "0.8"), (1, "0.3")))
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    assert told[-1] is None
    assert not plot._across.isVisible()


def test_lines_that_are_no_cells_do_not_reach_the_legend(plot: Plot, qtbot: QtBot) -> None:
    told: list[Pointed] = []
    plot.show_seen(seen(by_task=True))
    plot.pointed_at.connect(told.append)
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert told[-1].values == ()


def test_one_cell_stands_out(plot: Plot) -> None:
    plot.light(0)
    assert plot._lines["b"].line.opacity() < 0.3
    assert plot._lines["a"].line.opacity() == 1.0
    lit = plot.grab().toImage()
    plot.show_seen(seen())
    assert plot._lines["b"].line.opacity() < 0.3, "new points change nothing of it"
    plot.light(None)
    assert plot._lines["b"].line.opacity() == 1.0
    assert plot.grab().toImage() != lit


def test_what_is_held_against_is_painted_and_said(plot: Plot, qtbot: QtBot) -> None:
    x = np.array([2.0, 4.0, 8.0, 16.0])
    held = (Reference("theory", x, x * 0 + 0.95), Reference("these keys", x, x * 0 + 0.05))
    before = plot.grab().toImage()
    plot.show_seen(seen(reference=held[0], references=held[1:]))
    assert plot.grab().toImage() != before
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert "theory  0.95; these keys  0.05" in plot._words.accessibleName()


def test_the_histogram_is_said(plot: Plot, qtbot: QtBot) -> None:
    bars = (np.array([0.0, 5.0, 20.0]), np.array([0.25, 0.75]))
    plot.show_seen(seen(bars=bars))
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Left)
    assert "75 % of answers here" in plot._words.accessibleName()


def test_many_lines_are_one_pixel_wide_and_few_are_not(plot: Plot) -> None:
    def lines(n: int) -> tuple[Track, ...]:
        return tuple(Track(("t", i), i, f"{i}", np.arange(5.0), np.full(5, float(i))) for i in range(n))

    plot.show_seen(seen(tracks=lines(50), share=False))
    assert plot._lines[("t", 0)].line._pen.widthF() == 1.0
    plot.show_seen(seen(tracks=lines(3), share=False))
    assert plot._lines[("t", 0)].line._pen.widthF() > 1.5


def test_an_extreme_is_never_thinned_away(plot: Plot) -> None:
    x = np.arange(100_000.0)
    y = np.zeros_like(x)
    y[77_777] = 1.0
    plot.show_seen(seen(tracks=(Track("long", 0, "long", x, y),), share=False, x_end=100_000.0))
    plot.grab()
    drawn = plot._lines["long"].drawn()
    assert drawn[1].max() == 1.0
    assert abs(drawn[0][drawn[1].argmax()] - 77_777) < 1_000
    y[50_000:60_000] = np.nan
    plot.show_seen(seen(tracks=(Track("long", 0, "long", x, y.copy()),), share=False, x_end=100_000.0))
    plot.grab()
    assert plot._lines["long"].drawn()[1][np.isfinite(plot._lines["long"].drawn()[1])].max() == 1.0
