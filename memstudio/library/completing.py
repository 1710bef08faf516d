"""What could be typed next in a filter: names, signs, and the values that runs of this library have."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from memstudio.experiment.parameters import Refusal
from memstudio.library.axes import PREFIX as AXIS
from memstudio.library.filters import SIGNS
from memstudio.library.names import (
    ENVIRONMENT,
    FIELDS,
    Name,
    Type,
    axis_names,
    environment_names,
    environments_by_value,
    find_name,
    measure_names,
    parameter_names,
)
from memstudio.library.reading import Token, tokens_as_far
from memstudio.library.schema import STATES

#: More than this nobody reads; typing another letter finds the rest.
MOST = 50
Kind = Literal["name", "operator", "value", "word"]
#: What comes next: a name, a sign after it, a value (one of a list), a bracket, or a word that joins comparisons.
Next = Literal["name", "operator", "value", "open", "listed", "join", "unit"]

_OPERATORS: dict[Type, tuple[str, ...]] = {
    "text": ("=", "!=", "~", "!~", "in", "not in", "is missing", "is not missing"),
    "number": (">", ">=", "<", "<=", "=", "!=", "in", "not in", "is missing", "is not missing"),
    "flag": ("=", "and", "or"),
    "time": (">", ">=", "<", "<=", "=", "within", "is missing", "is not missing"),
    "duration": (">", ">=", "<", "<=", "is missing"),
}
_ABOUT = {
    "=": "is",
    "!=": "is not",
    "~": "contains",
    "!~": "does not contain",
    "in": "one of several",
    "not in": "none of several",
    "within": "so long ago at most",
    "is missing": "has no value",
    "is not missing": "has a value",
}
_PLAIN = re.compile(r"[^\W\d][\w.]*(\[[^\[\]]*\])?|[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_RESERVED = ("and", "or", "not", "in", "is")


@dataclass(frozen=True)
class Completion:
    """Something that can be typed: text takes the place of what stands from start up to end. about: what it is, in words."""

    text: str
    start: int
    end: int
    kind: Kind
    about: str = ""


def complete(conn: sqlite3.Connection, text: str, position: int | None = None) -> list[Completion]:
    """What could stand at a position of a filter (its end, unless given): first what begins as what is typed, then what holds it."""
    before = text[: len(text) if position is None else max(0, position)]
    done, typed = _split(before)
    what, name = _next(conn, done)
    offered = _offered(conn, what, name, done)
    if what == "operator" and not typed and not before.endswith(" ") and before:
        offered = [(f" {word}" if word[0].isalpha() else word, kind, about) for word, kind, about in offered]
    wanted = typed.strip("\"'").lower()
    ranked = [(rank, i, one) for i, one in enumerate(offered) if (rank := _rank(one[0], wanted)) is not None]
    start = len(before) - len(typed)
    return [Completion(word, start, len(before), kind, about) for _, _, (word, kind, about) in sorted(ranked)[:MOST]]


def _split(before: str) -> tuple[list[Token], str]:
    """The words that are done, and what is being typed: the last word when nothing follows it, or what is no word yet."""
    found, at = tokens_as_far(before)
    if at < len(before):
        # an open quote, or a measure whose bracket is not closed yet
        if found and found[-1].kind == "name" and found[-1].end == at and before[at] == "[":
            return found[:-1], before[found[-1].at :]
        return found, before[at:]
    if found and found[-1].kind in ("name", "word", "number", "text", "date") and found[-1].end == len(before):
        return found[:-1], before[found[-1].at :]
    return found, ""


def _next(conn: sqlite3.Connection, done: Sequence[Token]) -> tuple[Next, Name | None]:
    """What comes after these words, and the name that a value would be compared with."""
    what: Next = "name"
    name: Name | None = None
    inside = False
    for token in done:
        if what == "name" and token.kind in ("name", "text") and token.word != "not":
            name, what = _name(conn, token), "operator"
        elif what == "operator":
            if token.text in SIGNS:
                what = "value"
            elif token.word == "in":
                what, inside = "open", True
            elif token.word == "within":
                what = "unit"
            elif token.word == "missing":
                what = "join"
            elif token.word in ("and", "or"):  # after a flag alone
                what = "name"
        elif what == "open" and token.text == "(":
            what = "value"
        elif what == "value":
            what = "listed" if inside else "join"
        elif what == "listed":
            what = "value" if token.text == "," else "join"
            inside = token.text == ","
        elif what == "join" and token.word in ("and", "or"):
            what = "name"
        elif what == "unit" and token.kind == "name":
            what = "join"
    return what, name


def _name(conn: sqlite3.Connection, token: Token) -> Name | None:
    try:
        return find_name(conn, token.text[1:-1] if token.kind == "text" else token.text)
    except Refusal:
        return None


Offer = tuple[str, Kind, str]


def _offered(conn: sqlite3.Connection, what: Next, name: Name | None, done: Sequence[Token]) -> list[Offer]:
    if what == "name":
        return [*_names(conn), ("not", "word", "everything else")]
    if what == "operator":
        signs = _OPERATORS[name.type if name is not None else "number"]
        return [(sign, "word" if sign in ("and", "or") else "operator", _ABOUT.get(sign, "")) for sign in signs]
    if what == "value" and name is not None:
        return [(_quoted(value), "value", "") for value in _values(conn, name)]
    if what == "open":
        return [("(", "operator", "a list")]
    if what == "listed":
        return [(",", "operator", "another"), (")", "operator", "the end of the list")]
    if what == "unit":
        number = bool(done) and done[-1].kind == "number"
        return [(unit, "word", "") for unit in ("minutes", "hours", "days", "weeks")] if number else [("2 days", "value", "as an example")]
    closing = [(")", "operator", "the end of the brackets")] if _open_brackets(done) else []
    return [("and", "word", "both hold"), ("or", "word", "one of them holds"), *closing] if what == "join" else []  # type: ignore[list-item]


def _open_brackets(done: Iterable[Token]) -> bool:
    return sum((token.text == "(") - (token.text == ")") for token in done) > 0


def _names(conn: sqlite3.Connection) -> list[Offer]:
    measures, axes = measure_names(conn), axis_names(conn)
    taken = {*FIELDS, *measures}
    found: list[tuple[str, str]] = [(AXIS + axis if axis in taken else axis, "an axis of a study") for axis in axes]
    found += [(name, field.about) for name, field in FIELDS.items()]
    found += [(name, "a measure") for name in measures]
    found += [(name, "a parameter") for name in parameter_names(conn)]
    found += [(ENVIRONMENT + name, "what it ran in") for name in environment_names(conn)]
    return [(_quoted(name), "name", about) for name, about in found]


def _quoted(word: str) -> str:
    """A word as it can be typed: in quotes where it is more than a word."""
    if _PLAIN.fullmatch(word) and word.lower() not in _RESERVED:
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'


def _values(conn: sqlite3.Connection, name: Name) -> list[str]:
    """The values that runs have under a name, in their order; none for measures, times and numbers that every run has another of."""
    if name.type == "flag":
        return ["true", "false"]
    if name.name == "state":
        return list(STATES)
    if name.kind in ("parameter", "axis"):
        rows = conn.execute("SELECT DISTINCT text FROM param WHERE key = ? ORDER BY num, text LIMIT ?", (name.key[0], 4 * MOST))
        return [row[0] for row in rows]
    if name.kind == "environment":
        return sorted(str(value) for value in environments_by_value(conn, name.key[0]))
    sql = {
        "study": "SELECT DISTINCT title FROM study WHERE trashed IS NULL AND kind = 'study' ORDER BY id DESC",
        "cell": "SELECT DISTINCT label FROM cell WHERE label != '' ORDER BY id DESC",
        "tag": "SELECT DISTINCT tag FROM tag ORDER BY tag",
        "title": "SELECT title FROM run GROUP BY title ORDER BY max(id) DESC",
    }.get(name.name)
    if sql is None and name.name in ("device", "machine", "stage", "threads", "seed", "failed_node"):
        sql = f"SELECT DISTINCT {name.name} FROM run WHERE {name.name} IS NOT NULL AND {name.name} != '' ORDER BY 1"
    if sql is None:
        return []
    return [str(row[0]) for row in conn.execute(f"{sql} LIMIT {4 * MOST}")]


def _rank(word: str, wanted: str) -> int | None:
    """How well a word fits what is typed: 0 begins so, 1 a part of it begins so, 2 holds it; None where it does not."""
    low = word.strip("\"' ").lower()
    if low.startswith(wanted):
        return 0
    if re.search(rf"[._\[= ]{re.escape(wanted)}", low):
        return 1
    return 2 if wanted in low else None
