"""Edits of a list of components inside a node: take one out, move it up or down."""

from __future__ import annotations

from memstudio.experiment import addresses
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Refusal


def remove_inside(document: Document, address: str, catalogue: Catalogue) -> Document:
    """Without the component at `node.list.index`. Raises Refusal where there is none."""
    at, items, index = _list(document, address, catalogue)
    return addresses.put(document, at, [one for place, one in enumerate(items) if place != index], catalogue)[0]


def shift_inside(document: Document, address: str, by: int, catalogue: Catalogue) -> Document:
    """The component at `node.list.index` so many places further down (up, below 0); at the ends nothing changes."""
    at, items, index = _list(document, address, catalogue)
    to = min(max(index + by, 0), len(items) - 1)
    items.insert(to, items.pop(index))
    return addresses.put(document, at, items, catalogue)[0]


def _list(document: Document, address: str, catalogue: Catalogue) -> tuple[str, list[object], int]:
    at, _, index = address.rpartition(".")
    value = addresses.find(document, at, catalogue).value if at and index.isdigit() else None
    if not isinstance(value, list | tuple) or int(index) >= len(value):
        raise Refusal("That stands alone in its place; choose another component there in the inspector.")
    return at, list(value), int(index)
