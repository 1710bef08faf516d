"""Axes of studies as names of their runs."""

from __future__ import annotations

from memstudio.experiment.document import Document
from memstudio.library import Library
from memstudio.library.axes import axis_rows, cases_of
from tests.library.filled import planned_runs, study, varied
from tests.library.small import document, planned


def says(document: Document) -> dict[str, object]:
    return document.model_dump(mode="json", by_alias=True)


def test_a_label_is_read_back_as_its_cases() -> None:
    cases = cases_of(says(varied()))
    assert cases["gated delta rule, heads 4"] == {"memory": "gated delta rule", "heads": "heads 4"}
    assert len(cases) == 4


def test_labels_with_commas_in_them() -> None:
    axes = [
        {"name": "a", "cases": [{"label": "x, y"}, {"label": "x"}]},
        {"name": "b", "cases": [{"label": "z"}, {"label": "y, w"}]},
    ]
    cases = cases_of({"run": {"vary": axes}})
    assert cases["x, y, z"] == {"a": "x, y", "b": "z"}
    assert cases["x, y, w"] == {"a": "x", "b": "y, w"}


def test_tuned_axes_stand_in_no_label_of_what_is_reported() -> None:
    axes = [
        {"name": "memory", "cases": [{"label": "linear"}]},
        {"name": "rate", "set": "learn.rate", "values": [0.1, 0.2], "tuned": {"by": "loss"}},
    ]
    cases = cases_of({"run": {"vary": axes}})
    assert cases == {
        "linear": {"memory": "linear"},
        "linear, rate 0.1": {"memory": "linear", "rate": "rate 0.1"},
        "linear, rate 0.2": {"memory": "linear", "rate": "rate 0.2"},
    }


def test_nothing_is_read_from_what_is_no_study() -> None:
    many = [{"name": str(i), "cases": [{"label": str(j)} for j in range(100)]} for i in range(3)]
    for odd in ({}, {"run": None}, {"run": {"vary": 3}}, {"run": {"vary": [3, None]}}, {"run": {"vary": many}}):
        assert cases_of(odd) == {}
    assert cases_of({"run": {"vary": [{"name": "a", "cases": [3]}, {"name": "b", "set": None, "values": None}]}}) == {}


def test_numbers_in_labels_are_numbers() -> None:
    assert axis_rows({"load": "16", "heads": "heads 4", "memory": "attention", "odd": "nan"}) == [
        ("axis.load", "16", 16.0),
        ("axis.heads", "heads 4", 4.0),
        ("axis.memory", "attention", None),
        ("axis.odd", "nan", None),
    ]


def test_runs_of_a_study_have_them_and_single_ones_do_not(lib: Library) -> None:
    done = study(lib, finish=False)
    (alone,) = lib.submit(document(), [planned("cell")]).runs
    values = lib.values([*done.runs, alone], ["memory", "heads"])
    assert values[done.runs[0]] == {"memory": "attention", "heads": "heads 1"}
    assert values[done.runs[-1]] == {"memory": "gated delta rule", "heads": "heads 4"}
    assert values[alone] == {}
    assert "axis.memory" not in lib.parameters(done.runs[0])


def test_a_field_or_measure_of_the_same_name_goes_first(lib: Library) -> None:
    axes = [{"name": "seed", "cases": [{"label": "odd", "set": {}}]}]
    vary = Document.model_validate({"run": {"vary": axes}}).run.vary
    whole = varied().model_copy(update={"run": varied().run.model_copy(update={"vary": vary})})
    runs = [run.__class__("odd", {}, i, i, i, run.document) for i, run in enumerate(planned_runs(varied())[:2])]
    lib.submit(whole, runs)
    assert len(lib.runs(where="seed = 1")) == 1
    assert len(lib.runs(where="axis.seed = odd")) == 2
    assert "axis.seed" in [column.name for column in lib.columns() if column.kind == "axis"]
