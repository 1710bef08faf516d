"""What an edit changed, as plain JSON, and the edit done again from it: what is the same in both documents is not written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from memstudio.experiment import files
from memstudio.experiment.document import Claim, Document, Group, Node, Note, Run, Wire
from memstudio.experiment.parameters import Refusal

_LISTS: Final[Mapping[str, type[BaseModel]]] = {"nodes": Node, "wires": Wire, "groups": Group, "notes": Note}
_MODELS: Final[Mapping[str, type[BaseModel]]] = {"run": Run, "claim": Claim}
_PLAIN: Final = ("title", "about", "cites")


def between(old: Document, new: Document) -> dict[str, Any]:
    """What to write so that `applied(old, ...)` is the new document.

    A list is written as runs of the old one, `[first, number]`, and as objects where it has new ones.
    """
    found: dict[str, Any] = {name: getattr(new, name) for name in _PLAIN if getattr(new, name) != getattr(old, name)}
    for name in _LISTS:
        before, after = getattr(old, name), getattr(new, name)
        if after is not before and after != before:
            found[name] = _runs(before, after)
    for name in _MODELS:
        before, after = getattr(old, name), getattr(new, name)
        if after is not before and after != before:
            found[name] = None if after is None else files.plain(after)
    if new.__pydantic_extra__ != old.__pydantic_extra__:
        found["more"] = dict(new.__pydantic_extra__ or {})
    return found


def _runs(old: Sequence[BaseModel], new: Sequence[BaseModel]) -> list[Any]:
    place = {id(one): at for at, one in enumerate(old)}
    found: list[Any] = []
    for one in new:
        at = place.get(id(one))
        last = found[-1] if found else None
        if at is None:
            found.append(files.plain(one))
        elif isinstance(last, list) and last[0] + last[1] == at:
            last[1] += 1
        else:
            found.append([at, 1])
    return found


def applied(old: Document, delta: Mapping[str, Any]) -> Document:
    """The document after the edit. Raises Refusal where the delta does not fit the document."""
    try:
        new: dict[str, Any] = {name: delta[name] for name in _PLAIN if name in delta}
        for name, model in _LISTS.items():
            if name in delta:
                before = getattr(old, name)
                new[name] = [one for part in delta[name] for one in _part(before, part, model)]
        for name, model in _MODELS.items():
            if name in delta:
                new[name] = None if delta[name] is None else model.model_validate(delta[name])
        document = old.model_copy(update=new)
        if "more" not in delta:
            return document
        return Document.model_validate({**{name: getattr(document, name) for name in Document.model_fields}, **delta["more"]})
    except (ValidationError, TypeError, KeyError, IndexError, ValueError) as error:
        raise Refusal(f"An edit does not fit the document ({type(error).__name__}).") from error


def _part(old: Sequence[Any], part: Any, model: type[BaseModel]) -> Sequence[Any]:
    if isinstance(part, Mapping):
        return [model.model_validate(part)]
    first, number = part
    if first < 0 or number < 1 or first + number > len(old):
        raise IndexError(f"{part} of {len(old)}")
    return old[first : first + number]
