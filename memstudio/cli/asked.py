"""From what was typed to a document: a file or a gallery id, with --set, --seed and the like applied."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from memstudio.cli.options import Ended, Typed
from memstudio.experiment.document import Document
from memstudio.experiment.parameters import Refusal


def document_of(typed: str) -> Document:
    """The document of a file or a gallery id. Typed when there is neither, Ended when the file is malformed."""
    from memstudio.experiment import gallery, load

    path = Path(typed)
    if path.exists():
        try:
            return _with_files(load(path), path.absolute().parent)
        except (Refusal, OSError) as error:
            raise Ended(str(error)) from error
    if path.suffix or "/" in typed:
        raise Typed(f"There is no file {typed}.")
    try:
        return gallery.find(typed).document
    except Refusal as error:
        raise Typed(str(error)) from error


def _with_files(document: Document, folder: Path) -> Document:
    """The document with what its files of data hold; they are looked for beside it first."""
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.data import file_problems, finding

    finding.places.document = folder
    try:
        return file_problems.filled(document, catalogue())
    except Refusal:
        # checking says it at its node
        return document


def value_of(text: str) -> Any:
    """The value in NODE.PARAM=VALUE: JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def with_settings(document: Document, sets: Sequence[str], **run: Any) -> Document:
    """The document with every --set NODE.PARAM=VALUE and the given `run` fields. Typed when one cannot be set."""
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.data.file_problems import filled
    from memstudio.experiment.edits import set_value

    for pair in sets:
        address, equals, text = pair.partition("=")
        if not equals or "." not in address:
            raise Typed(f"--set {pair} is not NODE.PARAM=VALUE, as in --set mem1.heads=4.")
        try:
            document = filled(set_value(document, address.strip(), value_of(text), catalogue()), catalogue())
        except Refusal as error:
            raise Typed(f"--set {pair}: {error}") from error
    for name, value in run.items():
        if value is not None:
            try:
                document = set_value(document, f"run.{name}", value, catalogue())
            except Refusal as error:
                raise Typed(f"--{name}: {error}") from error
    return document


def refuse_problems(document: Document) -> None:
    """Ended with every error that checking finds, one a line."""
    from memstudio.components.catalogue import catalogue
    from memstudio.experiment.checking import check

    errors = [problem for problem in check(document, catalogue()) if problem.severity == "error"]
    if errors:
        raise Ended("\n".join(f"{problem.node or document.title}: {problem.reason}" for problem in errors))
