"""What columns and groups can be chosen from, in sections: what varies first, then settings, parameters, measures, environment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from memstudio.desktop.runs.columns import BY_ID, FIXED, column, id_of, of_training, offered

if TYPE_CHECKING:
    from memstudio.library.columns import Column as Known

VARIES, RUN, AXES, PARAMETERS, MEASURES, LEARNING, ENVIRONMENT = (
    "What varies",
    "The run",
    "Settings of studies",
    "Parameters",
    "Measures",
    "While learning",
    "Environment",
)
_SECTIONS = (VARIES, RUN, AXES, MEASURES, PARAMETERS, ENVIRONMENT, LEARNING)
_BY_KIND = {"axis": AXES, "parameter": PARAMETERS, "environment": ENVIRONMENT, "run": RUN}
#: fields of a run that make no sense to group by: each run has its own
_OWN = frozenset({"run", "note", "queued", "started", "ended", "took", "left", "step", "steps", "star"})


@dataclass(frozen=True)
class Choice:
    """One thing to choose: its id (of a column, or a name of the library), what it is called, in which section it stands."""

    id: str
    title: str
    section: str

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word stands in it."""
        text = f"{self.id} {self.title} {self.section}".lower()
        return all(word in text for word in words)


def columns_to_choose(known: Iterable[Known]) -> list[Choice]:
    """Every column, in sections."""
    every = list(known)
    found = [Choice(one.id, one.title or one.tip.partition(";")[0], RUN) for one in FIXED]
    names = {one.name: one for one in every if id_of(one.name) not in BY_ID}
    measures = offered(name for name, one in names.items() if one.kind == "measure")
    found += [Choice(name, column(name).title, LEARNING if of_training(name) else MEASURES) for name in measures]
    for name, one in names.items():
        if one.kind != "measure":
            section = VARIES if one.varies and one.kind in ("axis", "parameter", "environment") else _BY_KIND.get(one.kind, RUN)
            found.append(Choice(name, name.removeprefix("environment."), section))
    return sorted(found, key=lambda choice: _SECTIONS.index(choice.section))


def names_to_group(known: Iterable[Known]) -> list[Choice]:
    """Every name that runs can be grouped by, in sections."""
    found = []
    for one in known:
        if one.kind == "measure" or one.name in _OWN or one.type in ("time", "duration"):
            continue
        title = BY_ID[id_of(one.name)].title if id_of(one.name) in BY_ID else one.name.removeprefix("environment.")
        section = VARIES if one.varies and one.kind in ("axis", "parameter", "environment") else _BY_KIND.get(one.kind, RUN)
        found.append(Choice(one.name, title or one.name, section))
    return sorted(found, key=lambda choice: _SECTIONS.index(choice.section))
