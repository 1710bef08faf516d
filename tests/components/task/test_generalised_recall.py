"""Generalised associative recall: exactly one person fits each question, and no fact can be left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from memstudio.components.runtime import Draws
from memstudio.components.task.generalised_recall.reference import FALSE, TRUE, solve
from memstudio.components.task.generalised_recall.stream import GeneralisedRecall
from tests.components.task.token_streams import (
    DRAWS,
    answers_asked,
    fingerprints_differ,
    parts_do_not_depend_on_others,
    reference_answers_all,
    refusal,
    sample_reads,
    seeds_decide,
    stream,
)

TASK = "task.generalised_recall"
SMALL: dict[str, Any] = {"pairs": 4, "groups": 3, "classes": 3, "members": 5, "negation": True, "test_items": 40}
KINDS = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1)]


def made(draws: Draws = DRAWS, **values: Any) -> GeneralisedRecall:
    built = stream(TASK, draws, **{**SMALL, **values})
    assert isinstance(built, GeneralisedRecall)
    return built


def knowledge(one: GeneralisedRecall) -> tuple[dict[int, int], dict[int, int]]:
    """person -> group, thing -> class, as tokens."""
    facts = one.facts
    persons = {p: int(facts.group[k]) for k, row in enumerate(facts.persons.tolist()) for p in row}
    things = {t: int(facts.classes[k]) for k, row in enumerate(facts.things.tolist()) for t in row}
    return persons, things


@pytest.mark.parametrize("form", ["generate", "classify"])
@pytest.mark.parametrize("pairs", [3, 5])
def test_the_reference_answers_all(form: str, pairs: int) -> None:
    one = made(form=form, pairs=pairs)
    group_of, class_of = knowledge(one)
    assert len(group_of) == len(class_of) == 15
    reference_answers_all(one, lambda tokens, part: solve(tokens, group_of, class_of, form == "classify"), ("distance", "serial_position"))
    parts = one.parts("test")
    assert [(part.labels["hops"], part.labels["negated"]) for part in parts] == KINDS
    for part in parts:
        for tokens in part.batch.inputs.tolist():
            assert len(set(tokens[: 2 * pairs])) == 2 * pairs
            assert tokens[2 * pairs] == 1 + int(part.labels["negated"])


def test_two_hops_need_both_facts() -> None:
    one = made()
    group_of, class_of = knowledge(one)
    for part in one.parts("test")[3:]:
        for row, tokens in enumerate(part.batch.inputs.tolist()):
            group, kind = tokens[9], tokens[10]
            pairs = [(tokens[2 * i], tokens[2 * i + 1]) for i in range(4)]
            of_group = [p for p, _ in pairs if group_of[p] == group]
            of_class = [p for p, t in pairs if class_of[t] == kind]
            assert len(of_group) == 2
            assert len(of_class) >= 2
            assert len(set(of_group) & set(of_class)) == 1
            right = int(part.batch.targets[row, 10])
            assert right in of_group
            assert (right in of_class) == (part.labels["negated"] == 0)


def test_the_person_who_is_meant_stands_anywhere_and_may_be_anybody() -> None:
    one = made(test_items=1500)
    for part in one.parts("test"):
        assert part.batch.mask is not None
        place = part.batch.marks["serial_position"][part.batch.mask].numpy()
        assert stats.chisquare(np.bincount(place)[1:]).pvalue > 1e-4
        asked = part.batch.targets[part.batch.mask]
        persons = one.facts.persons.flatten().sort().values
        counts = np.bincount(torch.searchsorted(persons, asked).numpy(), minlength=15)
        assert stats.chisquare(counts).pvalue > 1e-4


def test_facts_are_of_the_data_seed_and_every_token_means_one_thing() -> None:
    facts = made().facts
    tokens = torch.cat([facts.persons.flatten(), facts.things.flatten(), facts.group, facts.classes])
    assert sorted(tokens.tolist()) == list(range(5, 5 + 36))
    assert torch.equal(facts.persons, made(Draws(9, 7)).facts.persons)
    assert not torch.equal(facts.persons, made(Draws(3, 8)).facts.persons)


def test_guessing() -> None:
    one = made()
    persons = one.facts.persons.flatten().numpy()
    assert one.chance == 1 / 15
    asked = answers_asked(one.batch(0, 3000, DRAWS))
    guesses = np.random.default_rng(1).choice(persons, size=asked.size)
    assert stats.binomtest(int((guesses == asked).sum()), asked.size, 1 / 15).pvalue > 1e-4
    judged = made(form="classify")
    assert judged.chance == 0.5
    answers = answers_asked(judged.batch(0, 3000, DRAWS))
    assert set(answers.tolist()) == {TRUE, FALSE}
    assert stats.binomtest(int((answers == TRUE).sum()), answers.size, 0.5).pvalue > 1e-4


def test_items_by_hand() -> None:
    group_of, class_of = {10: 20, 11: 20, 12: 21}, {30: 40, 31: 41, 32: 40}
    shown = [10, 30, 11, 31, 12, 32]
    assert solve([*shown, 1, 31, 0], group_of, class_of, False) == {7: (11, 4, 2)}
    assert solve([*shown, 1, 41, 0], group_of, class_of, False) == {7: (11, 4, 2)}
    assert solve([*shown, 2, 40, 0], group_of, class_of, False) == {7: (11, 4, 2)}
    assert solve([*shown, 1, 20, 40], group_of, class_of, False) == {8: (10, 7, 1)}
    assert solve([*shown, 2, 20, 40], group_of, class_of, False) == {8: (11, 5, 2)}
    assert solve([*shown, 1, 20, 40, 12], group_of, class_of, True) == {9: (FALSE, 8, 1)}


def test_seeds_parts_and_fingerprint() -> None:
    seeds_decide(TASK, **SMALL)
    parts_do_not_depend_on_others(TASK, SMALL, {**SMALL, "hops": [1]})
    changes = ({"hops": [1]}, {"negation": True}, {"form": "classify"}, {"pairs": 5}, {"groups": 3}, {"classes": 5}, {"members": 9})
    fingerprints_differ(TASK, *changes)
    sample_reads(made(), {"key", "value", "asked with", "filler", "question"})
    says = "9 pairs need groups and classes of at least as many members; they have 8."
    assert refusal(TASK, pairs=9) == says
    assert refusal(TASK, pairs=8) is None
