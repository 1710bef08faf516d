"""What people keep of runs: each change is one transaction, of all that are named or of none."""

from __future__ import annotations

import json
import math

import pytest

from memstudio import library
from memstudio.experiment.parameters import Refusal
from memstudio.library import Library, View
from tests.library.filled import study
from tests.library.small import Queue


def test_stars_tags_and_notes_of_many_at_once(lib: Library, queue: Queue) -> None:
    uids = queue(5)
    lib.set_star(uids[:3], True)
    lib.set_star(uids[0][:10], False)
    assert [row.starred for row in lib.runs(sort="queued")] == [False, True, True, False, False]
    lib.add_tags(uids, [" for   paper ", "odd", "odd"])
    lib.remove_tags(uids[:2], ["odd", "never given"])
    assert [lib.run(uid).tags for uid in uids[1:3]] == [("for paper",), ("for paper", "odd")]
    lib.set_tags(uids[:2], ["last"])
    assert lib.tags(uids[0]) == ["last"]
    assert lib.all_tags() == {"for paper": 3, "last": 2, "odd": 3}
    assert {row.uid for row in lib.runs(text="paper")} == set(uids[2:])
    lib.set_note(uids[4], "kept")
    assert [row.uid for row in lib.runs(text="kept")] == [uids[4]]


def test_one_unknown_name_and_nothing_changes(lib: Library, queue: Queue) -> None:
    uids = queue(2)
    for change in (
        lambda: lib.set_star([*uids, "zz"], True),
        lambda: lib.add_tags([*uids, "zz"], ["a"]),
        lambda: lib.mark([*uids, "zz"], star=True, note="x"),
        lambda: lib.mark(uids, ["zz"], star=True, note="x"),
        lambda: lib.trash([*uids, "zz"]),
    ):
        with pytest.raises(Refusal, match="There is no"):
            change()
    assert [(row.starred, row.tags, row.note, row.trashed) for row in lib.runs()] == [(False, (), "", None)] * 2


@pytest.mark.parametrize("tag", ["", "   ", "x" * 101])
def test_a_tag_that_is_none(lib: Library, queue: Queue, tag: str) -> None:
    with pytest.raises(Refusal, match="A tag has 1 to 100 letters"):
        lib.add_tags(queue(), [tag])


def test_several_changes_are_one(lib: Library) -> None:
    done = study(lib, finish=False)
    lib.add_tags(done.runs[0], ["old"])
    lib.mark(done.runs[:2], done.study or "", star=True, add_tags=["new"], remove_tags=["old"], note="both")
    assert [(row.starred, row.tags, row.note) for row in map(lib.run, done.runs[:3])] == [(True, ("new",), "both")] * 2 + [(False, (), "")]
    found = lib.study(done.study or "")
    assert (found.starred, found.note) == (True, "both")
    assert {row.uid for row in lib.runs(text="both new")} == set(done.runs[:2])


def test_a_study_has_a_title_a_note_a_star_and_a_baseline(lib: Library) -> None:
    done = study(lib, finish=False)
    uid = done.study or ""
    lib.set_study_title(uid, "  Under load ")
    lib.set_study_note(uid, "to repeat")
    lib.set_study_star(uid, True)
    lib.set_baseline_cell(uid, "attention, heads 1")
    found = lib.study(uid)
    assert (found.title, found.note, found.starred, found.baseline) == ("Under load", "to repeat", True, "attention, heads 1")
    assert {row.title for row in lib.runs()} == {"Under load"}
    assert len(lib.runs(text="under load")) == 8
    lib.set_baseline_cell(uid, None)
    assert lib.study(uid).baseline is None
    with pytest.raises(Refusal, match="did you mean attention, heads 4"):
        lib.set_baseline_cell(uid, "attention, heads 5")
    with pytest.raises(Refusal, match="needs a title"):
        lib.set_study_title(uid, " ")


def test_there_is_one_baseline_run(lib: Library, queue: Queue) -> None:
    one, two = queue(2)
    assert lib.baseline() is None
    lib.set_baseline(one)
    lib.set_baseline(two)
    assert lib.baseline() == two
    assert [row.uid for row in lib.runs(where="baseline")] == [two]
    lib.trash(two)
    assert lib.baseline() is None
    lib.restore(two)
    lib.set_baseline(None)
    assert lib.baseline() is None


def test_views_are_kept_by_name(lib: Library) -> None:
    view = View("recall > 0.9", "paper", "-recall", ("memory", "recall"), ("heads",), ("recall",), {"widths": {"memory": 120}})
    lib.set_view("best", view)
    lib.set_view("all", View())
    with library.open(lib.folder) as other:
        assert other.views() == {"all": View(), "best": view}
        assert other.view("best") == view
        with pytest.raises(Refusal, match="did you mean best"):
            other.view("bst")
    lib.set_view("best", View(where="seed = 1"))
    lib.remove_view("all")
    lib.remove_view("never there")
    assert lib.views() == {"best": View(where="seed = 1")}
    for name, odd in (("", View()), ("x" * 201, View()), ("odd", View(more={"a": math.nan})), ("odd", View(more={"a": object()}))):
        with pytest.raises(Refusal):
            lib.set_view(name, odd)


@pytest.mark.parametrize("text", ["{", "[]", "3", json.dumps({"where": 3, "columns": "a", "more": []}), "[" * 100_000])
def test_a_view_that_cannot_be_read_hides_no_other(lib: Library, text: str) -> None:
    lib.set_view("good", View(where="seed = 1"))
    lib._conn.execute("INSERT INTO view(name, json) VALUES ('odd', ?)", (text,))
    assert lib.views()["good"] == View(where="seed = 1")
    assert lib.views().get("odd", View()) == View()


def test_settings(lib: Library) -> None:
    assert lib.setting("queue.paused") == ""
    assert lib.setting("queue.paused", "0") == "0"
    lib.set_setting("queue.paused", "1")
    assert lib.setting("queue.paused") == "1"


def test_an_event_without_holding_the_run(lib: Library, queue: Queue) -> None:
    (uid,) = queue()
    lib.event(uid, "exported", "As safetensors.", data={"largest": 0.0})
    lib.event(uid, "stage", "later", step=7, level="warning")
    events = lib.events(uid)[-2:]
    assert [(e.kind, e.text, e.step, e.level, e.data) for e in events] == [
        ("exported", "As safetensors.", None, "info", {"largest": 0.0}),
        ("stage", "later", 7, "warning", None),
    ]


def test_measures_computed_later_stand_beside_those_taken(lib: Library) -> None:
    done = study(lib)
    uid = done.runs[1]
    lib.set_derived(uid, {"auroc_ood": 0.75, "recall": 0.99, "aurc[task=2]": math.nan}, version=2)
    measures = lib.measures(uid)
    assert (measures["auroc_ood"], measures["recall"]) == (0.75, 0.1)
    assert math.isnan(measures["aurc[task=2]"])
    assert list(measures) == sorted(measures)
    assert lib.measures_of([uid, done.runs[0]], ["auroc_ood", "recall"]) == {
        uid: {"auroc_ood": 0.75, "recall": 0.1},
        done.runs[0]: {"recall": 0.0},
    }
    assert lib.measures_of([uid])[uid].keys() == measures.keys()
    assert "auroc_ood" not in lib.series_names(uid)
    assert (lib.derived_version(uid, "auroc_ood"), lib.derived_version(uid, "loss")) == (2, None)
    lib.set_derived(uid, {"auroc_ood": 0.8}, version=3)
    assert (lib.measures(uid)["auroc_ood"], lib.derived_version(uid, "auroc_ood")) == (0.8, 3)
    with pytest.raises(ValueError, match="not a measure's name"):
        lib.set_derived(uid, {"Not One": 1.0}, version=1)


def test_many_runs_are_measured_the_same_as_few(lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """From some hundred runs on whole columns are read; what is found is the same."""
    from memstudio.library import series

    done = study(lib)
    lib.set_derived(done.runs[1], {"auroc_ood": 0.75}, version=2)
    few = lib.measures_of(done.runs), lib.measures_of(done.runs[:3], ["recall", "auroc_ood"])
    monkeypatch.setattr(series, "_MANY", 1)
    assert (lib.measures_of(done.runs), lib.measures_of(done.runs[:3], ["recall", "auroc_ood"])) == few


def test_two_windows_see_each_others_marks(lib: Library, queue: Queue) -> None:
    (uid,) = queue()
    with library.open(lib.folder) as other:
        version = lib.data_version()
        other.mark(uid, star=True, add_tags=["seen"])
        assert lib.data_version() != version
        assert (lib.run(uid).starred, lib.run(uid).tags) == (True, ("seen",))


def test_nothing_is_kept_where_nothing_can_be_written(lib: Library, queue: Queue) -> None:
    (uid,) = queue()
    with library.open(lib.folder, readonly=True) as shelf:
        for word in (
            lambda: shelf.set_star(uid, True),
            lambda: shelf.add_tags(uid, ["x"]),
            lambda: shelf.remove_tags(uid, ["x"]),
            lambda: shelf.mark(uid, note="x"),
            lambda: shelf.set_baseline(uid),
            lambda: shelf.set_view("x", View()),
            lambda: shelf.remove_view("x"),
            lambda: shelf.set_setting("x", "y"),
            lambda: shelf.restore(uid),
            shelf.purge,
            lambda: shelf.event(uid, "x", "y"),
            lambda: shelf.set_derived(uid, {"loss": 1.0}, 1),
        ):
            with pytest.raises(Refusal, match="read-only"):
                word()
        assert shelf.views() == {}
        assert shelf.size().total > 0
