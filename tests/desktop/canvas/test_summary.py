from __future__ import annotations

from memstudio.components.catalogue import catalogue
from memstudio.desktop.canvas.summary import changed, summary, value_text

CATALOGUE = catalogue()


def test_changed_values_come_before_defaults() -> None:
    entry = CATALOGUE.entry("sequence.gated_deltanet")
    assert summary(entry, {"value_width": 48, "heads": 8})[:2] == ("heads 8", "value width 48")


def test_nested_components_have_chips_of_their_own_and_no_words() -> None:
    entry = CATALOGUE.entry("sequence.mixture_of_memories")
    inner = {"component": "sequence.nothing_known", "values": {}}
    assert not any("nothing_known" in phrase for phrase in summary(entry, {"inner": inner}))


def test_repeat_reads_as_times() -> None:
    assert "×3" in summary(CATALOGUE.entry("sequence.attention"), {"repeat": 3})


def test_a_flag_that_was_switched_off_says_no() -> None:
    assert "no forget gate" in summary(CATALOGUE.entry("sequence.gated_deltanet"), {"gate": False})


def test_a_preset_is_not_changed_by_its_own_values() -> None:
    entry = CATALOGUE.entry("sequence.deltanet")
    assert changed(entry, {"gate": False}) == []
    assert changed(entry, {"gate": True}) == ["gate"]


def test_lists_and_numbers_are_written_as_people_write_them() -> None:
    learner = CATALOGUE.entry("learner.gradient_descent")
    assert value_text(learner.parameter("steps"), 1500, CATALOGUE) == "1,500"
    assert value_text(CATALOGUE.entry("task.associative_recall").parameter("loads"), (4, 8), CATALOGUE) == "4 8"
