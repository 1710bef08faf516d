"""What can be wrong with the files that a document names: gone, or not what they were."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from memstudio.experiment.document import Document
from memstudio.experiment.entries import Catalogue, load_object
from memstudio.experiment.parameters import File, Refusal
from memstudio.experiment.problems import Mend, Problem
from memstudio.experiment.wiring import Wiring

#: what the window does for a mend of these: asks for a file; looks a file over, which may take long
CHOOSE, LOOK = "choose a file", "look the file over"


def file_problems(wiring: Wiring, catalogue: Catalogue) -> Iterator[Problem]:
    """A problem for each file of data that is not where, or not what, it was. A file is hashed once while its size and time stay."""
    for id, node in wiring.nodes.items():
        entry = wiring.entries.get(id)
        for parameter in entry.component.parameters if entry is not None else ():
            value = node.values.get(parameter.name)
            if isinstance(parameter, File) and parameter.look and isinstance(value, dict) and isinstance(value.get("path"), str):
                yield from _one(id, wiring.titles[id], parameter, value, catalogue)


def _one(id: str, title: str, parameter: File, value: dict[str, Any], catalogue: Catalogue) -> Iterator[Problem]:
    from memstudio.experiment.data import finding

    try:
        found = finding.find(value)
    except Refusal as refusal:
        mends = []
        there = next((path for path in finding.candidates(value) if path.is_file()), None)
        if there is not None:
            taking = partial(_take, id=id, parameter=parameter, path=str(there), catalogue=catalogue)
            mends.append(Mend("Take it as it is now", taking, LOOK))
        mends.append(Mend("Choose the file", _choose, CHOOSE))
        yield Problem(id, None, parameter.name, f"{title}: {refusal}", tuple(mends))
        return
    if not value.get("sha256"):
        taking = partial(_take, id=id, parameter=parameter, path=str(found), catalogue=catalogue)
        reason = f"{title}: nothing is known yet of what is in {found.name}. Look it over?"
        yield Problem(id, None, parameter.name, reason, (Mend("Look it over", taking, LOOK),))


def _take(document: Document, id: str, parameter: File, path: str, catalogue: Catalogue) -> Document:
    from memstudio.experiment.edits import set_value

    return set_value(document, f"{id}.{parameter.name}", load_object(parameter.look)(path), catalogue)


def _choose(document: Document) -> Document:
    raise Refusal("Choose the file in the window, or put it beside the experiment.")


def filled(document: Document, catalogue: Catalogue, folder: Path | None = None) -> Document:
    """The document with files looked over that it names by a path alone, as a person writes it by hand. Raises Refusal."""
    from memstudio.experiment.data import finding

    for node in document.nodes:
        entry = catalogue.entry(node.component) if node.component in catalogue else None
        for parameter in entry.component.parameters if entry is not None else ():
            value = node.values.get(parameter.name)
            if isinstance(parameter, File) and parameter.look and isinstance(value, dict) and isinstance(value.get("path"), str):
                if isinstance(value.get("seen"), dict):
                    continue
                document = _take(document, node.id, parameter, str(finding.find(value)), catalogue)
    return document
