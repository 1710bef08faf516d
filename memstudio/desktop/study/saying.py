"""What a study comes to, and what its axes and cases say, in words. No widget here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memstudio.desktop.canvas.summary import title_of, value_text
from memstudio.desktop.words import count
from memstudio.experiment import axis_edits
from memstudio.experiment.addresses import COMPONENT, RUN
from memstudio.experiment.document import Axis, Case, Document
from memstudio.experiment.entries import Catalogue
from memstudio.experiment.parameters import Choice, Flag, Parameter, Real, Whole
from memstudio.experiment.studies import Count

#: what a study can hold equal between its cases, as the document and as people call it
BUDGETS: Mapping[str, str] = {"parameters": "parameters", "state_bytes": "state bytes", "step_time": "step time"}

#: the settings of a run that an axis may vary, as parameters of a form
RUN_SETTINGS: Mapping[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Whole(name="seed", title="Seed", default=0, low=0, high=2**31 - 1, meaning="Decides every random number of the first run."),
        Choice(
            name="precision",
            title="Precision",
            default="float32",
            options={"float32": "float32", "bfloat16": "bfloat16", "float16": "float16"},
            meaning="The numbers it trains with.",
        ),
        Choice(
            name="device",
            title="Device",
            default="auto",
            options={"auto": "Automatic", "cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU (Apple)"},
            meaning="Where it trains; automatic takes a GPU where there is one.",
        ),
        Whole(name="threads", title="Threads", default=1, low=1, high=256, meaning="CPU threads of one run."),
        Flag(name="deterministic", title="Deterministic", default=True, meaning="The same seed gives the same numbers, bit for bit."),
    )
}


def plural(number: int, name: str) -> str:
    """`3 memories`, `1 memory`, `4 heads`, `2 heads of mem2`: how many cases an axis has, by its name."""
    first, of, rest = name.partition(" of ")
    if number == 1:
        many = first.removesuffix("s") if not first.endswith("ss") else first
    elif first.endswith("s"):
        many = first
    elif first.endswith("y") and first[-2:-1].lower() not in "aeiou":
        many = f"{first[:-1]}ies"
    else:
        many = f"{first}s"
    return f"{number:,} {many}{of}{rest}"


def count_text(number: Count) -> str:
    """`3 memories × 3 loads × 5 seeds = 45 runs`, `... = 15 runs, after 48 trials`, or `1 run`."""
    parts = [plural(cases, name) for name, cases in number.axes]
    if parts or number.replicates > 1:
        parts.append(count(number.replicates, "seed"))
    runs = count(number.runs, "run")
    after = f", after {count(number.trials, 'trial')}" if number.trials else ""
    return (f"{' × '.join(parts)} = {runs}" if len(parts) > 1 or number.replicates > 1 else runs) + after


def address_text(document: Document, address: str, catalogue: Catalogue, case: Case | None = None) -> str:
    """`Heads`, or with its node where it is not clear which one: what an address is called in a form."""
    node, _, rest = address.partition(".")
    if node == RUN:
        setting = RUN_SETTINGS.get(rest)
        return setting.title if setting is not None else rest.replace("_", " ").capitalize()
    if rest == COMPONENT:
        return "Component"
    found = axis_edits.found_in_case(document, case or Case(label="", set={}), address, catalogue)
    if found is not None and found.parameter is not None:
        return found.parameter.title
    if rest.endswith(f".{COMPONENT}"):
        return rest.removesuffix(f".{COMPONENT}").replace("_", " ").capitalize()
    return rest.rpartition(".")[2].replace("_", " ").capitalize()


def node_text(document: Document, address: str, catalogue: Catalogue) -> str:
    """What the node of an address is called on the canvas; `Run` for a setting of the run."""
    id = address.partition(".")[0]
    if id == RUN:
        return "Run"
    node = document.by_id.get(id)
    if node is None:
        return id
    return node.title or title_of(node.component, catalogue)


def case_text(document: Document, case: Case, catalogue: Catalogue) -> str:
    """What a case sets: `Attention, heads 1, key width 32`."""
    return ", ".join(set_text(document, case, address, value, catalogue) for address, value in case.set.items())


def set_text(document: Document, case: Case, address: str, value: Any, catalogue: Catalogue) -> str:
    """One thing that a case sets: `Attention`, `heads 4`."""
    if address.endswith(f".{COMPONENT}"):
        return title_of(str(value), catalogue)
    name = address_text(document, address, catalogue, case)
    found = axis_edits.found_in_case(document, case, address, catalogue)
    parameter = found.parameter if found is not None else RUN_SETTINGS.get(address.partition(".")[2])
    text = value_text(parameter, value, catalogue) if parameter is not None else str(value)
    return f"{name[:1].lower()}{name[1:]} {text}"


def match_text(document: Document, axis: Axis, catalogue: Catalogue) -> str:
    """`same state bytes as attention, by key width`; nothing where nothing is held equal."""
    if axis.match is None:
        return ""
    name = address_text(document, axis.match.width, catalogue)
    return f"same {BUDGETS.get(axis.match.what, axis.match.what)} as {axis.match.to}, by {name[:1].lower()}{name[1:]}"


def is_number(parameter: Parameter | None) -> bool:
    """Whether values of a parameter can be typed as a spread."""
    return isinstance(parameter, Whole | Real)
