"""Saved views of the runs: a filter, an order, columns and groups under a name, kept in the library; and the library's own settings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from memstudio.experiment.entries import nearest
from memstudio.experiment.parameters import Refusal

#: A longer name is a slip.
LONGEST = 200


@dataclass(frozen=True)
class View:
    """Which runs are shown and how. where: a filter; text: words; sort: a name, "-" for descending; more: JSON of who shows it."""

    where: str = ""
    text: str = ""
    sort: str = ""
    columns: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


_TEXTS = ("where", "text", "sort")
_LISTS = ("columns", "group", "measures")


def views(conn: sqlite3.Connection) -> dict[str, View]:
    """Every saved view by its name, in alphabetical order; one that cannot be read any more is left out."""
    found = {}
    for name, text in conn.execute("SELECT name, json FROM view ORDER BY name"):
        try:
            found[name] = _view(json.loads(text))
        except (ValueError, TypeError, RecursionError):
            continue
    return found


def _view(says: Any) -> View:
    if not isinstance(says, Mapping):
        raise TypeError("a view is a mapping")
    known: dict[str, Any] = {name: says[name] for name in _TEXTS if isinstance(says.get(name), str)}
    lists: dict[str, Any] = {name: tuple(map(str, says[name])) for name in _LISTS if isinstance(says.get(name), list)}
    more = says.get("more")
    return View(**known, **lists, more=dict(more) if isinstance(more, Mapping) else {})


def find_view(conn: sqlite3.Connection, name: str) -> View:
    """The view of that name. Raises Refusal where there is none, with the nearest."""
    known = views(conn)
    if name not in known:
        raise Refusal(f"There is no view {name!r:.80}{nearest(name, known)}.")
    return known[name]


def keep_view(conn: sqlite3.Connection, name: str, view: View) -> None:
    """Stores a view, in place of one of that name; inside the caller's transaction. Raises Refusal for a name nobody could type."""
    if not name.strip() or len(name) > LONGEST:
        raise Refusal("A view needs a name, of at most 200 letters.")
    says = {field.name: asdict(view)[field.name] for field in fields(View) if getattr(view, field.name)}
    try:
        text = json.dumps(says, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Refusal(f"The view {name!r} cannot be stored: {error}.") from error
    conn.execute("INSERT OR REPLACE INTO view(name, json) VALUES (?, ?)", (name.strip(), text))
