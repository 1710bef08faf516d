"""What a study can vary or set: every address of a document, node by node, in the order of the form."""

from __future__ import annotations

from dataclasses import dataclass

from memstudio.desktop.study.saying import RUN_SETTINGS, address_text, node_text
from memstudio.experiment import addresses
from memstudio.experiment.addresses import COMPONENT, RUN
from memstudio.experiment.document import Case, Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Nested, Parameter, Refusal, Whole


@dataclass(frozen=True)
class Place:
    """One thing that can be set: its address, and what it is called."""

    address: str
    title: str


@dataclass(frozen=True)
class Group:
    """The places of one node, or of the run."""

    title: str
    places: tuple[Place, ...]


def places(document: Document, catalogue: Catalogue, case: Case | None = None) -> list[Group]:
    """Everything that can be set, node by node, then the run. In a case, the places of the components that it puts there."""
    from memstudio.experiment.axis_edits import in_case

    made = in_case(document, case or {}, catalogue)
    groups: dict[str, list[Place]] = {}
    for address in addresses.every(made, catalogue):
        node, _, rest = address.partition(".")
        if node == RUN:
            if rest in RUN_SETTINGS:
                groups.setdefault(node, []).append(Place(address, RUN_SETTINGS[rest].title))
        elif _can_be_set(made, address, catalogue):
            groups.setdefault(node, []).append(Place(address, _title(made, address, catalogue)))
    return [Group(node_text(made, f"{node}.", catalogue), tuple(found)) for node, found in groups.items()]


def widths(document: Document, catalogue: Catalogue) -> list[Place]:
    """The whole numbers that a budget can be met by: of the nodes that are varied first, widths before all others."""
    varied = {address.partition(".")[0] for axis in document.run.vary for case in axis.all_cases() for address in case.set}
    found: list[tuple[tuple[bool, bool], str, Place]] = []
    for address in addresses.every(document, catalogue):
        parameter, node = parameter_at(document, address, catalogue), address.partition(".")[0]
        if isinstance(parameter, Whole) and node != RUN:
            place = Place(address, _title(document, address, catalogue).lower())
            found.append(((node not in varied, "width" not in parameter.name), node_text(document, address, catalogue), place))
    found.sort(key=lambda one: one[0])
    # of the nodes that are varied the bare name says enough, unless two of them have it
    titles = [place.title for order, _, place in found if not order[0]]
    return [
        place if not order[0] and titles.count(place.title) == 1 else Place(place.address, f"{place.title} of {node}")
        for order, node, place in found
    ]


def parameter_at(document: Document, address: str, catalogue: Catalogue) -> Parameter | None:
    """The parameter at an address; None for a component, and where the address leads nowhere."""
    node, _, rest = address.partition(".")
    if node == RUN:
        return RUN_SETTINGS.get(rest)
    try:
        return addresses.find(document, address, catalogue).parameter
    except Refusal:
        return None


def _can_be_set(document: Document, address: str, catalogue: Catalogue) -> bool:
    # a component inside another is chosen by its own address, not set as a whole
    return address.endswith(f".{COMPONENT}") or not isinstance(parameter_at(document, address, catalogue), Nested | None)


def _title(document: Document, address: str, catalogue: Catalogue) -> str:
    """`Heads`; of what stands inside another component `Inner: heads`."""
    title = address_text(document, address, catalogue)
    inside = address.split(".")[1:-1]
    return f"{' '.join(inside).replace('_', ' ').capitalize()}: {title.lower()}" if inside else title
