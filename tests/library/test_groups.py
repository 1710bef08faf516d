"""What makes a group, what it is called, and which names are refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Axis
from memstudio.experiment.parameters import Refusal
from memstudio.library import Library
from memstudio.library.comparison import compare
from memstudio.library.groups import distinct, gather, group
from tests.library.compared import HEADS, MEMORY, WIDTH, factorial, finish, planned, recalls, study
from tests.library.small import document


def single(lib: Library, seed: int = 0, title: str = "Single", **values: object) -> str:
    """A finished run of no study."""
    made = document(title, **values)
    run = lib.submit(made, [planned("", seed, made)]).runs[0]
    finish(lib, run, {"recall": 0.5})
    return run


def labels(lib: Library, names: list[str], by: str | None = None) -> list[str]:
    return [one.label for one in group(lib, gather(lib, names), by)[0]]  # type: ignore[arg-type]


def test_cells_stand_as_they_were_planned(lib: Library) -> None:
    uid = study(lib, {"attention": recalls(0.1, 0.2), "delta rule": recalls(0.3, 0.4)}).study or ""
    found, by = group(lib, gather(lib, [uid]))
    assert by == "cells"
    assert [(one.label, [row.seed for row in one.runs], dict(one.sets)) for one in found] == [
        ("attention", [0, 1], {"mem1": "attention"}),
        ("delta rule", [0, 1], {"mem1": "delta rule"}),
    ]


def test_single_runs_of_one_document_are_one_group_with_several_seeds(lib: Library) -> None:
    runs = [single(lib, seed, heads=heads) for heads in (1, 2) for seed in (0, 1, 2)]
    found, by = group(lib, gather(lib, runs))
    assert by == "cells"
    assert [(one.label, [row.seed for row in one.runs]) for one in found] == [("heads 1", [0, 1, 2]), ("heads 2", [0, 1, 2])]


def test_runs_that_differ_in_their_seeds_only_are_compared_with_each_other(lib: Library) -> None:
    runs = [single(lib, seed) for seed in (0, 1)]
    found, by = group(lib, gather(lib, runs))
    assert by == "runs"
    assert [one.label for one in found] == ["seed 0", "seed 1"]
    # a whole study of one cell stays one group: its mean over seeds
    whole = study(lib, {"": recalls(0.1, 0.2, 0.3)}, title="One cell").study or ""
    assert labels(lib, [whole]) == ["One cell"]


def test_a_title_does_not_make_another_group_of_the_same_experiment(lib: Library) -> None:
    runs = [single(lib, 0, "First try", heads=1), single(lib, 1, "Second try", heads=1), single(lib, 0, "Other", heads=4)]
    found, _ = group(lib, gather(lib, runs), "documents")
    assert [len(one.runs) for one in found] == [2, 1]


def test_each_run_by_itself(lib: Library) -> None:
    uid = study(lib, {"a": recalls(0.1, 0.2), "b": recalls(0.3)}).study or ""
    assert labels(lib, [uid], "runs") == ["a, seed 0", "b, seed 0", "a, seed 1"]


def test_the_same_cell_of_two_studies_is_named_with_its_study(lib: Library) -> None:
    first = study(lib, {"attention": recalls(0.1), "lstm": recalls(0.1)}, title="Monday").study or ""
    second = study(lib, {"attention": recalls(0.1), "gate": recalls(0.1)}, title="Tuesday").study or ""
    assert labels(lib, [first, second]) == ["Monday, attention", "lstm", "Tuesday, attention", "gate"]
    third = study(lib, {"attention": recalls(0.1), "mlp": recalls(0.1)}, title="Monday").study or ""
    assert labels(lib, [first, third])[::2] == [f"Monday, attention ({first[:8]})", f"Monday, attention ({third[:8]})"]


def test_what_was_asked_for_twice_counts_once(lib: Library) -> None:
    submitted = study(lib, {"a": recalls(0.1), "b": recalls(0.2)})
    gathered = gather(lib, [submitted.study or "", submitted.runs[0], submitted.runs[0][:6]])
    assert [row.uid for row in gathered.runs] == list(submitted.runs)
    assert gathered.title == "Who remembers"


def test_names_that_cannot_be_compared(lib: Library) -> None:
    run = single(lib)
    with pytest.raises(Refusal, match="There is no run or study 'zzz' in this library"):
        gather(lib, ["zzz"])
    with pytest.raises(Refusal, match="One run alone has nothing to be compared with"):
        gather(lib, [run])
    runs = [run, *(single(lib, seed) for seed in range(1, 20))]
    first = next(one for one in "0123456789abcdef" if sum(uid.startswith(one) for uid in runs) > 1)
    with pytest.raises(Refusal, match=f"Several runs begin with {first}"):
        gather(lib, [first])
    submitted = study(lib, {"a": recalls(0.1), "b": recalls(0.1)})
    for uid in submitted.runs:
        lib.trash(uid)
    with pytest.raises(Refusal, match="in the trash"):
        gather(lib, [submitted.study or ""])


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=6))
def test_a_name_is_kept_unless_another_has_it(names: list[list[str]]) -> None:
    own = [[*one, f"own {i}"] for i, one in enumerate(names)]
    found = distinct(own)
    assert len(set(found)) == len(found)
    for label, candidates in zip(found, own, strict=True):
        assert label in candidates
    for label, candidates in zip(found, own, strict=True):
        # what comes first is left only where it was someone else's too
        if label != candidates[0]:
            assert sum(candidates[0] in others for others in own) > 1


def widths(cases: Mapping[str, str], seed: int) -> dict[str, float]:
    wide = 0.1 * int(cases["key width"].rpartition(" ")[2])
    return {"recall": wide - 0.2 * (cases["memory"] == "delta rule") + 0.01 * seed}


def test_by_an_axis_a_seed_counts_with_its_mean_over_the_others(lib: Library) -> None:
    uid = factorial(lib, [MEMORY, WIDTH], widths).study or ""
    made = compare(lib, [uid], by="memory", known=catalogue())
    assert made.labels == ("attention", "delta rule")
    assert [len(one.runs) for one in made.groups] == [9, 9]
    # the mean of 0.1, 0.2 and 0.4, and three seeds, not nine
    first, second = made.intervals("recall")
    assert first is not None
    assert second is not None
    assert (first.mean, first.n, second.mean) == (pytest.approx(0.7 / 3 + 0.01), 3, pytest.approx(0.7 / 3 - 0.19))
    assert made.notes == ("Each seed counts with its mean over the 3 settings of the rest that all groups have.",)
    other = compare(lib, [uid], by="key width", known=catalogue())
    assert [interval.mean for interval in other.intervals("recall") if interval is not None] == pytest.approx([0.31, 0.01, 0.11])
    assert [(way.by, way.groups) for way in made.ways] == [("memory", 2), ("key width", 3)]


def test_by_an_address_of_runs_of_no_study(lib: Library) -> None:
    runs = [single(lib, seed, heads=heads, key_width=width) for heads in (1, 2) for width in (4, 8) for seed in (0, 1)]
    found, by = group(lib, gather(lib, runs), "mem1.heads", catalogue())
    assert (by, [one.label for one in found]) == ("mem1.heads", ["1", "2"])
    assert [len(one.of_seeds) for one in found] == [2, 2]
    assert [len(rows) for rows in found[0].of_seeds.values()] == [2, 2]
    with pytest.raises(Refusal, match=r"an axis or a parameter 'mem1.head'.*did you mean"):
        group(lib, gather(lib, runs), "mem1.head", catalogue())


def test_a_setting_that_not_every_group_or_seed_has_is_left_out(lib: Library) -> None:
    def some(cases: Mapping[str, str], seed: int) -> dict[str, float] | None:
        lost = cases["memory"] == "delta rule" and cases["key width"] == "key width 4"
        missing = cases["memory"] == "attention" and cases["key width"] == "key width 2" and seed == 1
        return None if lost or missing else widths(cases, seed)

    made = compare(lib, [factorial(lib, [MEMORY, WIDTH], some).study or ""], by="memory", known=catalogue())
    # width 4 is not in both; seed 1 of attention lacks width 2
    assert sorted(made.of("recall")[0]) == [(0, 0), (2, 2)]
    assert made.of("recall")[0][(0, 0)] == pytest.approx(0.15)
    assert len(made.of("recall")[1]) == 3
    assert made.notes[0] == "Each seed counts with its mean over the 2 settings of the rest that all groups have."
    assert made.notes[1].startswith("attention: 8 of 9 runs finished (1 failed)")
    (_, difference) = made.differences("recall")
    assert difference is not None
    assert (difference.interval.n, difference.left_out) == (2, 1)


def test_too_many_groups_get_advice(lib: Library) -> None:
    uid = factorial(lib, [WIDTH, HEADS, MEMORY], lambda cases, seed: {"recall": 0.1}, seeds=1).study or ""
    assert compare(lib, [uid], known=catalogue()).advice == ""
    wide = Axis(name="key width", set="mem1.key_width", values=list(range(1, 9)))
    uid = factorial(lib, [wide, MEMORY], lambda cases, seed: {"recall": 0.1}, seeds=1).study or ""
    wanted = "16 groups are more than colours and dashes can tell apart: group by memory (2) or key width (8)."
    assert compare(lib, [uid], known=catalogue()).advice == wanted
