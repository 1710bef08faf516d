"""Columns: what runs have values for, what varies first; and the values of any of them."""

from __future__ import annotations

import math

import pytest

from memstudio.experiment.parameters import Refusal
from memstudio.library import Column, Library
from tests.library.filled import finished, study
from tests.library.small import document, planned


def test_what_varies_comes_first(lib: Library) -> None:
    study(lib)
    found = lib.columns()
    varies = [column.varies for column in found]
    assert varies == sorted(varies, reverse=True)
    by_name = {column.name: column for column in found}
    assert by_name["memory"] == Column("memory", "axis", "text", True)
    assert by_name["heads"] == Column("heads", "axis", "number", True)
    assert by_name["mem1.heads"] == Column("mem1.heads", "parameter", "number", True)
    assert by_name["run.deterministic"] == Column("run.deterministic", "parameter", "flag", False)
    assert by_name["recall"] == Column("recall", "measure", "number", True)
    assert by_name["environment.torch"] == Column("environment.torch", "environment", "text", False)
    assert by_name["environment.git.dirty"] == Column("environment.git.dirty", "environment", "flag", False)
    assert by_name["queued"].type == "time"
    assert by_name["took"].type == "duration"
    assert [column.kind for column in found[:2]] == ["axis", "axis"]
    assert "tag" not in by_name
    assert "note" not in by_name


def test_only_what_some_runs_say(lib: Library) -> None:
    study(lib)
    (alone,) = lib.submit(document(), [planned(width=8)]).runs
    assert "mem1.width" in {column.name for column in lib.columns()}
    of_study = {column.name: column for column in lib.columns(where='memory = "attention"')}
    assert "mem1.width" not in of_study
    assert not of_study["memory"].varies
    assert of_study["heads"].varies
    assert not {column.name: column for column in lib.columns(where=f"run = '{alone}'")}["mem1.width"].varies
    lib.set_tags(alone, ["paper"])
    assert {column.name: column for column in lib.columns()}["tag"].varies


def test_every_column_can_be_asked_for_sorted_by_and_grouped_by(lib: Library) -> None:
    done = study(lib)
    lib.mark(done.runs[0], add_tags=["a", "b"], note="x", star=True)
    lib.set_derived(done.runs[0], {"auroc_ood": 0.5}, 1)
    for column in lib.columns():
        values = lib.values(done.runs, [column.name])
        assert any(values.values()), column
        assert [row.uid for row in lib.runs(sort=column.name)]
        assert [row.uid for row in lib.runs(sort=f"-{column.name}", limit=3)]
        assert sum(group.n for group in lib.grouped([column.name])) == 8


def test_values_are_what_was_written(lib: Library) -> None:
    done = study(lib)
    (alone,) = lib.submit(document(), [planned(gate=True, kind="soft", sizes=[4, 8], rate=0.5)]).runs
    finished(lib, alone, {"recall": math.nan})
    lib.mark(alone, add_tags=["b", "a"], star=True)
    names = [
        "mem1.gate",
        "mem1.kind",
        "mem1.sizes",
        "mem1.rate",
        "recall",
        "tag",
        "starred",
        "torch",
        "environment.git.dirty",
        "memory",
        "threads",
    ]
    (values,) = lib.values([alone], names).values()
    assert math.isnan(values.pop("recall"))  # type: ignore[arg-type]
    assert values == {
        "mem1.gate": True,
        "mem1.kind": "soft",
        "mem1.sizes": "[4, 8]",
        "mem1.rate": 0.5,
        "tag": "a, b",
        "starred": True,
        "torch": "2.13.0",
        "environment.git.dirty": False,
        "threads": 1,
    }
    assert lib.values(done.runs, ["mem1.heads"])[done.runs[2]] == {"mem1.heads": 4}
    assert lib.values([], ["seed"]) == {}
    assert lib.values(["0" * 12], ["seed"]) == {"0" * 12: {}}
    with pytest.raises(Refusal, match="did you mean recall"):
        lib.values(done.runs, ["recal"])


def test_an_empty_library_has_hardly_any(lib: Library) -> None:
    assert lib.columns() == []
