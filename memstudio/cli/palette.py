"""Components described for the terminal: as data, and as help made from their declarations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from memstudio.experiment.parameters import Choice, Nested, NestedList, Parameter

if TYPE_CHECKING:
    from memstudio.experiment.declarations import Port
    from memstudio.experiment.entries import Entry


def described(entry: Entry) -> dict[str, Any]:
    """(id, title, family, summary, version, parameters, ports, systems) of an entry."""
    component = entry.component
    defaults = entry.defaults()
    return {
        "id": entry.id,
        "title": entry.title,
        "family": component.family,
        "summary": entry.summary,
        "version": component.version,
        "parameters": [{**_parameter(p), "default": defaults[p.name]} for p in entry.parameters()],
        "ports": {"takes": [_port(p) for p in component.takes], "gives": [_port(p) for p in component.gives]},
        "systems": list(component.systems),
        "addon": entry.origin.name if entry.origin else None,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    found: dict[str, Any] = {"name": parameter.name, "title": parameter.title, "type": parameter.type, "meaning": parameter.meaning}
    found |= {"unit": parameter.unit, "role": parameter.role}
    for bound in ("low", "high"):
        if hasattr(parameter, bound):
            found[bound] = getattr(parameter, bound)
    if isinstance(parameter, Choice):
        found["options"] = list(parameter.options)
    if isinstance(parameter, Nested | NestedList):
        found |= {"family": parameter.family, "traits": sorted(parameter.traits)}
    return found


def _port(port: Port) -> dict[str, Any]:
    return {"name": port.name, "kinds": [port.kind.value, *(k.value for k in port.also)], "many": port.many, "optional": port.optional}


def help_text(entry: Entry) -> str:
    """What a person reads about a component; all of it comes from the declaration."""
    component = entry.component
    parts = [f"{entry.title}  ({entry.id})", entry.summary, "", component.explanation.strip()]
    if component.equations:
        parts += ["", *(f"  {e.text}    {e.title}" for e in component.equations)]
    defaults = entry.defaults()
    parts += ["", "Parameters"]
    for p in entry.parameters():
        shown = f"  {p.name} = {defaults[p.name]!r}"
        parts.append(f"{shown:<36} {p.meaning}{f' ({p.range_text})' if p.range_text else ''}")
    if component.takes or component.gives:
        ports = [f"takes {p.name} ({p.kind.value})" for p in component.takes] + [
            f"gives {p.name} ({p.kind.value})" for p in component.gives
        ]
        parts += ["", "Ports: " + ", ".join(ports)]
    if component.sources:
        parts += ["", "Sources"]
        parts += [
            f"  {s.authors} {s.year}, {s.title}{', ' + s.where if s.where else ''}{' · ' + ' '.join(s.systems) if s.systems else ''}"
            for s in component.sources
        ]
    if entry.origin:
        parts += ["", f"From the add-on {entry.origin.name}{f' {entry.origin.version}' if entry.origin.version else ''}."]
    return "\n".join(parts)
