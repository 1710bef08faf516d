"""Panels show all that is measured: every row of every curve, curves over training, tables, laws, smoothing, further series."""

from __future__ import annotations

import numpy as np
import pytest

from memstudio.desktop.live import tables
from memstudio.desktop.live.curves import choice
from memstudio.desktop.live.forgetting import RETENTION
from memstudio.desktop.live.learning import smoothed, span_of
from memstudio.desktop.live.look import NO_PROBES, SMOOTHING, Look
from memstudio.desktop.live.over_training import MAP, OF_MAP, TABLES
from memstudio.desktop.live.retention import retained
from memstudio.desktop.live.seen import Option, PlotSeen, Seen, Track, Wish
from memstudio.library import Library
from tests.desktop.live.written import CRITERIA, EVERY, LENGTHS, LOADS, SNR, STEPS, TABLE, TASKS, TOUCHED, Study, of_cell, recall

FEW = range(0, STEPS + 1, 100)


def look(opened: Library, study: Study, step: int | None = None, closed: frozenset[str] = frozenset(), **chosen: str) -> Seen:
    return Look()(opened, Wish(study.uid, step=step, chosen=chosen, closed=closed))


@pytest.fixture
def measured(study: Study) -> Study:
    """Two finished seeds of the first cell with everything."""
    for run in of_cell(study, "attention")[:2]:
        study.begin(run)
        study.write(run, range(STEPS + 1))
        study.write_more(run, FEW)
        study.write_tasks(run, range(STEPS + 1))
        study.end(run)
    return study


def test_trained_points_have_large_marks(opened: Library, measured: Study) -> None:
    seen = look(opened, measured, recall="recall_by_length").plots["recall"]
    large = [track for track in seen.tracks if track.style == "large"]
    assert [track.x.tolist() for track in large] == [[LENGTHS[0]]]
    assert seen.note == "large marks: trained"
    assert seen.reference is not None
    assert seen.reference.name == "chance"


def test_theory_and_these_keys_are_both_held_against(opened: Library, measured: Study) -> None:
    seen = look(opened, measured, other=SNR).plots["other"]
    held = [seen.reference, *seen.references]
    assert [(one.name, one.y.tolist()) for one in held if one is not None] == [("theory", [10, 7, 4]), ("these keys", [8, 5, 2])]


def test_points_with_names_are_marks_over_names(opened: Library, measured: Study) -> None:
    seen = look(opened, measured, other="capacity").plots["other"]
    assert seen.x_names == tuple(name.replace("_", " ") for name in CRITERIA)
    assert [(track.style, track.y.tolist()) for track in seen.tracks] == [("dots", [8.0, 4.0])]
    assert seen.reference is not None
    assert seen.reference.y.tolist() == [9, 7]


def test_further_rows_are_choices_of_their_own(opened: Library, measured: Study) -> None:
    overlap = choice("recall_by_noise", "overlap")
    seen = look(opened, measured, recall=overlap).plots["recall"]
    assert overlap in [one.id for one in seen.options]
    assert (seen.y_name, seen.tracks[0].y.tolist()) == ("overlap", [0.9, 0.7])
    assert 300 in look(opened, measured, recall=overlap).stored


def test_a_curve_over_training_is_the_mean_of_seeds_at_each_step(opened: Library, measured: Study) -> None:
    seen = look(opened, measured).plots[MAP]
    shown = seen.map
    assert shown is not None
    assert (shown.names, shown.what, shown.y_name, shown.of) == (("2", "4", "8"), "recall", "load", "mean of 2 seeds")
    assert shown.steps.tolist() == list(range(0, STEPS + 1, EVERY))
    seeds = [opened.run(run).seed for run in of_cell(measured, "attention")[:2]]
    wanted = [[np.mean([recall(seed, int(step), load) for seed in seeds]) for step in shown.steps] for load in LOADS]
    assert shown.values == pytest.approx(np.array(wanted))
    assert (shown.low, shown.high) == (0.0, 1.0)


def test_any_curve_of_numbers_can_be_seen_over_training_and_none_is_read_while_closed(opened: Library, measured: Study) -> None:
    titles = {one.id: one.title for one in look(opened, measured).plots[MAP].options}
    assert {"recall_by_load", "recall_by_distance", "recall_by_length", SNR} <= set(titles)
    assert not {"capacity", "reliability", TABLE} & set(titles)
    shown = look(opened, measured, **{MAP: SNR}).plots[MAP].map
    assert shown is not None
    assert shown.high > 5
    closed = look(opened, measured, closed=frozenset({MAP}))
    assert MAP not in closed.plots
    assert MAP in closed.there


def test_the_map_of_another_cell(opened: Library, measured: Study) -> None:
    other = of_cell(measured, "delta rule")[0]
    measured.whole(other)
    seen = look(opened, measured, **{OF_MAP: "delta rule"}).plots[MAP]
    assert (seen.of, seen.cells) == ("delta rule", ("attention", "delta rule"))
    assert seen.map is not None
    assert seen.map.of.startswith("seed")


def test_a_table_has_its_panel_at_the_scrubbed_step(opened: Library, measured: Study) -> None:
    seen = look(opened, measured, step=250).plots[TABLES]
    assert seen.matrix is not None
    assert (seen.matrix.row, seen.matrix.column, seen.step) == ("depth, %", "length, tokens", 200)
    assert seen.matrix.values[0].tolist() == pytest.approx([0.5, 0.25, 0.5 / 3])
    text = tables.table(opened, Wish(measured.uid, step=250), TABLES, TABLE)
    assert text.splitlines()[0] == "run,cell,seed,state,step,depth,length,recall"
    assert len(text.splitlines()) == 1 + 2 * 9


def test_the_map_is_saved_with_every_step(opened: Library, measured: Study) -> None:
    text = tables.table(opened, Wish(measured.uid), MAP, "recall_by_load")
    assert len(text.splitlines()) == 1 + 2 * len(LOADS) * (STEPS // EVERY + 1)


def test_what_is_retained_has_both_laws_in_words(opened: Library, measured: Study) -> None:
    seen = look(opened, measured, forgetting=RETENTION).plots["forgetting"]
    assert [track.name for track in seen.tracks] == ["mean of 2 seeds", "exponential", "power"]
    assert seen.tracks[0].x.tolist() == list(range(TASKS))
    assert seen.tracks[0].y[0] == pytest.approx(1.0)
    assert "R²" in seen.words[1]
    assert "(1 + n)" in seen.words[2]
    assert "fit" in seen.note
    assert seen.own == ("measured", "exponential", "power")
    text = tables.table(opened, Wish(measured.uid), "forgetting", RETENTION)
    assert text.splitlines()[0].endswith("after task,task,accuracy")


def test_the_law_that_fits_better_is_said() -> None:
    lag = np.arange(6)
    matrix = np.array([[0.9 * (1 + max(0, i - j)) ** -0.5 if i >= j else 0.1 for j in lag] for i in lag])
    frame = PlotSeen("Forgetting", "step", "accuracy", RETENTION, (Option(RETENTION, "retention"),), boundaries=(), by_task=True)
    seen = retained(frame, [matrix], 5)
    assert seen.note.startswith("power fits better")
    assert seen.words[2] == "1.00 (1 + n)^−.50, R² 1.00"
    assert not seen.by_task
    assert retained(frame, [matrix[:1, :1]], 5).note == "one task learned so far"
    assert retained(frame, [], None).empty.startswith("What is left of a task")


def test_series_of_probes_are_choices_of_learning(opened: Library, measured: Study) -> None:
    seen = look(opened, measured).plots["learning"]
    titles = {one.id: one.title for one in seen.options}
    assert titles["perplexity"] == "Perplexity"
    assert titles["capacity[criterion=recalled95]"] == "Capacity (criterion recalled95)"
    assert "recall[load=4]" not in titles, "the curve by load tells it"
    shown = look(opened, measured, learning="capacity[criterion=recalled95]").plots["learning"]
    assert shown.tracks[0].y.tolist() == [step / 50 for step in FEW]
    assert len(tables.table(opened, Wish(measured.uid), "learning", "capacity[criterion=recalled95]").splitlines()) == 1 + 2 * len(FEW)


def test_smoothing_keeps_the_line_faint_behind_and_says_its_span(opened: Library, measured: Study) -> None:
    plain = look(opened, measured).plots["learning"]
    seen = look(opened, measured, **{SMOOTHING: "0.1"}).plots["learning"]
    assert plain.span == "means of 2 steps"
    assert seen.span == "means of 41 steps"
    (line,) = [track for track in plain.tracks if track.style == "main"]
    (faint,) = [track for track in seen.tracks if track.style == "faint"]
    (smooth,) = [track for track in seen.tracks if track.style == "main"]
    assert faint.y == pytest.approx(line.y)
    assert smooth.name == line.name
    assert np.abs(np.diff(smooth.y, 2)).max() < np.abs(np.diff(line.y, 2)).max()
    assert look(opened, measured, **{SMOOTHING: "nonsense"}).plots["learning"].span == plain.span


def test_a_mean_is_over_as_many_points_on_both_sides() -> None:
    x = np.arange(21.0)
    faint, line = smoothed(Track("a", 0, "a", x, 3 * x), 5)
    assert faint.y is not line.y
    assert line.y == pytest.approx(3 * x), "a straight line stays as it is, to its ends"
    spike = np.where(x == 10, 5.0, 0.0)
    assert smoothed(Track("a", 0, "a", x, spike), 5)[1].y[8:13] == pytest.approx([1.0] * 5)
    gap = smoothed(Track("a", 0, "a", x, np.where(x == 10, np.nan, 1.0)), 5)[1].y
    assert gap == pytest.approx(np.ones(21))
    assert (span_of(0.0, 400), span_of(0.1, 400), span_of(0.01, 20)) == (0, 41, 1)


def test_a_picture_names_its_axes(opened: Library, measured: Study) -> None:
    seen = look(opened, measured, picture=TOUCHED).picture
    assert seen is not None
    assert (seen.row_name, seen.column_name) == ("read at position", "value stored at position")


def test_the_slider_says_what_is_stored_by_then(opened: Library, measured: Study) -> None:
    assert look(opened, measured, step=50, recall="recall_by_length").at == 40
    assert look(opened, measured, step=250).at == 240


def test_without_probes_it_says_what_would_show_more(opened: Library, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    study.begin(study.runs[0])
    study.write(study.runs[0], range(30), with_curves=False)
    assert look(opened, study).hint == "", "its probes have not looked yet"
    document = opened.document(study.runs[0])
    bare = document.model_copy(update={"nodes": [node for node in document.nodes if not node.component.startswith("probe.")]})
    monkeypatch.setattr(type(opened), "document", lambda self, run: bare)
    assert look(opened, study).hint == NO_PROBES
