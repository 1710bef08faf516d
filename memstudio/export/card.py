"""The model card: what was trained, on what, how well it does and how to load it, as Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memstudio.experiment.declarations import Source
from memstudio.experiment.document import Document
from memstudio.experiment.entries import Configured
from memstudio.experiment.inference import Inferred
from memstudio.experiment.kinds import Targets
from memstudio.experiment.stages import Stage
from memstudio.export.answering import described, input_spec
from memstudio.export.comparing import Compared, figure
from memstudio.export.files import ENVIRONMENT, MEASURES, MODEL, STAGES
from memstudio.measures.names import split_name

#: measures that a card lists; the rest stands in measures.json
LISTED = 40
#: what is recorded of training rather than of the model
OF_TRAINING = frozenset({"learning_rate", "gradient_norm", "update_ratio", "seconds_per_step", "probe_share"})


@dataclass(frozen=True)
class Card:
    """What a card is made of.

    facts: run, title, cell, state, seed, data_seed, which, step, steps, members, parameters, tensors, measured_step;
    data: hash of the data by uid of the task; environment: versions the run had; said: sentences to know.
    """

    document: Document
    inferred: Inferred
    stage: Stage
    facts: Mapping[str, Any]
    measures: Mapping[str, float | None]
    data: Mapping[str, str]
    environment: Mapping[str, Any]
    compared: Compared
    said: Sequence[str] = ()
    has_stages: bool = False

    def text(self) -> str:
        """The whole card."""
        sections = [self._head(), self._made_of(), self._equations(), self._data(), self._measures(), self._loading(), self._versions()]
        return "\n\n".join([*sections, self._sources(), self._licence()]) + "\n"

    # ------------------------------------------------------------------------------------------ what it is

    def _head(self) -> str:
        facts = self.facts
        cell = f", cell *{escaped(facts['cell'])}*" if facts["cell"] else ""
        of = f" of {facts['steps']:,}" if facts["steps"] else ""
        members = "one network" if facts["members"] == 1 else f"an ensemble of {facts['members']:,} networks"
        lines = [
            f"# {escaped(facts['title'])}",
            *([escaped(self.document.about)] if self.document.about else []),
            f"This is {members} with {facts['parameters']:,} parameters, trained with MemStudio: run `{facts['run']}`{cell}, the "
            f"{WHICH.get(facts['which'], 'model')} (step {facts['step']:,}{of}{self._after()}). {self.compared.said}",
            *self.said,
        ]
        return "\n\n".join(lines)

    def _after(self) -> str:
        which = self.facts["which"]
        return f", at the end of {which.replace('-', ' ')}" if which not in WHICH else ""

    def _configured(self) -> Iterator[tuple[str, Configured]]:
        """Each component with the node it stands in, in the order in which data pass, nested ones after their own."""
        nodes = [self.stage.stream, *self.stage.value_nodes, *self.stage.ensembles, self.stage.node]
        for node in dict.fromkeys(nodes):
            for one in self.inferred.configured[node].within():
                yield node, one

    def _made_of(self) -> str:
        lines = ["## What it is made of"]
        for node, one in self._configured():
            where = f"`{node}`" if not one.nested else f"inside `{node}`"
            lines.append(f"- **{one.entry.title}** (`{one.entry.id}`, version {one.entry.version}, {where}): {one.entry.summary}")
            if not one.nested:
                values = self.document.node(node).values
                lines += [f"  Set: {', '.join(f'`{name}` {value_text(value)}' for name, value in values.items())}."] if values else []
        return "\n".join(lines)

    def _equations(self) -> str:
        lines = ["## Equations"]
        found = {one.entry.component.title: one.entry.component.equations for _, one in self._configured()}
        for title, equations in found.items():
            if equations:
                width = max(len(equation.title) for equation in equations)
                lines += ["", f"{title}:", "", *(f"    {equation.title:<{width}}  {equation.text}" for equation in equations)]
        return "\n".join(lines)

    def _sources(self) -> str:
        found = dict.fromkeys(source for _, one in self._configured() for source in sources_of(one))
        return "\n".join(["## Sources", *(f"- {source_text(source)}" for source in found), *(f"- {cite}" for cite in self.document.cites)])

    # ------------------------------------------------------------------------------------------ what it learned from, and how well

    def _data(self) -> str:
        task = self.document.node(self.stage.stream)
        targets = self.inferred.inputs[self.stage.node].targets
        configured = self.inferred.configured[self.stage.stream]
        lines = [
            "## Data and seeds",
            f"- Task: {configured.entry.title} (`{task.component}`).",
            f"- Scenario: {scenario(targets)}.",
            f"- Inputs: {described(input_spec(self.inferred, self.stage.stream, self.document))}.",
            f"- Seed of weights and order: {self.facts['seed']}. Seed of the data: {self.facts['data_seed']}.",
            *(f"- SHA-256 of the data: `{sha}`." for sha in self.data.values()),
        ]
        return "\n".join(lines)

    def _measures(self) -> str:
        at = self.facts["measured_step"]
        shown = [(name, value) for name, value in self.measures.items() if is_of_model(name)]
        head = f"## Measures\n\nOn test data unless the name says otherwise, as the run recorded them at step {at:,}"
        if not shown:
            return f"## Measures\n\nThe run recorded none at step {at:,}."
        rows = [f"| `{name.replace('|', ' ')}` | {number(value)} |" for name, value in shown[:LISTED]]
        more = f"\n\n{len(shown) - LISTED:,} more stand in {MEASURES}." if len(shown) > LISTED else ""
        return "\n".join([f"{head}.\n\n| measure | value |", "|---|---|", *rows]) + more

    def _loading(self) -> str:
        lines = [
            "## Loading it",
            "With MemStudio installed, in Python, `folder` being where this file lies:",
            "    from memstudio.export.reading import load\n"
            "    model = load(folder)\n"
            "    probabilities = model.probabilities(inputs)    # model.scores(inputs) gives those of every member",
            f"`inputs`: {described(input_spec(self.inferred, self.stage.stream, self.document))}. Nothing in this folder is unpickled. "
            f"`{MODEL}` opens in any reader of safetensors: its {self.facts['tensors']:,} tensors are named `node.parameter`"
            + (", with a leading axis over the members." if self.facts["members"] > 1 else "."),
            f"Reading it back: largest difference of a score {figure(self.compared.difference)}, of a probability "
            f"{figure(self.compared.probabilities)}, on the CPU.",
        ]
        if self.has_stages:
            lines.append(f"`{STAGES}` holds what later stages do to the scores; `load` applies it.")
        return "\n\n".join(lines)

    def _versions(self) -> str:
        packages = self.environment.get("packages")
        named = {"memstudio": self.environment.get("memstudio"), "python": self.environment.get("python")}
        named |= packages if isinstance(packages, Mapping) else {}
        known = [f"{name} {version}" for name, version in named.items() if version]
        where = [str(self.environment[name]) for name in ("device", "platform") if self.environment.get(name)]
        trained = (
            f" Trained on {', '.join(where)}, in {self.environment['precision']}." if where and "precision" in self.environment else ""
        )
        return f"## Versions\n\n{', '.join(known) or 'Not known'}.{trained} All of it stands in {ENVIRONMENT}."

    def _licence(self) -> str:
        return (
            "## Licence\n\nLicence of the weights: not stated; whoever trained them may put one here. "
            "MemStudio, which they were made with, is under the MIT licence."
        )


#: what is said of each choice; the rest are ends of tasks and stages
WHICH = {"last": "newest model", "best": "model with the lowest validation loss"}


def sources_of(configured: Configured) -> tuple[Source, ...]:
    """The sources of a component, those of its preset first."""
    preset = configured.entry.preset
    return (*(preset.sources if preset else ()), *configured.entry.component.sources)


def source_text(source: Source) -> str:
    """`Hopfield (1982): Neural networks ... PNAS 79`."""
    return f"{source.authors} ({source.year}): {source.title}.{f' {source.where}.' if source.where else ''}"


def scenario(targets: Targets | None) -> str:
    """How the data come, in words."""
    if targets is None:
        return "not known"
    several = f", {targets.experiences:,} tasks one after the other" if targets.experiences > 1 else ""
    asked = f"a {targets.what} asked {'at each position' if targets.per_position else 'once an item'}"
    chance = f", guessing is right {targets.chance:.3g} of the time" if targets.chance is not None else ""
    return f"{targets.scenario or 'one task'}{several}; {asked}{chance}"


def is_of_model(name: str) -> bool:
    """Whether a measure says how good the model is (and not how its training went)."""
    bare, labels = split_name(name)
    return bare not in OF_TRAINING and labels.get("split") != "train"


def number(value: float | None) -> str:
    """A measure as a person reads it; None stands for what is not finite."""
    if value is None:
        return "not finite"
    return f"{int(value):,}" if value == int(value) and abs(value) >= 1000 else f"{value:.4g}"


def value_text(value: Any) -> str:
    """A document's value on one line, a nested component by its id."""
    if isinstance(value, Mapping) and isinstance(value.get("component"), str):
        inner = [f"{name} {value_text(one)}" for name, one in (value.get("values") or {}).items()]
        return f"{value['component']} ({', '.join(inner)})" if inner else str(value["component"])
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, list | tuple):
        return " ".join(value_text(one) for one in value) or "none"
    return json.dumps(value, ensure_ascii=False)


def escaped(text: str) -> str:
    """A person's words as they are, on one line, without what Markdown would make of them."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in " ".join(text.split()))
