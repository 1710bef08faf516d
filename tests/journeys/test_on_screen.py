"""Journeys on a real screen with a window manager: an experiment built, run, misused and left with mouse and keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.screen import Person, middle, missing, person

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"needs {', '.join(missing())} (packages of the system)")

PARTS = {
    "associative recall": "task.associative_recall",
    "token embedding": "encoder.token_embedding",
    "gated delta rule": "sequence.gated_deltanet",
    "classifier": "readout.classifier",
    "gradient descent": "learner.gradient_descent",
    "recall": "probe.recall",
}


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        yield found


def components(hand: Person) -> list[str]:
    return [node["component"] for node in hand.ask("document").get("nodes", [])]


def wires(hand: Person) -> int:
    return len(hand.ask("document").get("wires", []))


def built(hand: Person) -> None:
    """An experiment from the palette, by clicking into its field and typing."""
    hand.key("ctrl+n")
    hand.wait(lambda: hand.ask("state")["page"] == "build", "Build is shown")
    field = hand.where("Search components")
    for words, component in PARTS.items():
        hand.click(field)
        hand.key("ctrl+a")
        hand.type(words)
        hand.key("Return")
        hand.wait(lambda component=component: component in components(hand), f"{component} is there")
    assert not hand.state()["problems"]


def typed(hand: Person, component: str, values: dict[str, str]) -> None:
    """Clicks a card and types into its form."""
    hand.click(middle(hand.ask("node", component)))
    for title, text in values.items():
        hand.click(hand.where(title))
        hand.key("ctrl+a")
        hand.type(text)
        hand.key("Tab")


def value(hand: Person, component: str, name: str) -> object:
    node = next(node for node in hand.ask("document")["nodes"] if node["component"] == component)
    return node.get("values", {}).get(name)


def test_built_run_and_left(hand: Person) -> None:
    built(hand)
    hand.key("Escape")
    typed(hand, "learner.gradient_descent", {"Steps": "60", "Warm-up": "5"})
    hand.wait(lambda: value(hand, "learner.gradient_descent", "steps") == 60, "60 steps")
    assert not hand.state()["problems"]
    hand.click(hand.where("Run"))
    hand.wait(lambda: "learning" in hand.ask("state")["panels"], "the first points are drawn")
    # closing while it runs: a line says that it goes on, a second time closes
    hand.key("ctrl+q")
    if hand.program.poll() is None:
        hand.key("ctrl+q")
    assert hand.closed()


def test_misused(hand: Person) -> None:
    built(hand)
    before = wires(hand)
    # a wire where it does not fit, and a wire into the void
    hand.drag(middle(hand.ask("plug", "task.associative_recall", "tokens", "out")), middle(hand.ask("node", "probe.recall")))
    assert wires(hand) == before
    hand.key("Escape")
    # an absurd value is refused in its row, and nothing is changed
    typed(hand, "sequence.gated_deltanet", {"Heads": "-3"})
    assert value(hand, "sequence.gated_deltanet", "heads") in (None, 2)
    # a card in the middle deleted, taken back, done again, taken back
    hand.click(middle(hand.ask("node", "sequence.gated_deltanet")))
    hand.key("Delete")
    hand.wait(lambda: "sequence.gated_deltanet" not in components(hand), "the memory is gone")
    assert hand.state()["problems"]
    hand.key("ctrl+z")
    hand.wait(lambda: wires(hand) == before, "the memory and its wires are back")
    hand.key("ctrl+shift+z")
    hand.wait(lambda: "sequence.gated_deltanet" not in components(hand), "the memory is gone again")
    hand.key("ctrl+z")
    hand.wait(lambda: wires(hand) == before, "the memory is back again")
    # undone in the middle of a drag
    card = middle(hand.ask("node", "readout.classifier"))
    hand.do("mousemove", *card, "mousedown", 1, "mousemove", card[0] + 60, card[1] + 40)
    hand.key("ctrl+z")
    hand.do("mouseup", 1)
    assert hand.state()["page"] == "build"
    hand.key("ctrl+q")
    assert hand.closed()
    assert hand.program.returncode == 0
