"""What a node's card says under its title: the two or three values that matter, those changed from their default first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.parameters import Artifact, Choice, File, Flag, Nested, NestedList, Parameter, Real, Whole, WholeList

#: more than three do not fit a card of 160 px
MOST = 3
_NOTHING: tuple[Any, ...] = (0, 0.0, "auto", "none", "off", "")


def number_text(value: float) -> str:
    """A number as people write it: 1,000, 0.001, 3e-05."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 1000 else f"{value:g}"


def value_text(parameter: Parameter, value: Any, catalogue: Catalogue) -> str:
    """A value in as few characters as say it; for a component its title."""
    if isinstance(parameter, Choice):
        return parameter.options.get(str(value), str(value))
    if isinstance(parameter, Flag):
        return "on" if value else "off"
    if isinstance(parameter, Nested):
        return title_of(value.get("component", "") if isinstance(value, Mapping) else "", catalogue)
    if isinstance(parameter, NestedList):
        names = [title_of(item.get("component", ""), catalogue) for item in value or () if isinstance(item, Mapping)]
        return " + ".join(names) or "none"
    if isinstance(parameter, File):
        return str(value["path"]).replace("\\", "/").rpartition("/")[2] if isinstance(value, Mapping) and "path" in value else "none"
    if isinstance(parameter, Artifact):
        return str(value.get("name") or value.get("sha256", ""))[:24] if isinstance(value, Mapping) else "none"
    if isinstance(value, list | tuple):
        return " ".join(str(item) for item in value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return str(value)


def title_of(component: str, catalogue: Catalogue) -> str:
    """The title of a component, its id where it is not known."""
    return catalogue.entry(component).title if component in catalogue else component


def _phrase(parameter: Parameter, value: Any, catalogue: Catalogue) -> str:
    name = parameter.title[:1].lower() + parameter.title[1:]
    text = value_text(parameter, value, catalogue)
    if isinstance(parameter, Choice):
        return text[:1].lower() + text[1:] if text[1:2].islower() else text
    if isinstance(parameter, Flag):
        return name if value else f"no {name}"
    if parameter.name == "repeat":
        return f"×{text}"
    return f"{name} {text}"


def shown(parameter: Parameter, values: Mapping[str, Any]) -> bool:
    """Whether the form shows a parameter: its `shown_when` holds for these values (defaults included)."""
    return parameter.shown_when is None or values.get(parameter.shown_when[0]) == parameter.shown_when[1]


def changed(entry: Entry, values: Mapping[str, Any], nested: bool = False) -> list[str]:
    """Names of the parameters whose value differs from the entry's default."""
    defaults = entry.defaults(nested)
    return [name for name, value in values.items() if name in defaults and not same(value, defaults[name])]


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, lists and tuples alike."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)
    return bool(one == other) and (type(one) is type(other) or (_is_number(one) and _is_number(other)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def summary(entry: Entry, values: Mapping[str, Any]) -> tuple[str, ...]:
    """`heads 4`, `×2`: changed values, then what the declaration begins with; components inside have chips of their own (parts.py).

    A default that is nothing (0, off, automatic) is not worth a place on a card.
    """
    full = {**entry.defaults(), **values}
    altered = set(changed(entry, values))
    parameters = [p for p in entry.parameters() if shown(p, full) and not isinstance(p, Nested | NestedList)]
    ranked: list[Parameter] = [p for p in parameters if p.name in altered]
    if len(ranked) < 2:
        plain: list[Parameter] = [
            p for p in entry.component.parameters if isinstance(p, Whole | Real | Choice | WholeList) and shown(p, full)
        ]
        ranked += [p for p in plain if p not in ranked and full[p.name] not in _NOTHING][: 2 - len(ranked)]
    return tuple(_phrase(p, full[p.name], entry.catalogue) for p in ranked[:MOST])
