"""A refusal is a sentence for a person, whatever was quoted in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memstudio.experiment.parameters import LONGEST_SENTENCE, Refusal


def test_a_usual_sentence_stays_as_it_is() -> None:
    sentence = "There is no file /somewhere/long/enough/small.memx; check the path."
    assert str(Refusal(sentence)) == sentence


def test_a_long_word_is_cut_and_the_sentence_around_it_stays() -> None:
    text = str(Refusal(f"Rate must be a number, not {'9' * 5000}; give one from 0 to 1."))
    assert text.startswith("Rate must be a number, not 999")
    assert text.endswith("999; give one from 0 to 1.")
    assert len(text) < 200


def test_a_long_quotation_is_cut_in_its_middle() -> None:
    text = str(Refusal(f"Members must be a whole number, not {['a'] * 900}; give one from 1 to 64."))
    assert text.startswith("Members must be a whole number, not ['a', 'a'")
    assert text.endswith("; give one from 1 to 64.")


@given(st.text(max_size=3000))
def test_no_sentence_is_longer_than_a_person_reads(text: str) -> None:
    assert len(str(Refusal(text))) <= LONGEST_SENTENCE
