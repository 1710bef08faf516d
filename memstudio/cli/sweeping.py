"""What `sweep` is told, as axes of a study: `mem1.heads=1,2,4`, `learn.rate=log:1e-4..1e-2:5`, `mem1.component=a,b`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memstudio.cli.asked import value_of
from memstudio.cli.options import Typed
from memstudio.experiment.document import Axis, Case, Match, Range, Tuned
from memstudio.experiment.parameters import Refusal

if TYPE_CHECKING:
    from memstudio.experiment.document import Document
    from memstudio.experiment.entries import Catalogue

_RANGE = re.compile(r"^(log:|lin:)?([^:]+?)\.\.([^:]+?)(?::(\d+))?$")
#: Significant digits of a value out of a range, as in tuning.
_DIGITS = 3


def axis_of(typed: str, document: Document, catalogue: Catalogue, option: str = "--vary") -> Axis:
    """The axis of `[NAME=]ADDRESS=VALUES`. Values: with commas between them, each perhaps with a label (`soft=sequence.attention`),
    or a range with its number of points (`log:1e-4..1e-2:5`). Raises Typed.
    """
    name, address, text = _parts(typed, option)
    found = _found(document, address, catalogue, option)
    ranged = _RANGE.match(text)
    if ranged is not None:
        return Axis(name=name or _name(address), set=address, values=_spaced(ranged, found.parameter, typed, option))
    cases = [_case(item, address, catalogue, labelled="=" in item) for item in _items(text)]
    if not cases:
        raise Typed(f"{option} {typed} names no value; write them with commas between, as in {address}=1,2,4.")
    if address.endswith(".component") or any("=" in item for item in _items(text)):
        return Axis(name=name or _name(address), cases=cases)
    return Axis(name=name or _name(address), set=address, values=[case.set[address] for case in cases])


def tuned_axis_of(typed: str, document: Document, catalogue: Catalogue, tuned: Tuned) -> Axis:
    """The tuned axis of `[NAME=]ADDRESS=VALUES`; a range stays one, out of which values are drawn. Raises Typed."""
    name, address, text = _parts(typed, "--tune")
    _found(document, address, catalogue, "--tune")
    ranged = _RANGE.match(text)
    if ranged is None:
        return axis_of(typed, document, catalogue, "--tune").model_copy(update={"tuned": tuned})
    low, high = _ends(ranged, typed, "--tune")
    given: dict[str, Any] = {"low": low, "high": high}
    if ranged[1] == "log:":
        given["log"] = True
    if ranged[4] is not None:
        given["points"] = int(ranged[4])
    try:
        return Axis(name=name or _name(address), set=address, range=Range(**given), tuned=tuned)
    except ValueError as error:
        raise Typed(f"--tune {typed}: a grid takes 2 to 1,000 points of a range.") from error


def with_axis(document: Document, axis: Axis) -> Document:
    """The document with an axis added, in the place of one that sets the same or has its name."""
    mine = {axis.set, *(at for case in axis.all_cases() for at in case.set)} - {None}

    def same(other: Axis) -> bool:
        theirs = {other.set, *(at for case in other.all_cases() for at in case.set)}
        return other.name == axis.name or bool(mine & theirs)

    kept = [other for other in document.run.vary if not same(other)]
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": [*kept, axis]})})


def with_match(document: Document, typed: str) -> Document:
    """The document with one axis matched, as `WHAT:WIDTH[:LABEL]` says: to the case of that label (else to the first case of the
    first axis). Raises Typed.
    """
    what, _, rest = typed.partition(":")
    width, _, to = rest.partition(":")
    if what not in ("parameters", "state_bytes", "step_time") or "." not in width:
        raise Typed(f"--match {typed} is not WHAT:NODE.PARAM[:LABEL] with parameters, state_bytes or step_time.")
    node, nodes = width.partition(".")[0], [node.id for node in document.nodes]
    if node not in nodes:
        raise Typed(f"--match {typed}: there is no node {node!r}; there are {', '.join(nodes)}.")
    axes = [axis for axis in document.run.vary if axis.tuned is None]
    if not axes:
        raise Typed(f"--match {typed} needs something that varies; add --vary.")
    having = [axis for axis in axes if not to or to in [case.label for case in axis.all_cases()]]
    if not having:
        labels = ", ".join(repr(case.label) for axis in axes for case in axis.all_cases())
        raise Typed(f"--match {typed}: no case is called {to!r}; there are {labels}.")
    chosen = having[0]
    match = Match.model_validate({"what": what, "width": width, "to": to or chosen.all_cases()[0].label})
    vary = [axis.model_copy(update={"match": match}) if axis is chosen else axis for axis in document.run.vary]
    return document.model_copy(update={"run": document.run.model_copy(update={"vary": vary})})


def _parts(typed: str, option: str) -> tuple[str, str, str]:
    """(name, address, values). A name is what stands before the address and has no point."""
    first, equals, rest = typed.partition("=")
    name = ""
    if equals and "." not in first and "=" in rest:
        name, (first, _, rest) = first.strip(), rest.partition("=")
    if not equals or "." not in first or not rest.strip():
        raise Typed(f"{option} {typed} is not NODE.PARAM=VALUES, as in {option} mem1.heads=1,2,4.")
    return name, first.strip(), rest.strip()


def _found(document: Document, address: str, catalogue: Catalogue, option: str) -> Any:
    """What the address leads to, in the document or in one of its cells: `mem1.key_width` after a swap."""
    from memstudio.experiment.addresses import find
    from memstudio.experiment.cells import apply, bare, cells

    try:
        return find(document, address, catalogue)
    except Refusal as error:
        for _, sets in cells(document)[:64] if document.run.vary else []:
            try:
                return find(apply(bare(document), sets, catalogue), address, catalogue)
            except Refusal:
                continue
        raise Typed(f"{option} {address}: {error}") from error


def _name(address: str) -> str:
    """What an axis is called: `heads` of `mem1.heads`, `memory` of `mem1.component`, `inner` of `mem1.inner.component`."""
    steps = address.split(".")
    if steps[-1] != "component":
        return steps[-1].replace("_", " ")
    return steps[-2] if len(steps) > 2 else "memory" if steps[0].startswith("mem") else steps[0]


def _items(text: str) -> Sequence[str]:
    """Parts between commas; those inside brackets and quotes stay together."""
    found, depth, quoted, now = [], 0, False, ""
    for letter in text:
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0 and not quoted:
            found.append(now)
            now = ""
        else:
            now += letter
    return [item.strip() for item in [*found, now] if item.strip()]


def _case(item: str, address: str, catalogue: Catalogue, labelled: bool) -> Case:
    label, _, text = item.partition("=") if labelled else ("", "", item)
    value = value_of(text.strip())
    if not label.strip():
        is_component = address.endswith(".component") and isinstance(value, str) and value in catalogue
        label = catalogue.entry(value).title if is_component else str(value)
    return Case(label=label.strip(), set={address: value})


def _ends(ranged: re.Match[str], typed: str, option: str) -> tuple[float, float]:
    try:
        low, high = float(ranged[2]), float(ranged[3])
    except ValueError as error:
        raise Typed(f"{option} {typed}: a range goes from one number to another, as in log:1e-4..1e-2:5.") from error
    if not low < high or (ranged[1] == "log:" and low <= 0):
        raise Typed(f"{option} {typed}: a range goes from a smaller number to a larger one (above 0 where it is logarithmic).")
    return low, high


def _spaced(ranged: re.Match[str], parameter: Any, typed: str, option: str) -> list[Any]:
    from memstudio.experiment.parameters import Whole

    low, high = _ends(ranged, typed, option)
    points = int(ranged[4] or 5)
    if not 2 <= points <= 1000:
        raise Typed(f"{option} {typed}: a range has 2 to 1,000 points.")
    shares = [place / (points - 1) for place in range(points)]
    values = [low * (high / low) ** share if ranged[1] == "log:" else low + (high - low) * share for share in shares]
    if isinstance(parameter, Whole):
        return list(dict.fromkeys(round(value) for value in values))
    return list(dict.fromkeys(float(f"{value:.{_DIGITS}g}") for value in values))
