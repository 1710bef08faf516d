"""Words looked for: where they stand, the best first."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memstudio.library import Library
from tests.library.filled import study


def test_a_note_says_more_than_a_document(lib: Library) -> None:
    done = study(lib)
    lib.set_note(done.runs[5], "This is where attention fell apart at the end, and nobody knows why it did so.")
    lib.set_tags(done.runs[6], ["attention please"])
    found = lib.search("attention")
    assert {one.row.uid for one in found} == {*done.runs[:4], done.runs[5], done.runs[6]}
    places = {one.row.uid: one for one in found}
    assert (places[done.runs[5]].place, places[done.runs[6]].place) == ("note", "tags")
    assert "where [attention] fell" in places[done.runs[5]].snippet
    assert places[done.runs[6]].snippet == "[attention] please"
    assert places[done.runs[0]].place in ("title", "parameters")
    assert "[attention]" in places[done.runs[0]].snippet
    assert {one.row.uid for one in found[:2]} == {done.runs[5], done.runs[6]}


def test_every_word_must_stand_there_as_a_beginning(lib: Library) -> None:
    done = study(lib)
    lib.set_note(done.runs[0], "surprisingly good")
    assert [one.row.uid for one in lib.search("surpr goo")] == [done.runs[0]]
    assert lib.search("surpr bad") == []
    assert lib.search("") == []
    assert lib.search("  ") == []
    assert len(lib.search("heads", limit=3)) == 3


def test_not_what_is_in_the_trash(lib: Library) -> None:
    done = study(lib)
    lib.trash(done.runs[:4])
    assert {one.row.uid for one in lib.search("memories")} == set(done.runs[4:])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
def test_any_text_can_be_looked_for(lib: Library, text: str) -> None:
    if not lib.count():
        study(lib)
    assert len(lib.search(text)) <= 8
    assert lib.count(text=text) <= 8
