"""Which values differ between documents, what follows from another component, and whether anything else differs: said or denied."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memstudio.components.catalogue import catalogue
from memstudio.experiment.document import Document, Node, Run, Wire
from memstudio.library import Library
from memstudio.library.comparison import Comparison, compare
from memstudio.library.experiments import NOT_THERE, differing, experiment_of, value_words
from memstudio.library.what_differs import numbers_words
from tests.library.compared import ENVIRONMENT, recalls, study


def with_memory(component: str = "sequence.gated_deltanet", run: Run | None = None, **values: Any) -> Document:
    return Document(nodes=[Node(id="mem1", uid="0" * 12, component=component, values=values)], run=run or Run())


def found(*documents: Document, known: bool = True) -> dict[str, tuple[Any, ...]]:
    read = [experiment_of(one, catalogue() if known else None) for one in documents]
    return {one.address: one.values for one in differing(read)}


def test_only_what_differs_is_listed() -> None:
    assert found(with_memory(heads=2), with_memory(heads=2)) == {}
    assert found(with_memory(heads=2, key_width=8), with_memory(heads=4, key_width=8)) == {"mem1.heads": (2, 4)}


def test_titles_notes_places_and_seeds_say_nothing_of_the_experiment() -> None:
    one = with_memory(run=Run(seed=1, data_seed=2))
    other = one.model_copy(
        update={"title": "x", "about": "y", "nodes": [one.nodes[0].model_copy(update={"place": (9.0, 9.0)})], "run": Run(seed=5)}
    )
    assert found(one, other) == {}
    assert experiment_of(one).key == experiment_of(other).key


def test_a_default_that_is_written_out_is_no_difference() -> None:
    default = catalogue().entry("sequence.gated_deltanet").defaults()["heads"]
    assert found(with_memory(), with_memory(heads=default)) == {}
    assert found(with_memory(), with_memory(heads=default + 1)) == {"mem1.heads": (default, default + 1)}
    # without the catalogue nothing is known of defaults
    assert found(with_memory(), with_memory(heads=default), known=False) == {"mem1.heads": (NOT_THERE, default)}


def test_what_follows_from_another_component_is_not_listed() -> None:
    attention = with_memory("sequence.attention", heads=1, key_width=4)
    delta, gated = (with_memory(f"sequence.{name}", heads=1, key_width=4, chunk=16) for name in ("deltanet", "gated_deltanet"))
    wanted = {"mem1.component": ("sequence.attention", "sequence.deltanet", "sequence.gated_deltanet")}
    assert found(attention, delta, gated) == wanted
    wider = with_memory("sequence.gated_deltanet", heads=1, key_width=8, chunk=16)
    assert list(found(attention, delta, wider)) == ["mem1.component", "mem1.key_width"]
    assert found(attention, delta, wider)["mem1.key_width"] == (4, 4, 8)
    slower = with_memory("sequence.gated_deltanet", heads=1, key_width=4, chunk=8)
    assert found(attention, delta, slower)["mem1.chunk"] == (NOT_THERE, 16, 8)


def test_a_component_inside_another_and_a_list_of_them() -> None:
    nested = [
        with_memory("sequence.mixture_of_memories", inner={"component": f"sequence.{inner}", "values": {}})
        for inner in ("deltanet", "attention")
    ]
    assert found(*nested) == {"mem1.inner.component": ("sequence.deltanet", "sequence.attention")}
    replay = [{"component": "learner.replay", "values": {"size": 50}}]
    learners = [
        Document(nodes=[Node(id="learn", uid="1" * 12, component="learner.gradient_descent", values=values)])
        for values in ({}, {"strategies": []}, {"strategies": replay})
    ]
    assert found(*learners[:2]) == {}
    assert found(*learners) == {"learn.strategies": ([], [], replay)}


def test_a_node_and_its_wires_that_only_one_has() -> None:
    probe = Node(id="recall", uid="2" * 12, component="probe.recall", values={"every": 5})
    one = with_memory()
    other = one.model_copy(
        update={"nodes": [*one.nodes, probe], "wires": [Wire.model_validate({"from": "mem1.y", "to": "recall.trained"})]}
    )
    assert found(one, other) == {"recall.component": (NOT_THERE, "probe.recall")}
    crossed = [one.model_copy(update={"wires": [Wire.model_validate({"from": "mem1.a", "to": f"mem1.{end}"})]}) for end in "bc"]
    assert found(*crossed) == {"wires": (("mem1.a → mem1.b",), ("mem1.a → mem1.c",))}


def test_how_it_was_run_counts() -> None:
    assert found(with_memory(run=Run(threads=1)), with_memory(run=Run(threads=2))) == {"run.threads": (1, 2)}


@pytest.mark.parametrize(
    ("value", "address", "words"),
    [
        ("sequence.gated_deltanet", "mem1.component", "gated deltanet"),
        ("a.b", "task.name", "a.b"),
        (True, "", "on"),
        (4096, "", "4,096"),
        (0.003, "", "0.003"),
        (2.0, "", "2"),
        ([1, 2], "", "1, 2"),
        ([], "", "none"),
        ([{"component": "learner.replay", "values": {"size": 50}}], "", "replay (size 50)"),
        ({"path": "x.csv", "hash": "0"}, "", "x.csv"),
        (None, "", "none"),
        (NOT_THERE, "", "not there"),
    ],
)
def test_values_in_words(value: Any, address: str, words: str) -> None:
    assert value_words(value, address) == words


CELLS = {"a": recalls(0.1, 0.2), "b": recalls(0.3, 0.4)}


def compared(lib: Library, **how: Any) -> Comparison:
    return compare(lib, [study(lib, CELLS, **how).study or ""])


def test_nothing_else_is_said_only_when_it_is_certain(lib: Library) -> None:
    differs = compared(lib).differs
    assert differs.lines == (("mem1.heads", "1, 2"), ("run.seed", "0, 1"))
    assert (differs.nothing_else, differs.same_words, differs.denials) == (
        True,
        "nothing else: same data, code, versions and device",
        (),
    )


def test_facts_are_counted_over_the_runs_that_count(lib: Library) -> None:
    other = changed(packages={"torch": "2.12.0", "numpy": "2.4.6"}, device="cuda:0")
    differs = compared(lib, environment=lambda cell, seed: other if (cell, seed) == ("b", 1) else ENVIRONMENT).differs
    facts = {fact.name: fact for fact in differs.facts}
    assert facts["torch"].values == (("2.13.0", 3), ("2.12.0", 1))
    assert facts["torch"].words == "2.13.0 in 3 runs, 2.12.0 in 1 run"
    assert (facts["numpy"].same, facts["numpy"].words) == (True, "2.4.6")
    assert facts["code"].words == "0.1.0 0123456"
    assert facts["component sequence.attention"].words == "version 1"
    assert len(facts["machine"].values) == 1
    assert differs.other_lines == (("torch", "2.13.0 in 3 runs, 2.12.0 in 1 run"), ("device", "cpu in 3 runs, cuda:0 in 1 run"))
    # what a line says needs no second sentence
    assert differs.denials
    assert differs.doubts == ()


def test_other_data_of_one_seed_is_a_line(lib: Library) -> None:
    differs = compared(lib, data=lambda cell, seed: f"{cell}0000000" if seed == 0 else "same0000").differs
    assert differs.other_lines == (("data of seed 0", "a0000000 in 1 run, b0000000 in 1 run"),)
    assert differs.doubts == ("the data differ",)


def changed(**changes: Any) -> dict[str, Any]:
    return {**ENVIRONMENT, **changes}


@pytest.mark.parametrize(
    ("other", "denied"),
    [
        ({"git": {"commit": "fedcba987", "dirty": False}}, "code differs: 0.1.0 0123456, 0.1.0 fedcba9"),
        ({"memstudio": "0.2.0"}, "code differs: 0.1.0 0123456, 0.2.0 0123456"),
        ({"git": {"commit": "0123456789abcdef", "dirty": True}}, "the code had changes that were not committed"),
        ({"packages": {"torch": "2.12.0", "numpy": "2.4.6"}}, "versions differ: torch 2.13.0 and 2.12.0"),
        ({"python": "3.12.1"}, "versions differ: Python 3.11.7 and 3.12.1"),
        ({"components": {"sequence.attention": 2}}, "versions differ: sequence.attention 1 and 2"),
        ({"device": "cuda:0"}, "device differs: cpu AVX2 Linux, cuda:0 AVX2 Linux"),
    ],
)
def test_another_environment_is_denied(lib: Library, other: dict[str, Any], denied: str) -> None:
    differs = compared(lib, environment=lambda cell, seed: changed(**other) if cell == "b" else ENVIRONMENT).differs
    assert differs.denials == (denied,)
    assert not differs.nothing_else
    assert differs.same_words.startswith("same ")
    assert differs.same_words.endswith("and seeds")


def test_a_component_that_only_one_group_has_is_no_other_version(lib: Library) -> None:
    own = changed(components={"sequence.deltanet": 3})
    assert compared(lib, environment=lambda cell, seed: own if cell == "b" else ENVIRONMENT).differs.nothing_else


def test_other_data_is_denied_and_unknown_data_too(lib: Library) -> None:
    assert compared(lib, data=lambda cell, seed: cell).differs.denials == ("the data differ",)
    assert compared(lib, data=lambda cell, seed: None).differs.denials == ("which data they learned from is not known",)
    unknown = compared(lib, environment=lambda cell, seed: {}).differs
    assert unknown.denials == ("the code is not known", "with which versions they ran is not known", "the device is not known")


def test_other_seeds_are_denied(lib: Library) -> None:
    differs = compare(lib, [study(lib, {"a": recalls(0.1, 0.2), "b": recalls(0.3)}).study or ""]).differs
    assert differs.denials == ("the groups do not have the same seeds",)
    assert not differs.nothing_else


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6, unique=True))
def test_seeds_in_words_name_each(seeds: list[int]) -> None:
    words = numbers_words(seeds)
    if " to " in words:
        low, high = map(int, words.split(" to "))
        assert sorted(seeds) == list(range(low, high + 1))
    else:
        assert [int(one) for one in words.split(", ")] == sorted(seeds)
