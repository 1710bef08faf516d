"""JSON that stands in the library. We wrote it, but another program, a bad disk or a merge may have changed it since."""

from __future__ import annotations

import json
from typing import Any

from memstudio.experiment.parameters import Refusal


def anything(text: str, what: str) -> Any:
    """The value of a text; `what` is what a refusal calls it. Raises Refusal where the text is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refusal(f"{what} is damaged ({text[:40]!r} is no JSON); use a backup of the library.") from error


def mapping(text: str, what: str) -> dict[str, Any]:
    """The JSON object of a text. Raises Refusal where it is none."""
    found = anything(text, what)
    if not isinstance(found, dict):
        raise Refusal(f"{what} is damaged ({text[:40]!r} is no JSON object); use a backup of the library.")
    return found


def mapping_or_empty(text: str) -> dict[str, Any]:
    """The same for lists of many rows, where one that is damaged must not hide the others: empty then."""
    try:
        return mapping(text, "")
    except Refusal:
        return {}
