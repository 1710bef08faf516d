"""What is wrong with an add-on's declarations, as the first sentence a person needs. Runs where they are read first, apart."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from memstudio.experiment.declarations import Component, Cost, Equation, Port, Preset, Source
from memstudio.experiment.entries import Catalogue, Configured, Entry, nearest
from memstudio.experiment.kinds import Inputs, Kind, Spec, Targets
from memstudio.experiment.parameters import (
    Artifact,
    Choice,
    File,
    Flag,
    Nested,
    NestedList,
    NodeName,
    Parameter,
    Real,
    Refusal,
    Text,
    Whole,
    WholeList,
)

_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
#: the parameters that forms, files and the command line know
Known = Artifact | Choice | File | Flag | Nested | NestedList | NodeName | Real | Text | Whole | WholeList
TARGETS = Targets("token", 5, per_position=True, chance=0.2, labels=("load",), marks=("distance",))
#: what may well reach a port of each kind, to see that sizes and costs can be worked out
PLAUSIBLE = {
    Kind.TOKENS: Spec(Kind.TOKENS, time=12, vocabulary=16),
    Kind.SEQUENCE: Spec(Kind.SEQUENCE, width=6, time=12),
    Kind.FEATURES: Spec(Kind.FEATURES, width=6),
    Kind.IMAGE: Spec(Kind.IMAGE, image=(1, 8, 8)),
    Kind.PATTERNS: Spec(Kind.PATTERNS, width=6),
    Kind.SCORES: Spec(Kind.SCORES, width=5, time=12),
    Kind.MODEL: Spec(Kind.SCORES, width=5, time=12),
    Kind.STREAM: Spec(Kind.STREAM, targets=TARGETS),
    Kind.TRAINED: Spec(Kind.TRAINED, width=5, time=12),
}


class Fault(Exception):
    """What is wrong, as one sentence."""


def checked(given: Any, known: Catalogue, folder: Path, package: str) -> list[Component]:
    """The components of an add-on, its own modules named in full. Raises Fault for the first thing that is wrong.

    given: what declare.py calls COMPONENTS; known: our own catalogue; package: what the add-on is imported as.
    """
    if isinstance(given, Component) or not isinstance(given, tuple | list) or not given:
        what = "nothing" if given is None or given == () or given == [] else f"a {type(given).__name__}"
        raise Fault(f"declare.py must list its components as COMPONENTS = (...), a tuple of Component; it has {what}.")
    for one in given:
        if not isinstance(one, Component):
            raise Fault(f"COMPONENTS in declare.py must hold Component objects only, not a {type(one).__name__}.")
    made = [in_full(one, package) for one in given]
    _ids(made, known)
    for one in made:
        _texts(one)
        _ports(one)
        _parameters(one, known)
        for name in ("implementation", "reference"):
            _names_code(one, name, folder, package)
    try:
        whole = Catalogue(known.families.values(), [*(e.component for e in known if e.preset is None), *made])
    except (Refusal, TypeError, AttributeError) as error:
        raise Fault(f"The declarations cannot stand beside ours: {error}") from error
    for one in made:
        for entry in (whole.entry(id) for id in ids_of(one)):
            _values(entry)
        _works_out(whole.entry(one.id))
    return made


def in_full(component: Component, package: str) -> Component:
    """The component with `.layers:Name` written as `PACKAGE.layers:Name`."""

    def full(name: Any) -> Any:
        return package + name if isinstance(name, str) and name.startswith(".") else name

    return replace(component, implementation=full(component.implementation), reference=full(component.reference))


def ids_of(component: Component) -> list[str]:
    """The ids under which a component stands on the palette: its own and those of its presets."""
    return [component.id, *(preset.id for preset in component.presets)]


def _ids(components: Iterable[Component], known: Catalogue) -> None:
    seen: set[str] = set()
    for component in components:
        presets = component.presets
        if not isinstance(presets, tuple | list) or not all(isinstance(preset, Preset) for preset in presets):
            raise Fault(f"{component.id}: presets must be a tuple of Preset.")
        for id in ids_of(component):
            if not isinstance(id, str) or not _ID.fullmatch(id):
                raise Fault(f"An id must read family.name in small letters, digits and underscores, not {id!r:.60}.")
            family = id.split(".")[0]
            if family not in known.families:
                raise Fault(f"{id} is of no family there is{nearest(family, known.families)}; there are {', '.join(known.families)}.")
            if id in known:
                raise Fault(f"The id {id} is taken by a component of the program; give yours another.")
            if id in seen:
                raise Fault(f"The id {id} is declared twice; give one of them another.")
            seen.add(id)


def _texts(one: Component) -> None:
    for name in ("title", "summary", "explanation"):
        text = getattr(one, name)
        if not isinstance(text, str) or not text.strip():
            raise Fault(f"{one.id}: {name} must be text that says something, not {text!r:.40}.")
    if "\n" in one.title or "\n" in one.summary:
        raise Fault(f"{one.id}: title and summary must each be one line.")
    wanted: tuple[tuple[str, type], ...] = (("equations", Equation), ("sources", Source), ("synonyms", str))
    for name, kind in wanted:
        values = getattr(one, name)
        if not isinstance(values, tuple | list) or not all(isinstance(value, kind) for value in values):
            raise Fault(f"{one.id}: {name} must be a tuple of {kind.__name__}.")
    if isinstance(one.version, bool) or not isinstance(one.version, int) or one.version < 1:
        raise Fault(f"{one.id}: version must be a whole number from 1, not {one.version!r:.40}.")
    if not isinstance(one.traits, frozenset | set) or not all(isinstance(trait, str) for trait in one.traits):
        raise Fault(f"{one.id}: traits must be a frozenset of words.")
    for name in ("tiny", "renamed", "conflicts"):
        if not isinstance(getattr(one, name), Mapping):
            raise Fault(f"{one.id}: {name} must be a dictionary.")
    for name in ("outputs", "cost", "parts", "sizes", "refuse"):
        if not callable(getattr(one, name)):
            raise Fault(f"{one.id}: {name} must be a function of (values, inputs).")


def _ports(one: Component) -> None:
    for name in ("takes", "gives"):
        ports = getattr(one, name)
        if not isinstance(ports, tuple | list) or not all(isinstance(port, Port) for port in ports):
            raise Fault(f"{one.id}: {name} must be a tuple of Port.")
        for port in ports:
            if not isinstance(port.kind, Kind) or not all(isinstance(kind, Kind) for kind in port.also):
                raise Fault(f"{one.id}: the port {port.name!r} needs a Kind, not {port.kind!r:.40}.")
            if not isinstance(port.name, str) or not port.name.isidentifier():
                raise Fault(f"{one.id}: a port cannot be called {port.name!r:.40}.")
        if len({port.name for port in ports}) != len(ports):
            raise Fault(f"{one.id}: {name} has two ports of one name.")


def _parameters(one: Component, known: Catalogue) -> None:
    if not isinstance(one.parameters, tuple | list):
        raise Fault(f"{one.id}: parameters must be a tuple, not a {type(one.parameters).__name__}.")
    names: set[str] = {parameter.name for parameter in known.families[one.family].group}
    for parameter in one.parameters:
        if not isinstance(parameter, get_args(Known)):
            what = "a type of its own" if isinstance(parameter, Parameter) else "no parameter"
            raise Fault(f"{one.id}: {type(parameter).__name__} is {what}; forms know {', '.join(t.__name__ for t in get_args(Known))}.")
        name = parameter.name
        if not isinstance(name, str) or not name.isidentifier():
            raise Fault(f"{one.id}: a parameter cannot be called {name!r:.40}; its name is a keyword of the implementation.")
        if name in names:
            raise Fault(f"{one.id}: there are two parameters {name}, its family's own included; call yours otherwise.")
        names.add(name)
        if not isinstance(parameter.title, str) or not parameter.title.strip():
            raise Fault(f"{one.id}: the parameter {name} needs a title.")
        _range(one, parameter)


def _range(one: Component, parameter: Parameter) -> None:
    if isinstance(parameter, Whole | Real | WholeList):
        ends = (parameter.low, parameter.high)
        if not all(isinstance(end, int | float) and not isinstance(end, bool) and end == end for end in ends):
            raise Fault(f"{one.id}: the range of {parameter.name} must be two numbers, not {ends!r:.60}.")
        if parameter.low > parameter.high:
            raise Fault(f"{one.id}: the range of {parameter.name} is empty: {parameter.low!r} is above {parameter.high!r}.")
        if getattr(parameter, "log", False) and parameter.low <= 0:
            raise Fault(f"{one.id}: {parameter.name} cannot be logarithmic from {parameter.low!r}; let it begin above 0.")
    if isinstance(parameter, Choice) and (not isinstance(parameter.options, Mapping) or not parameter.options):
        raise Fault(f"{one.id}: {parameter.name} needs options, a dictionary of value and title.")


def _names_code(one: Component, field: str, folder: Path, package: str) -> None:
    """Whether `module:Name` is there to be imported, seen without importing it."""
    text = getattr(one, field)
    if field == "reference" and text == "":
        return
    if not isinstance(text, str) or not _REFERENCE.fullmatch(text):
        raise Fault(f"{one.id}: {field} must name code as '.file:Name', not {text!r:.60}.")
    module, _, name = text.partition(":")
    if module == package or module.startswith(f"{package}."):
        at = module[len(package) + 1 :].replace(".", "/")
        file = next((f for f in (folder / f"{at}.py", folder / at / "__init__.py") if f.is_file()), None)
        if file is None:
            raise Fault(f"{one.id}: {field} names {at}.py, which is not in the add-on's folder.")
    else:
        file = _file_of(module)
        if file is None:
            local = (folder / f"{module.replace('.', '/')}.py").is_file()
            hint = f"; for a file of the add-on write '.{text}'" if local else "; a file of the add-on is named '.file:Name'"
            raise Fault(f"{one.id}: {field} names {module}, which is not installed{hint}.")
    if file.suffix == ".py" and name not in _defined(one, field, file):
        raise Fault(f"{one.id}: {field} names {name}, which {file.name} does not define.")


def _file_of(module: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec is not None and spec.origin else None


def _defined(one: Component, field: str, file: Path) -> set[str]:
    """The names a file gives at its top."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise Fault(f"{one.id}: {field} names {file.name}, which is no Python{line}.") from error
    return set(_names_in(tree.body))


def _names_in(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _names_in([*node.body, *getattr(node, "orelse", [])])


def _values(entry: Entry) -> None:
    """Whether defaults, tiny values and a preset's values can be used."""
    try:
        entry.resolve({})
        entry.resolve({**entry.component.tiny})
    except Refusal as error:
        raise Fault(f"{entry.id}: a default cannot be used: {error}") from error
    except Exception as error:
        raise Fault(f"{entry.id}: its defaults cannot be read ({type(error).__name__}: {error}).") from error


def _works_out(entry: Entry) -> None:
    """Whether outputs, cost, sizes and refuse can be asked, and answer with what they should."""
    one = entry.component
    inputs = Inputs({port.name: (PLAUSIBLE[port.kind],) for port in one.takes}, TARGETS)
    for values in ({}, one.tiny):
        configured = Configured(entry, entry.resolve(values))
        refusal = _asked(one, "refuse", configured.refusal, inputs)
        if refusal is not None and not isinstance(refusal, str):
            raise Fault(f"{one.id}: refuse must give a sentence or None, not a {type(refusal).__name__}.")
        if refusal is not None:
            continue
        outputs = _asked(one, "outputs", configured.outputs, inputs)
        cost = _asked(one, "cost", configured.cost, inputs)
        sizes = _asked(one, "sizes", configured.sizes, inputs)
        _outputs(one, outputs)
        if cost is not None and not _is_cost(cost):
            raise Fault(f"{one.id}: cost must give Cost(parameters, state_bytes, flops) in whole numbers, not {cost!r:.60}.")
        if sizes is not None and not all(isinstance(name, str) and name.isidentifier() for name in sizes):
            raise Fault(f"{one.id}: sizes must give keywords of the implementation, not {sizes!r:.60}.")


def _outputs(one: Component, outputs: Any) -> None:
    if outputs is None:
        return
    if not isinstance(outputs, Mapping) or not all(isinstance(spec, Spec) for spec in outputs.values()):
        raise Fault(f"{one.id}: outputs must give a Spec for each port, not {outputs!r:.60}.")
    wanted = {port.name: port.kind for port in one.gives}
    given = {name: spec.kind for name, spec in outputs.items()}
    if given != wanted:
        named = ", ".join(f"{name} ({kind})" for name, kind in wanted.items()) or "nothing"
        raise Fault(f"{one.id}: outputs must say what is given at {named}; it speaks of {', '.join(given) or 'nothing'}.")


def _is_cost(cost: Any) -> bool:
    numbers = (cost.parameters, cost.state_bytes, cost.flops) if isinstance(cost, Cost) else (None,)
    return all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers)


def _asked(one: Component, what: str, ask: Callable[[Inputs], Any], inputs: Inputs) -> Any:
    """What a function of the declaration answers; None where it refuses these inputs. Raises Fault."""
    try:
        return ask(inputs)
    except Refusal:
        return None
    except Exception as error:
        said = f"{type(error).__name__}: {error}".rstrip(".: ")
        raise Fault(f"{one.id}: its {what} cannot be worked out for plausible inputs ({said}).") from error
