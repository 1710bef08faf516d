"""Several nodes at once: what they have in common, one value for all, defaults again."""

from __future__ import annotations

import pytest

from memstudio.experiment import addresses, together
from memstudio.experiment.document import Document, Node
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal
from memstudio.experiment.together import MIXED
from tests.desktop.inspector.every_type import every_type


@pytest.fixture
def known() -> Catalogue:
    return every_type()


def nodes(*components: str) -> Document:
    return Document(nodes=[Node(id=f"n{place}", component=component) for place, component in enumerate(components, 1)])


def test_only_parameters_of_the_same_type_and_range_are_common(known: Catalogue) -> None:
    same = together.common(nodes("memory.small", "memory.small"), ["n1", "n2"], known)
    assert [one.parameter.name for one in same] == ["slots", "gate", "norm", "repeat"]
    assert same[0].addresses == ("n1.slots", "n2.slots")
    other = together.common(nodes("memory.small", "memory.large"), ["n1", "n2"], known)
    assert [one.parameter.name for one in other] == ["norm", "repeat"], "what the family puts around them"
    assert together.common(nodes("memory.small", "memory.gone"), ["n1", "n2"], known) == []


def test_values_that_differ_are_mixed_and_one_value_is_for_all(known: Catalogue) -> None:
    document = addresses.put(nodes("memory.small", "memory.small"), "n1.slots", 9, known)[0]
    at = ("n1.slots", "n2.slots")
    assert together.value(document, at, known) is MIXED
    document = together.set_all(document, at, 12, known)
    assert together.value(document, at, known) == 12
    assert together.value(together.reset_all(document, at, known), at, known) == 4


def test_where_one_cannot_take_it_none_does(known: Catalogue) -> None:
    with pytest.raises(Refusal, match=r"n1: .*from 1 to 64"):
        together.set_all(nodes("memory.small", "memory.small"), ("n1.slots", "n2.slots"), 1000, known)


def test_a_component_is_as_by_default_again_also_inside_another(known: Catalogue) -> None:
    document = nodes("memory.everything")
    document = addresses.put(document, "n1.inner.slots", 9, known)[0]
    document = addresses.put(document, "n1.more", [{"component": "memory.large", "values": {"capacity": 5}}], known)[0]
    document = addresses.put(document, "n1.heads", 8, known)[0]
    inner = together.reset_component(document, "n1.inner", known).by_id["n1"].values
    assert inner["inner"] == {"component": "memory.small", "values": {}}
    assert inner["heads"] == 8
    item = together.reset_component(document, "n1.more.0", known).by_id["n1"].values
    assert item["more"] == [{"component": "memory.large", "values": {}}]
    assert together.reset_component(document, "n1", known).by_id["n1"].values == {}
