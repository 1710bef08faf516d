from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from memstudio import library
from memstudio.desktop.runs.charts import POINTS, charts, of_curve
from memstudio.desktop.runs.questions import Query, details, freed, is_filter, listing, rows, typed
from memstudio.experiment.parameters import Refusal
from memstudio.library import CurveAt, CurveAxis
from tests.desktop import filled


def test_what_is_typed_filters_or_searches() -> None:
    assert typed(Query(), " recall > 0.9 ") == Query(where="recall > 0.9")
    assert typed(Query(state="failed"), "gated delta") == Query(text="gated delta", state="failed")
    assert typed(Query(where="seed = 1"), "") == Query()


@pytest.mark.parametrize(
    "text", ["recall > 0.9", "starred", "not starred", "seed in (0, 1)", "recall is missing", "queued within 2 days", 'note ~ "x"']
)
def test_what_is_a_filter(text: str) -> None:
    assert is_filter(text)


@pytest.mark.parametrize("text", ["", "gated delta", "what is it", "in", "is", "within", "load is missing them"])
def test_what_is_only_words(text: str) -> None:
    assert not is_filter(text)


def test_a_listing_holds_every_run_in_order_and_the_rows_that_are_wanted(tmp_path: Path) -> None:
    filled.fill(tmp_path)
    with library.open(tmp_path) as opened:
        every = listing(opened, Query(), 0, 3, ["recall"], ["recall"])
        assert list(every.order) == [row.uid for row in opened.runs()]

        assert set(every.rows.rows) == set(every.order[:4])
        sorted_ = listing(opened, Query(state="finished", sort="seed", descending=True), 0, 99, ["recall"], [])
        seeds = [sorted_.rows.rows[uid].seed for uid in sorted_.order]
        assert seeds == sorted(seeds, reverse=True)
        assert all("recall" in sorted_.rows.values[uid] for uid in sorted_.order)
        found = listing(opened, Query(text="reference"), 0, 9, [], [])
        assert [found.found[uid] for uid in found.order] == ["note: the [reference] of all others"]
        with pytest.raises(Refusal):
            listing(opened, Query(where="no_such > 1"), 0, 9, [], [])


def test_a_grouped_listing_holds_means(tmp_path: Path) -> None:
    filled.fill(tmp_path)
    with library.open(tmp_path) as opened:
        found = listing(opened, Query(group=("cell",), state="finished", where="seed < 5"), 0, 9, [], ["recall"])
        assert found.order == ()
        assert sum(group.n for group in found.groups) == 6
        assert all(group.measures["recall"].mean == pytest.approx(0.72) for group in found.groups)
        assert rows(opened, found.groups[0].uids, ["recall"]).values[found.groups[0].uids[0]]["recall"] == 0.72


def test_what_deleting_frees_is_known_before(tmp_path: Path) -> None:
    uids = filled.fill(tmp_path)
    with library.open(tmp_path) as opened, library.RunWriter(opened.folder, filled.lease(opened, uids[7])) as writer:
        writer.artifact("model", b"x" * 5000, "model")
        assert freed(opened, uids[7:8]) == 5000
        assert freed(opened, uids[:1]) == 0
        assert freed(opened, None) == opened.size().trashed


def test_details_of_a_failed_run_hold_its_reason_and_log(tmp_path: Path) -> None:
    filled.fill(tmp_path)
    with library.open(tmp_path) as opened:
        (row,) = opened.runs(state="failed")
        found = details(opened, row.uid)
        assert found.row.failure == filled.REASON
        assert found.log[-1].endswith("loss 0.075")
        assert len(found.log) == 30
        assert [chart.title for chart in found.charts] == ["Learning", "Recall by load", "Calibration"]
        (finished, *_) = opened.runs(state="finished")
        whole = details(opened, finished.uid)
        assert whole.environment["python"] == "3.11"
        assert next(event.kind for event in whole.events) == "state"


def test_a_long_series_is_thinned_without_losing_its_ends(tmp_path: Path) -> None:
    with library.open(tmp_path) as opened:
        run = filled.submit(opened, filled.single("Long")).runs[0]
        filled.work(opened, run, steps=10_000)
        chart = charts(opened, run)[0]
        (line,) = chart.lines
        assert len(line.x) == POINTS
        assert line.x[0] < 50
        assert line.x[-1] > 9900
        assert chart.y_low == 0.0
        assert abs(line.y[0] - 3.3) < 0.3


def curve(kind: str, values: list[list[float]], axis: tuple[float | str, ...], rows: tuple[str, ...]) -> CurveAt:
    return CurveAt("recall_by_load", 10, np.array(values), (CurveAxis("load", axis),), kind, rows)


def test_curves_over_numbers_are_drawn() -> None:
    chart = of_curve(curve("line", [[1.0, 0.9, 0.5], [0.1, 0.1, 0.1]], (2.0, 4.0, 8.0), ("recall", "chance")))
    assert chart is not None
    assert [line.label for line in chart.lines] == ["recall", "chance"]
    assert chart.log
    assert (chart.title, chart.y_name, chart.x_name) == ("Recall by load", "recall", "load")


def test_empty_bins_of_a_reliability_diagram_are_left_out() -> None:
    rows = [[3.0, 0.0], [0.3, np.nan], [0.2, np.nan]]
    chart = of_curve(curve("reliability", rows, (0.25, 0.75), ("count", "confidence", "accuracy")))
    assert chart is not None
    assert chart.lines[0].x == (0.3,)


@pytest.mark.parametrize(
    "given",
    [
        curve("picture", [[1.0, 2.0]], (1.0, 2.0), ()),
        curve("line", [[1.0, 2.0]], ("noise", "blur"), ()),
        CurveAt("state", 1, np.zeros((2, 2)), (CurveAxis("a", (1.0, 2.0)), CurveAxis("b", (1.0, 2.0)))),
    ],
    ids=["picture", "words", "two axes"],
)
def test_what_is_no_line_is_not_drawn_as_one(given: CurveAt) -> None:
    assert of_curve(given) is None
