from __future__ import annotations

import pytest

from memstudio.components.catalogue import catalogue
from memstudio.desktop.palette.search import Search, plain

SEARCH = Search(catalogue())


def ids(text: str) -> list[str]:
    return [entry.id for entry in SEARCH.find(text)]


def test_nothing_typed_finds_everything_in_palette_order() -> None:
    assert ids("  ") == [entry.id for entry in catalogue()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gated", "sequence.gated_deltanet"),
        ("GATED del", "sequence.gated_deltanet"),
        ("sequence.attention", "sequence.attention"),
        ("mqar", "task.associative_recall"),
        ("zoology", "task.associative_recall"),
        ("eyuboglu", "task.associative_recall"),
        ("power of the questions", ""),
        ("distance position", "task.associative_recall"),
    ],
)
def test_finds_by_title_id_synonym_author_and_equation(text: str, expected: str) -> None:
    found = ids(text)
    assert (expected in found) if expected else found == []


def test_the_title_counts_more_than_the_summary() -> None:
    assert ids("recall")[0] in ("probe.recall", "task.associative_recall")
    assert ids("delta")[0] == "sequence.deltanet"
    assert ids("gated delta")[0] == "sequence.gated_deltanet"


def test_every_word_must_fit() -> None:
    assert ids("gated digits") == []


def test_accents_and_subscripts_are_read_as_plain_letters() -> None:
    assert plain("Schölkopf kₜ") == "scholkopf kt"


def test_greek_letters_are_found_by_their_names() -> None:
    with_alpha = [entry.id for entry in catalogue() if any("α" in one.text for one in entry.component.equations)]
    assert with_alpha
    assert set(with_alpha) <= set(ids("alpha"))


def test_systems_are_found_by_their_ids() -> None:
    source = next(source for entry in catalogue() for source in entry.component.sources if source.systems)
    assert ids(source.systems[0])
    assert ids(source.systems[0].lower()) == ids(source.systems[0])


def test_what_was_meant_is_guessed_only_where_it_is_found() -> None:
    assert SEARCH.nearest("gatted") == "gated"
    assert SEARCH.nearest("gated") == ""
    assert SEARCH.nearest("xyzzy") == ""
