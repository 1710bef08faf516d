"""The methods of a study in words, made from its document: task, model, learner, probes, what was varied, seeds, how it is analysed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from memstudio.experiment.declarations import Equation, Source
from memstudio.experiment.document import Axis, Case, Document, Node
from memstudio.experiment.entries import Catalogue, Entry
from memstudio.experiment.migrations import update
from memstudio.experiment.parameters import Nested, NestedList, Parameter, Refusal
from memstudio.experiment.stages import Stage, stages
from memstudio.experiment.studies import count
from memstudio.experiment.wording import counted, join
from memstudio.library.experiments import value_words
from memstudio.library.sentences import measure_words
from memstudio.report.words import capital

_COMPONENT = "component"
_BUDGETS = {"parameters": "trained parameters", "state_bytes": "bytes of state", "step_time": "time for a step"}


@dataclass(frozen=True)
class Used:
    """A component that the document, or a cell of it, uses. where: the ids of its nodes, or the labels of the cases that put it there."""

    entry: Entry
    where: tuple[str, ...]

    @property
    def equations(self) -> tuple[Equation, ...]:
        return self.entry.component.equations

    @property
    def sources(self) -> tuple[Source, ...]:
        return (*self.entry.component.sources, *(self.entry.preset.sources if self.entry.preset else ()))


@dataclass(frozen=True)
class Said:
    """A paragraph under its own small heading, and what is listed below it."""

    heading: str
    text: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeValues:
    """Every value of a node as it is run, defaults included. values: (title, value in words, whether the document gives it)."""

    id: str
    title: str
    component: str
    values: tuple[tuple[str, str, bool], ...]


def paragraphs(document: Document, known: Catalogue) -> tuple[Said, ...]:
    """The methods. What no installed component declares is named by its id alone."""
    document = update(document, known)
    entries = {node.id: _entry(known, node.component) for node in document.nodes}
    try:
        chain = stages(document, known)
    except Refusal:
        chain = []
    found = [*_nodes_said("Task", [n for n in document.nodes if _is(entries, n, "task")], entries)]
    if chain:
        found.append(_model_said(document, chain[0], entries, known))
    placed = {id for stage in chain for id in (*stage.value_nodes, *stage.ensembles, *stage.probes)} | {stage.node for stage in chain}
    for number, stage in enumerate(chain, 1):
        heading = "Learning" if len(chain) == 1 else f"Stage {number}"
        found += _nodes_said(heading, [document.node(stage.node)], entries)
    probes = [node for node in document.nodes if any(node.id in stage.probes for stage in chain)]
    if probes:
        found.append(Said("Measured", items=tuple(_sentence(node, entries[node.id]) for node in probes)))
    rest = [node for node in document.nodes if node.id not in placed and not _is(entries, node, "task")]
    found += _nodes_said("Besides" if chain else "Parts", rest, entries)
    return (*found, Said("Design", design(document)), Said("Running", running(document)), Said("Analysis", ANALYSIS))


ANALYSIS = (
    "Every choice (tuning, early stopping, the best checkpoint, a temperature) sees the validation split only; what is reported was "
    "measured on the test split, unless its name says otherwise. Means are over seeds, with 95 % intervals of Student's t. Differences to "
    "the baseline are taken seed by seed where seeds pair and tested by a paired t test and by the exact test that flips the signs of the "
    "paired differences; where seeds do not pair, by Welch's t test. The p values of a measure are corrected for the number of groups "
    "after Holm; effect sizes are Hedges' g."
)


def _entry(known: Catalogue, component: str) -> Entry | None:
    return known.entry(component) if component in known else None


def _is(entries: Mapping[str, Entry | None], node: Node, family: str) -> bool:
    entry = entries[node.id]
    return (entry.component.family if entry is not None else node.component.partition(".")[0]) == family


def _nodes_said(heading: str, nodes: list[Node], entries: Mapping[str, Entry | None]) -> list[Said]:
    return [Said(heading, " ".join(_sentence(node, entries[node.id]) for node in nodes))] if nodes else []


def _model_said(document: Document, stage: Stage, entries: Mapping[str, Entry | None], known: Catalogue) -> Said:
    titles = {id: _title(document.node(id), entries[id]) for id in (*stage.value_nodes, *stage.ensembles)}
    varied = {id: cases for id in titles if (cases := _cases_of(document, id, known))}
    chain = " → ".join(f"{varied[id][0]} (varied)" if id in varied else titles[id] for id in stage.value_nodes)
    inside = ", inside ".join([chain, *(titles[id] for id in stage.ensembles)])
    items: list[str] = []
    for id in titles:
        items += varied[id][1] if id in varied else [_sentence(document.node(id), entries[id])]
    return Said("Model", f"{inside}.", tuple(items))


def _cases_of(document: Document, id: str, known: Catalogue) -> tuple[str, list[str]] | None:
    """(axis, its cases in words) of the axis that puts one component or another in the place of a node; None where none does."""
    for axis in document.run.vary:
        cases = axis.all_cases()
        if cases and all(f"{id}.{_COMPONENT}" in case.set for case in cases):
            return axis.name, [f"{capital(axis.name)} ({id}), {_case_words(id, case, known)}" for case in cases]
    return None


def _case_words(id: str, case: Case, known: Catalogue) -> str:
    component = str(case.set[f"{id}.{_COMPONENT}"])
    entry = _entry(known, component)
    own = {at.removeprefix(f"{id}."): value for at, value in case.set.items() if at.startswith(f"{id}.") and at != f"{id}.{_COMPONENT}"}
    given = given_words(own, entry)
    title = entry.title if entry is not None else component
    summary = f" {entry.summary}" if entry is not None and entry.summary else ""
    return f"{case.label}: {title}{f' ({given})' if given else ''}.{summary}"


def _title(node: Node, entry: Entry | None) -> str:
    return node.title or (entry.title if entry is not None else node.component)


def _sentence(node: Node, entry: Entry | None) -> str:
    """`Token embedding (embed): width 64.` with what it does."""
    given = given_words(node.values, entry)
    summary = f" {entry.summary}" if entry is not None and entry.summary else ""
    return f"{_title(node, entry)} ({node.id}{f': {given}' if given else ''}).{summary}"


def given_words(values: Mapping[str, Any], entry: Entry | None, nested: bool = False) -> str:
    """The values that a document gives, in words: `heads 4, key width 16`."""
    titles = {one.name: one for one in entry.parameters(nested)} if entry is not None else {}
    return "; ".join(_value_words(name, value, titles.get(name)) for name, value in values.items())


def _value_words(name: str, value: Any, parameter: Parameter | None) -> str:
    title = parameter.title if parameter is not None else name.replace("_", " ")
    # what is written in capitals (SGD, EMA) stays so
    title = title if title[1:2].isupper() else title[:1].lower() + title[1:]
    return f"{title} {value_words(value)}{_unit(value, parameter)}"


def _unit(value: Any, parameter: Parameter | None) -> str:
    """` items`, ` item` after 1; nothing where the title says it already."""
    if parameter is None or isinstance(value, bool | Mapping) or value is None or isinstance(parameter, Nested | NestedList):
        return ""
    unit = parameter.unit
    if not unit or unit.split()[0] in parameter.title.lower().split():
        return ""
    return f" {unit[:-1] if value == 1 and unit.endswith('s') and ' ' not in unit else unit}"


# ---------------------------------------------------------------------------------------------- design


def design(document: Document) -> str:
    """What was varied, matched and tuned, with how many cells, seeds and runs."""
    run, number = document.run, count(document)
    said = [_axis_words(axis) for axis in run.vary]
    seeds = _seeds_words(run.seed, run.replicates)
    runs = counted(number.runs, "run")
    if run.vary:
        said.append(f"{counted(number.cells, 'cell')} with {seeds} come to {runs} ({number.text}).")
        if run.replicates > 1:
            said.append("Each seed decides the data and the first weights, and is the same in every cell, so that differences pair.")
    else:
        said.append(f"One setting with {seeds}: {runs}.")
    if run.data_seed is not None and run.data_seed != run.seed:
        said.append(f"The seeds of the data are their own: {_seeds_words(run.data_seed, run.replicates)}.")
    if run.hopeless is not None:
        rule = run.hopeless
        worse = "above" if rule.better == "lowest" else "below"
        margin = f" by more than {value_words(rule.margin)}" if rule.margin else ""
        said.append(
            f"After {counted(rule.after, 'seed')} a cell was given up where its {measure_words(rule.measure)} lay {worse} the "
            f"best{margin}, beyond doubt over seeds."
        )
    if run.minutes is not None:
        said.append(f"After {value_words(run.minutes)} minutes of work what still waited was stopped.")
    if run.packed:
        said.append("The seeds of a cell were trained together, as members of one pass.")
    return " ".join(said)


def _seeds_words(first: int, number: int) -> str:
    return f"seed {first:,}" if number == 1 else f"{counted(number, 'seed')} ({first:,} to {first + number - 1:,})"


def _axis_words(axis: Axis) -> str:
    if axis.tuned is not None:
        return _tuned_words(axis)
    cases = [case.label for case in axis.all_cases()]
    words = f"Varied: {axis.name} ({join(cases)})." if len(cases) <= 12 else f"Varied: {axis.name} ({counted(len(cases), 'case')})."
    if axis.match is None:
        return words
    same = f"the same {_BUDGETS[axis.match.what]} as {axis.match.to}"
    solved = [(label, one.value, one.off) for label, one in axis.match.solved.items()]
    found = join(f"{label} {value:,}{f' ({off:+.1%})'.replace('%', ' %') if abs(off) >= 0.0005 else ''}" for label, value, off in solved)
    return f"{words} Every case was given {same}, by its {axis.match.width}{f': {found}' if found else ''}."


def _tuned_words(axis: Axis) -> str:
    rule = axis.tuned
    assert rule is not None
    how = {
        "grid": "all settings of a grid",
        "random": f"{rule.trials:,} random settings",
        "optuna": f"{rule.trials:,} settings that Optuna proposed",
    }
    if axis.range is not None:
        what = f"{axis.set} between {value_words(axis.range.low)} and {value_words(axis.range.high)}"
    else:
        what = f"{axis.name} among {join(case.label for case in axis.all_cases())}"
    seeds = f", with {counted(rule.seeds, 'seed')} each" if rule.seeds > 1 else ""
    by = f"by the {rule.better} {measure_words(rule.by)} of {how[rule.method]}{seeds}"
    return f"Tuned for each cell: {what}, {by}, apart from the seeds reported."


def running(document: Document) -> str:
    """Device, precision, threads, determinism."""
    run = document.run
    kept = "deterministic algorithms" if run.deterministic else "algorithms that may differ in their last bits from run to run"
    device = "the device that was there (see where it ran)" if run.device == "auto" else run.device
    return f"{run.precision} on {device}, {counted(run.threads, 'thread')} a run, {kept}."


# ---------------------------------------------------------------------------------------------- components


def used(document: Document, known: Catalogue) -> tuple[Used, ...]:
    """Every installed component that the document or a case of it uses, nested ones too, as the document names them."""
    places: dict[str, dict[str, None]] = {}
    for id, where in _named(update(document, known)):
        if id in known:
            places.setdefault(id, {})[where] = None
    return tuple(Used(known.entry(id), tuple(where)) for id, where in places.items())


def _named(document: Document) -> Iterator[tuple[str, str]]:
    swapped = {
        at: case.label for axis in document.run.vary for case in axis.all_cases() for at in case.set if at.endswith(f".{_COMPONENT}")
    }
    for node in document.nodes:
        # a component that every case replaces is not used
        if f"{node.id}.{_COMPONENT}" not in swapped:
            yield node.component, node.id
        else:
            for axis in document.run.vary:
                for case in axis.all_cases():
                    if f"{node.id}.{_COMPONENT}" in case.set:
                        yield str(case.set[f"{node.id}.{_COMPONENT}"]), case.label
        for id in _inside(node.values):
            yield id, node.id
    for axis in document.run.vary:
        for case in axis.all_cases():
            for at, value in case.set.items():
                if at.endswith(f".{_COMPONENT}") and at.count(".") > 1:
                    yield str(value), case.label
                for id in _inside({at: value}):
                    yield id, case.label


def _inside(values: Any) -> Iterator[str]:
    """The components nested in values."""
    if isinstance(values, Mapping):
        if isinstance(values.get(_COMPONENT), str):
            yield values[_COMPONENT]
        for value in values.values():
            yield from _inside(value)
    elif isinstance(values, list | tuple):
        for value in values:
            yield from _inside(value)


def all_values(document: Document, known: Catalogue) -> tuple[NodeValues, ...]:
    """Every value of every node, defaults included."""
    document = update(document, known)
    found = []
    for node in document.nodes:
        entry = _entry(known, node.component)
        if entry is None:
            values = tuple((name.replace("_", " "), value_words(value), True) for name, value in node.values.items())
        else:
            defaults = entry.defaults()
            values = tuple(
                _full(one, node.values.get(one.name, defaults.get(one.name)), one.name in node.values) for one in entry.parameters()
            )
        found.append(NodeValues(node.id, _title(node, entry), node.component, values))
    return tuple(found)


def _full(parameter: Parameter, value: Any, given: bool) -> tuple[str, str, bool]:
    return parameter.title, f"{value_words(value)}{_unit(value, parameter)}", given
