"""What a node looks like before it is painted: its words, its family, its plugs and where they sit. No widget here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memstudio.desktop.canvas.parts import LINE, Part, parts_of
from memstudio.desktop.canvas.summary import summary
from memstudio.experiment.document import Document, Node
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.kinds import Kind

WIDTH, HEIGHT = 160.0, 64.0
#: distance between two plugs on one side; with more than three the card grows
STEP = 20.0
#: how far from its centre a plug can be grabbed: 24 px across, as big as a finger tip needs
REACH = 12.0


@dataclass(frozen=True)
class Plug:
    """A port on a card. side: "in" (left) or "out" (right); faint: implied, shown only when it is pointed at; x, y: from the corner."""

    node: str
    port: str
    side: str
    kind: str
    title: str
    x: float
    y: float
    faint: bool = False

    @property
    def address(self) -> str:
        """`node.port`, as a wire names it."""
        return f"{self.node}.{self.port}"


@dataclass(frozen=True)
class Card:
    """The card of one node. phrases: of its second line, the most telling first; known: whether its component is installed.

    head: the height of what stands above the components inside it, which are `parts`.
    """

    id: str
    title: str
    phrases: tuple[str, ...]
    family: str
    family_title: str
    height: float
    plugs: tuple[Plug, ...]
    known: bool = True
    parts: tuple[Part, ...] = ()
    head: float = HEIGHT

    @property
    def line(self) -> str:
        """The whole second line."""
        return " · ".join(self.phrases)

    def plug(self, side: str, port: str) -> Plug | None:
        """The plug of that name on that side, or None."""
        return next((p for p in self.plugs if p.side == side and p.port == port), None)


def card_of(node: Node, document: Document, catalogue: Catalogue, implied: bool, wired: Iterable[str] | None = None) -> Card:
    """The card of a node; implied: the document has one stream, so its wires need not be shown.

    wired: the node's ports that have wires, `<port` taken and `>port` given, where they are known already.
    """
    ports = wired_ports(node, document) if wired is None else tuple(wired)
    if node.component not in catalogue:
        return _placeholder(node, ports)
    entry = catalogue.entry(node.component)
    takes = [(p.name, str(p.kind), p.title, implied and p.kind is Kind.STREAM and f"<{p.name}" not in ports) for p in entry.component.takes]
    gives = [(p.name, str(p.kind), p.title, implied and p.kind is Kind.STREAM and f">{p.name}" not in ports) for p in entry.component.gives]
    phrases, head = summary(entry, node.values), _height(takes, gives)
    parts = parts_of(entry, node.id, node.values, _below(head, bool(phrases)))
    height = max(head, parts[-1].y + LINE + 6) if parts else head
    plugs = _plugs(node.id, "in", takes, head) + _plugs(node.id, "out", gives, head)
    return Card(node.id, node.title or entry.title, phrases, entry.family.id, entry.family.title, height, plugs, True, parts, head)


def _below(head: float, line: bool) -> float:
    """Where the components inside a card begin: under its words."""
    return head / 2 + (22 if line else 12)


def wired_ports(node: Node, document: Document) -> tuple[str, ...]:
    """Which ports of a node have wires: `<port` where it takes, `>port` where it gives."""
    return (*(f"<{w.end_port}" for w in document.into(node.id)), *(f">{w.start_port}" for w in document.out_of(node.id)))


def _placeholder(node: Node, wired: Sequence[str]) -> Card:
    takes = [(port[1:], "", "", False) for port in dict.fromkeys(wired) if port.startswith("<")]
    gives = [(port[1:], "", "", False) for port in dict.fromkeys(wired) if port.startswith(">")]
    height = _height(takes, gives)
    plugs = _plugs(node.id, "in", takes, height) + _plugs(node.id, "out", gives, height)
    return Card(node.id, node.title or node.component, ("not installed",), "", "", height, plugs, known=False, head=height)


_Named = tuple[str, str, str, bool]


def _height(takes: Sequence[_Named], gives: Sequence[_Named]) -> float:
    most = max(sum(not faint for *_, faint in side) for side in (takes, gives))
    return max(HEIGHT, STEP * (most + 1))


def _plugs(node: str, side: str, named: Sequence[_Named], height: float) -> tuple[Plug, ...]:
    """Plugs that matter are spread around the middle; implied ones sit in the lower corner, out of the way."""
    x = 0.0 if side == "in" else WIDTH
    plain = [item for item in named if not item[3]]
    top = height / 2 - STEP * (len(plain) - 1) / 2
    found = [Plug(node, port, side, kind, title or port, x, top + STEP * i) for i, (port, kind, title, _) in enumerate(plain)]
    aside = [item for item in named if item[3]]
    found += [Plug(node, port, side, kind, title or port, x, height - 10 - 14 * i, True) for i, (port, kind, title, _) in enumerate(aside)]
    return tuple(found)


def stream_is_implied(document: Document, catalogue: Catalogue) -> bool:
    """Whether exactly one node gives a stream, so that nobody has to draw its wires."""
    often = Counter(node.component for node in document.nodes)
    gives = (id for id in often if id in catalogue and any(p.kind is Kind.STREAM for p in catalogue.entry(id).component.gives))
    return sum(often[id] for id in gives) == 1
