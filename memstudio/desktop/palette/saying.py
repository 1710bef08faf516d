"""A component in words: its ports, its sources, and all of it in one breath for a screen reader."""

from __future__ import annotations

from collections.abc import Sequence

from memstudio.experiment.declarations import Port, Source
from memstudio.experiment.entries import Entry


def port_words(port: Port) -> str:
    """`sequence or features`, with its title where it says more, and whether it may stay empty."""
    kinds = " or ".join(str(kind) for kind in (port.kind, *port.also))
    named = port.title and port.title.casefold() not in (str(port.kind), kinds.casefold())
    words = f"{port.title} ({kinds})" if named else kinds
    extra = [one for one, said in (("any number", port.many), ("may stay empty", port.optional)) if said]
    return f"{words}, {', '.join(extra)}" if extra else words


def sources_of(entry: Entry) -> tuple[Source, ...]:
    """The sources of the preset first, then of the component."""
    return (entry.preset.sources if entry.preset else ()) + entry.component.sources


def source_words(source: Source) -> str:
    """`Yang et al. 2024`, `Hopfield 1982`."""
    people = [one.strip() for one in source.authors.split(",")]
    who = people[0] + (" et al." if len(people) > 2 else f" and {people[1]}" if len(people) == 2 else "")
    return f"{who} {source.year}"


def systems_of(entry: Entry) -> list[str]:
    """The ids of the systems it covers, each once."""
    return list(dict.fromkeys(system for source in sources_of(entry) for system in source.systems))


def _ports(words: str, ports: Sequence[Port]) -> str:
    return f"{words} {'; '.join(port_words(port) for port in ports)}." if ports else f"{words} nothing."


def spoken(entry: Entry, why_not: str | None = None, starred: bool = False) -> str:
    """Everything the card shows, as one text."""
    parts = [
        f"{entry.family.title}{', favourite' if starred else ''}.",
        entry.summary,
        f"Cannot follow what is selected. {why_not}" if why_not else "",
        _ports("Takes", entry.component.takes),
        _ports("Gives", entry.component.gives),
        "; ".join(dict.fromkeys(source_words(source) for source in sources_of(entry)[:2])),
    ]
    return " ".join(part for part in parts if part)
