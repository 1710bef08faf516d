"""The recall probe against its reference, and on what tasks may give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from memstudio.components import get
from memstudio.components.probe.recall.reference import recall as by_hand
from memstudio.components.runtime import Curve, Measured


def probe(**values: Any) -> Any:
    return get("probe.recall")(**values).build()


def curves(measured: Measured) -> dict[str, Curve]:
    return {curve.name: curve for curve in measured.curves}


def test_recall_and_distance_are_those_by_hand(answers: Any, given: Any) -> None:
    distance = answers.generator.integers(0, 100, size=300)
    outcome = answers(n=300, marks={"distance": distance})
    seen = probe().measure(given([outcome], chance=0.2), full=True)
    everything, by_distance = by_hand(outcome.probabilities.tolist(), outcome.targets.tolist(), distance.tolist())
    assert seen.values["recall"] == pytest.approx(everything, abs=1e-15)
    curve = curves(seen)["recall_by_distance"]
    assert curve.rows == ("recall", "chance")
    assert curve.axes[0].values == tuple(by_distance)
    assert curve.values[0] == pytest.approx(list(by_distance.values()), abs=1e-15)
    assert (curve.values[1] == 0.2).all()
    assert {f"recall[distance={d:g}]" for d in by_distance} <= set(seen.values)


def test_loads_stand_along_a_curve_and_in_names(answers: Any, given: Any) -> None:
    parts = [answers({"load": load}, n=10 * load) for load in (16, 4, 8)]
    seen = probe().measure(given(parts), full=False)
    each = {part.labels["load"]: float(np.mean(part.probabilities.argmax(-1) == part.targets)) for part in parts}
    assert seen.values == {
        "recall": pytest.approx(sum(load * recall for load, recall in each.items()) / 28),
        **{f"recall[load={load}]": recall for load, recall in each.items()},
    }
    curve = curves(seen)["recall_by_load"]
    assert curve.axes[0].values == (4, 8, 16)
    assert curve.rows == ("recall",)
    assert curve.values.tolist() == [[each[4], each[8], each[16]]]


def test_parts_of_one_load_are_taken_together(answers: Any, given: Any) -> None:
    parts = [answers({"load": 4, "noise": noise}, n=10) for noise in (0.0, 0.2)]
    seen = probe().measure(given(parts), full=False)
    assert set(seen.values) == {"recall", "recall[load=4,noise=0]", "recall[load=4,noise=0.2]"}
    assert curves(seen)["recall_by_load"].values.tolist() == [[seen.values["recall"]]]
    assert curves(seen)["recall_by_noise"].axes[0].values == (0.0, 0.2)


def test_without_loads_recall_is_the_accuracy_of_main_parts(answers: Any, given: Any) -> None:
    clean, noisy = answers(), answers({"corruption": "noise", "severity": 3}, main=False)
    seen = probe().measure(given([clean, noisy], chance=0.2), full=False)
    assert seen.values["recall"] == float(np.mean(clean.probabilities.argmax(-1) == clean.targets))
    assert set(seen.values) == {"recall", "recall[corruption=noise,severity=3]"}
    assert not seen.curves


def test_unknown_distances_are_left_out(answers: Any, given: Any) -> None:
    outcome = answers(n=4, marks={"distance": np.array([-1.0, np.nan, 3.0, 3.0])})
    seen = probe().measure(given([outcome]), full=False)
    assert curves(seen)["recall_by_distance"].axes[0].values == (2.0,)
    nowhere = answers(n=2, marks={"distance": np.array([-1, -1])})
    assert "recall_by_distance" not in curves(probe().measure(given([nowhere]), full=False))


def test_each_distance_alone_makes_a_curve_but_not_hundreds_of_series(answers: Any, given: Any) -> None:
    outcome = answers(n=200, marks={"distance": np.arange(200)})
    seen = probe(distances="each").measure(given([outcome]), full=False)
    assert len(curves(seen)["recall_by_distance"].axes[0].values) == 200
    assert set(seen.values) == {"recall"}
    few = answers(n=4, marks={"distance": np.array([3, 5, 5, 6])})
    assert set(probe(distances="each").measure(given([few]), full=False).values) == {
        "recall",
        *(f"recall[distance={d}]" for d in (3, 5, 6)),
    }


def test_an_empty_part_and_an_ensemble_are_no_trouble(answers: Any, given: Any) -> None:
    seen = probe().measure(given([answers({"load": 4}, n=0), answers({"load": 8}, members=3)]), full=False)
    assert set(seen.values) == {"recall", "recall[load=8]"}
    assert all(np.isfinite(value) for value in seen.values.values())
    assert probe().measure(given([]), full=False) == Measured({})


def test_it_looks_at_items_and_in_full_at_the_end(given: Any) -> None:
    trained = given([])
    looking = probe(items=7, every=3)
    looking.measure(trained, full=False)
    looking.measure(trained, full=True)
    assert trained.asked == [("test", 7), ("test", None)]
    assert (looking.every, looking.items) == (3, 7)


def test_serial_positions_stand_each_for_itself(answers: Any, given: Any) -> None:
    place = answers.generator.integers(1, 9, size=200)
    outcome = answers(n=200, marks={"serial_position": place})
    seen = probe().measure(given([outcome], chance=0.2), full=True)
    curve = curves(seen)["recall_by_serial_position"]
    assert curve.axes[0].name == "serial position"
    assert curve.axes[0].values == tuple(range(1, 9))
    for at, value in zip(curve.axes[0].values, curve.values[0], strict=True):
        right = [row.argmax() == y for row, y, s in zip(outcome.probabilities, outcome.targets, place, strict=True) if s == at]
        assert value == pytest.approx(sum(right) / len(right), abs=1e-15)
        assert seen.values[f"recall[serial_position={at:g}]"] == value
    single = answers(n=9, marks={"serial_position": np.ones(9)})
    assert probe().measure(given([single]), full=True).curves == []
    many = answers(n=200, marks={"serial_position": np.arange(200)})
    assert set(probe().measure(given([many]), full=False).values) == {"recall"}


def test_lengths_beyond_training_stand_in_the_curve_and_those_trained_are_marked(answers: Any, given: Any) -> None:
    parts = [answers({"length": n}, main=n <= 32, n=n) for n in (16, 32, 128)]
    noisy = answers({"corruption": "noise", "severity": 2}, main=False)
    seen = probe().measure(given([*parts, noisy], chance=0.2), full=True)
    curve = curves(seen)["recall_by_length"]
    recall = [float(np.mean(part.probabilities.argmax(-1) == part.targets)) for part in parts]
    assert curve.rows == ("recall", "chance", "trained")
    assert curve.axes[0].values == (16, 32, 128)
    assert curve.values[0].tolist() == recall
    assert curve.values[2, :2].tolist() == recall[:2]
    assert np.isnan(curve.values[2, 2])
    assert seen.values["recall"] == pytest.approx((16 * recall[0] + 32 * recall[1]) / 48)
    assert "recall_by_severity" not in curves(seen)


def test_lengths_that_validation_has_were_trained(answers: Any, given: Any) -> None:
    parts = [answers({"length": n}, n=n) for n in (16, 32, 128)]
    trained = given(parts, chance=0.2)
    assert curves(probe().measure(trained, full=True))["recall_by_length"].rows == ("recall", "chance")
    trained.stream.validation = [{"length": 16}, {"length": 32}]
    curve = curves(probe().measure(trained, full=True))["recall_by_length"]
    assert curve.rows == ("recall", "chance", "trained")
    assert np.isfinite(curve.values[2]).tolist() == [True, True, False]
    trained.stream.validation = [{"length": n} for n in (16, 32, 128)]
    assert curves(probe().measure(trained, full=True))["recall_by_length"].rows == ("recall", "chance")


def test_two_labels_give_a_table(answers: Any, given: Any) -> None:
    parts = {(n, d): answers({"length": n, "depth": d}, n=20) for n in (32, 64) for d in (0, 50, 100)}
    del parts[64, 50]
    seen = probe().measure(given(list(parts.values())), full=True)
    table = curves(seen)["recall_by_depth_and_length"]
    assert table.kind == "matrix"
    assert [(axis.name, axis.values, axis.unit) for axis in table.axes] == [("depth", (0, 50, 100), "%"), ("length", (32, 64), "tokens")]
    for row, d in enumerate((0, 50, 100)):
        for column, n in enumerate((32, 64)):
            if (n, d) in parts:
                part = parts[n, d]
                right = [row_.argmax() == y for row_, y in zip(part.probabilities, part.targets, strict=True)]
                assert table.values[row, column] == pytest.approx(sum(right) / 20)
    assert np.isnan(table.values[1, 1])
    assert {"recall_by_depth", "recall_by_length"} <= set(curves(seen))


def test_other_numbers_known_of_a_question_give_curves_alike(answers: Any, given: Any) -> None:
    bindings = answers.generator.integers(1, 4, size=60)
    marks = {"bindings": bindings, "rank": np.arange(60), "same": np.ones(60), "pattern": bindings, "load": bindings}
    outcome = answers({"load": 4}, n=60, marks=marks)
    seen = probe().measure(given([outcome]), full=True)
    assert set(curves(seen)) == {"recall_by_load", "recall_by_bindings", "recall_by_rank"}
    right = outcome.probabilities.argmax(-1) == outcome.targets
    assert curves(seen)["recall_by_bindings"].values[0] == pytest.approx([right[bindings == n].mean() for n in (1, 2, 3)])
    assert curves(seen)["recall_by_rank"].axes[0].values == (0, 1, 2, 4, 8, 16, 32)


def test_labels_that_follow_from_each_other_give_no_table(answers: Any, given: Any) -> None:
    parts = [answers({"keys": n, "load": 2 * n}, n=5) for n in (2, 4, 8)]
    assert [curve.kind for curve in probe().measure(given(parts), full=True).curves] == ["line", "line"]
