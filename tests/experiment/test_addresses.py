"""Addresses: what they lead to, what can stand there, and what is said of those that lead nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from memstudio.experiment import addresses
from memstudio.experiment.document import Document, Node
from memstudio.experiment.entries import WrongValues
from memstudio.experiment.parameters import Refusal
from tests.experiment.small import CATALOGUE, document


def mixed(**values: Any) -> Document:
    return Document(nodes=[Node(id="mem1", component="sequence.mixture", values=values)])


def values_after(given: Document, address: str, value: Any) -> dict[str, Any]:
    return addresses.put(given, address, value, CATALOGUE)[0].node("mem1").values


def test_values_of_nodes() -> None:
    assert addresses.find(document(), "mem1.heads", CATALOGUE).value == 2
    assert addresses.find(document(), "mem1.rate", CATALOGUE).value == 0.5
    assert addresses.find(document(), "mem1.repeat", CATALOGUE).value == 1
    assert values_after(document(), "mem1.heads", 8.0) == {"heads": 8}


def test_a_list_is_kept_as_json() -> None:
    words = addresses.put(document(), "task.loads", [8, 2], CATALOGUE)[0]
    assert words.node("task").values == {"loads": [2, 8]}


def test_nested_values_begin_with_their_defaults() -> None:
    found = addresses.find(mixed(), "mem1.inner.heads", CATALOGUE)
    assert (found.value, found.nested, found.entry and found.entry.id) == (4, True, "sequence.plain")
    assert values_after(mixed(), "mem1.inner.heads", 8) == {"inner": {"component": "sequence.plain", "values": {"heads": 8}}}


def test_a_nested_swap_carries_by_role() -> None:
    one = mixed(inner={"component": "sequence.plain", "values": {"heads": 8, "rate": 0.1}, "x-kept": True})
    changed, carried = addresses.put(one, "mem1.inner.component", "sequence.gated", CATALOGUE)
    assert carried == {"channels": 8}
    assert changed.node("mem1").values["inner"] == {"component": "sequence.gated", "values": {"channels": 8}, "x-kept": True}
    assert addresses.find(changed, "mem1.inner.component", CATALOGUE).family == "sequence"


def test_lists_of_components_are_addressed_by_number() -> None:
    one = mixed(helpers=[{"component": "sequence.plain", "values": {}}, {"component": "sequence.gated", "values": {"key_width": 4}}])
    assert addresses.find(one, "mem1.helpers.1.key_width", CATALOGUE).value == 4
    assert values_after(one, "mem1.helpers.0.heads", 2)["helpers"][0]["values"] == {"heads": 2}
    with pytest.raises(Refusal, match="Helpers has the entries 0 to 1"):
        addresses.find(one, "mem1.helpers.2.heads", CATALOGUE)


def test_settings_of_the_run() -> None:
    one = addresses.put(document(), "run.threads", 2, CATALOGUE)[0]
    assert addresses.find(one, "run.threads", CATALOGUE).value == 2
    assert addresses.reset(one, "run.threads", CATALOGUE).run.threads == 1
    with pytest.raises(Refusal, match=r"run\.seed must be at least 0, not -1; raise it\."):
        addresses.put(document(), "run.seed", -1, CATALOGUE)


def test_resetting_gives_the_default_back() -> None:
    one = addresses.put(document(), "mem1.rate", 0.25, CATALOGUE)[0]
    assert addresses.reset(one, "mem1.rate", CATALOGUE) == document()
    deep = addresses.put(mixed(), "mem1.inner.heads", 8, CATALOGUE)[0]
    assert addresses.find(addresses.reset(deep, "mem1.inner.heads", CATALOGUE), "mem1.inner.heads", CATALOGUE).value == 4
    listed = mixed(helpers=[{"component": "sequence.plain", "values": {"heads": 2}}])
    assert addresses.reset(listed, "mem1.helpers.0.heads", CATALOGUE).node("mem1").values["helpers"][0]["values"] == {}


NOWHERE = [
    ("mem2.heads", r"there is no node 'mem2' \(did you mean mem1\?\)"),
    ("mem1.haeds", r"'mem1.haeds' leads nowhere: Plain memory has no parameter 'haeds' \(did you mean heads\?\)"),
    ("mem1.heads.deep", "Heads has nothing inside it"),
    ("mem1", "is no address"),
    ("mem1.", "is no address"),
    ("", "is no address"),
    ("run.sede", r"a run has no setting 'sede' \(did you mean seed\?\)"),
    ("run.vary", "a run has no setting 'vary'"),
]


@pytest.mark.parametrize(("address", "sentence"), NOWHERE)
def test_addresses_that_lead_nowhere(address: str, sentence: str) -> None:
    for ask in (lambda: addresses.find(document(), address, CATALOGUE), lambda: addresses.put(document(), address, 1, CATALOGUE)):
        with pytest.raises(Refusal, match=sentence):
            ask()


def test_values_that_cannot_be() -> None:
    with pytest.raises(Refusal, match=r"mem1\.heads: Heads must be a whole number from 1 to 16, not 99"):
        addresses.put(document(), "mem1.heads", 99, CATALOGUE)
    with pytest.raises(Refusal, match=r"There is no component 'sequence\.plian'"):
        addresses.put(document(), "mem1.component", "sequence.plian", CATALOGUE)
    with pytest.raises(Refusal, match="takes the id of a component"):
        addresses.put(document(), "mem1.component", 5, CATALOGUE)
    with pytest.raises(WrongValues, match="needs a component that is readable; Closed memory is not"):
        addresses.put(mixed(), "mem1.inner.component", "sequence.closed", CATALOGUE)
    with pytest.raises(Refusal, match="of family sequence"):
        addresses.put(mixed(), "mem1.inner", {"component": "task.words"}, CATALOGUE)


def test_every_address_leads_somewhere() -> None:
    one = mixed(helpers=[{"component": "sequence.plain", "values": {}}])
    listed = addresses.every(one, CATALOGUE)
    assert {"mem1.component", "mem1.inner.component", "mem1.inner.heads", "mem1.helpers.0.rate", "run.seed"} <= set(listed)
    for address in listed:
        found = addresses.find(one, address, CATALOGUE)
        if address not in ("run.data_seed", "run.reuse", "run.minutes"):  # None there stands for none
            assert addresses.put(one, address, found.value, CATALOGUE)[0] is not None
