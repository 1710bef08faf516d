"""Completion: what could be typed next, and that what is offered can be typed."""

from __future__ import annotations

import pytest

from memstudio.library import Library
from tests.library.filled import study
from tests.library.small import document, planned


@pytest.fixture
def lived(lib: Library) -> Library:
    done = study(lib)
    lib.mark(done.runs[0], add_tags=["for paper", "odd"])
    lib.submit(document(title="It's odd", kind="soft"), [planned(kind="soft")])
    return lib


def offered(lib: Library, text: str, position: int | None = None) -> list[str]:
    return [one.text for one in lib.complete(text, position)]


@pytest.mark.parametrize(
    ("typed", "first", "others"),
    [
        ("", "heads", ["memory", "state", "recall", "mem1.heads", "environment.torch", "not"]),
        ("mem", "memory", ["mem1.heads", "mem1.component"]),
        ("rec", "recall", ["recall[load=16]"]),
        ("recall[l", "recall[load=16]", []),
        ("torch", "environment.torch", []),
        ("seed = 1 and rec", "recall", []),
        ("(rec", "recall", []),
        ("not sta", "state", ["started", "starred"]),
        ("recall ", ">", ["<", "=", "in", "is missing"]),
        ("memory ", "=", ["~", "in", "not in"]),
        ("queued ", ">", ["within"]),
        ("starred ", "=", ["and", "or"]),
        ("memory = ", "attention", ['"gated delta rule"']),
        ('memory = "g', '"gated delta rule"', []),
        ("memory = g", '"gated delta rule"', []),
        ("memory in ", "(", []),
        ("memory in (", "attention", ['"gated delta rule"']),
        ("memory in (attention", "attention", []),
        ("memory in (attention ", ",", [")"]),
        ("memory in (attention, ", "attention", ['"gated delta rule"']),
        ("memory in (attention) ", "and", ["or"]),
        ("state = f", "finished", ["failed"]),
        ("starred = ", "true", ["false"]),
        ("tag = ", '"for paper"', ["odd"]),
        ("study = ", '"Heads and memories"', []),
        ("cell = gated", '"gated delta rule, heads 4"', ['"gated delta rule, heads 1"']),
        ("title = it", '"It\'s odd"', []),
        ("mem1.heads = ", "1", ["4"]),
        ("torch = ", '"2.13.0"', []),
        ("device = ", "cpu", []),
        ("queued within ", "2 days", []),
        ("queued within 3 ", "minutes", ["days", "weeks"]),
        ("seed = 1 ", "and", ["or"]),
        ("(seed = 1 ", "and", [")"]),
        ("recall is missing ", "and", ["or"]),
        ("nothing = ", None, []),
    ],
)
def test_what_is_offered(lived: Library, typed: str, first: str | None, others: list[str]) -> None:
    found = offered(lived, typed)
    assert (found[0] if found else None) == first
    assert set(others) <= set(found)


def test_what_is_offered_takes_the_place_of_what_is_typed(lived: Library) -> None:
    text = "seed = 1 and memory = gat and recall > 0"
    (one,) = [one for one in lived.complete(text, text.index("gat") + 3) if "gated" in one.text]
    made = text[: one.start] + one.text + text[one.end :]
    assert made == 'seed = 1 and memory = "gated delta rule" and recall > 0'
    assert len(lived.runs(where=made)) == 2
    assert (one.kind, lived.complete("mem")[0].about) == ("value", "an axis of a study")


def test_every_name_that_is_offered_can_be_asked_for(lived: Library) -> None:
    for one in lived.complete(""):
        if one.kind == "name":
            assert lived.check_where(f"{one.text} is missing") is None, one
            values = [value for value in lived.complete(f"{one.text} = ") if value.kind == "value"]
            for value in values:
                assert lived.check_where(f"{one.text} = {value.text}") is None, value


@pytest.mark.parametrize(
    "name", ["memory", "heads", "mem1.heads", "mem1.component", "title", "cell", "tag", "device", "machine", "torch", "seed"]
)
def test_every_value_that_is_offered_finds_a_run(lived: Library, name: str) -> None:
    values = offered(lived, f"{name} = ")
    assert values
    for value in values:
        assert lived.runs(where=f"{name} = {value}"), value


def test_never_more_than_can_be_read(lib: Library) -> None:
    for i in range(70):
        lib.submit(document(title=f"title {i}"), [planned(seed=i)])
    assert len(lib.complete("title = ")) == 50
    assert offered(lib, "title = 69") == ['"title 69"']
