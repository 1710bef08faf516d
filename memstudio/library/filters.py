"""What a person types to find runs: `memory = "gated delta rule" and recall[load=16] > 0.9 and seed in (0, 1)`, as SQL with parameters.

A name (see names.py) and what it is compared with: = != < <= > >= in (...), ~ for texts that contain another; dates and times
(`queued > 2026-11-01`, `ended within 2 days`, `took > 5 min`); `starred` alone; `recall is missing`; and, or, not and brackets.
A comparison holds only where the run has a value; `not` is everything else.
"""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from memstudio.experiment.entries import nearest
from memstudio.experiment.parameters import Refusal
from memstudio.library.names import FIELDS, Name, environment_sql, find_name, is_derived
from memstudio.library.reading import EXAMPLE, LONGEST, SECONDS, Token, Unreadable, moments, tokens
from memstudio.library.schema import STATES
from memstudio.library.series import name_of

Typed = str | float | int
Sql = tuple[str, list[Any]]

SIGNS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "~": "~", "!~": "!~"}
#: More comparisons, values in a list or brackets within brackets than this are no filter that a person types; SQLite stops at 1,000.
MOST = 200
DEEPEST = 50


@dataclass(frozen=True)
class Problem:
    """Why a filter cannot be read, and the part of its text that is to blame: from start up to end."""

    sentence: str
    start: int
    end: int


def where_sql(conn: sqlite3.Connection, text: str) -> Sql:
    """The condition on runs r (cells c, studies s) that a filter asks for. Raises Refusal: what is not understood, and where."""
    reader = _Reader(conn, text)
    sql = reader.either()
    if reader.next is not None:
        raise reader.lost("and, or, or the end")
    return sql


def problem_of(conn: sqlite3.Connection, text: str) -> Problem | None:
    """What is wrong with a filter as it stands; None where nothing is, or nothing is typed."""
    if not text.strip():
        return None
    try:
        where_sql(conn, text)
    except Unreadable as wrong:
        return Problem(str(wrong), wrong.start, wrong.end)
    except Refusal as wrong:
        return Problem(str(wrong), 0, len(text))
    return None


class _Reader:
    """Reads a filter from left to right: either: both (or both)*; both: one (and one)*; one: not one, (either), name comparison."""

    def __init__(self, conn: sqlite3.Connection, text: str) -> None:
        self.conn, self.text = conn, text
        if len(text) > LONGEST:
            raise Unreadable(f"The filter has {len(text):,} letters, and {LONGEST:,} are the most; {EXAMPLE}.", 0, len(text))
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise Unreadable(f"The filter holds half a letter, which no text can have; {EXAMPLE}.", 0, len(text))
        self._tokens = tokens(text)
        self._at = self._depth = self._comparisons = 0

    @property
    def next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> Token | None:
        token = self.next
        self._at += 1
        return token

    def takes(self, *words: str) -> bool:
        """Goes past the next tokens if they are these words or signs."""
        if [token.word for token in self._tokens[self._at : self._at + len(words)]] != list(words):
            return False
        self._at += len(words)
        return True

    def lost(self, expected: str) -> Unreadable:
        token = self.next
        found = f"not {token.text!r} at character {token.at + 1}" if token else "and it ends there"
        start, end = (token.at, token.end) if token else (len(self.text), len(self.text))
        return Unreadable(f"The filter {self.text!r:.300} cannot be read: {expected} is expected, {found}; {EXAMPLE}.", start, end)

    def wrong(self, sentence: str, token: Token) -> Unreadable:
        return Unreadable(sentence, token.at, token.end)

    def either(self) -> Sql:
        return self._list("or", self.both)

    def both(self) -> Sql:
        return self._list("and", self.one)

    def _list(self, word: str, part: Callable[[], Sql]) -> Sql:
        sql, values = part()
        parts = [sql]
        while self.takes(word):
            sql, more = part()
            parts.append(sql)
            values += more
        return (f"({f' {word.upper()} '.join(parts)})" if len(parts) > 1 else sql), values

    def one(self) -> Sql:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.lost(f"something simpler (not more than {DEEPEST} brackets within brackets)")
        try:
            if self.takes("not"):
                sql, values = self.one()
                return f"NOT coalesce({sql}, 0)", values
            if self.takes("("):
                sql, values = self.either()
                if not self.takes(")"):
                    raise self.lost("a closing bracket")
                return f"({sql})", values
            return self._comparison(self._name())
        finally:
            self._depth -= 1

    def _name(self) -> tuple[Name, Token]:
        token = self.next
        if token is None or token.kind not in ("name", "text") or token.word in ("and", "or", "in"):
            raise self.lost("the name of a field, parameter or measure")
        self._comparisons += 1
        if self._comparisons > MOST:
            raise self.lost(f"the end (not more than {MOST} comparisons)")
        name = token.text[1:-1] if token.kind == "text" else token.text
        try:
            found = find_name(self.conn, name)
        except Refusal as refusal:
            raise self.wrong(str(refusal), token) from refusal
        self.take()
        return found, token

    def _comparison(self, asked: tuple[Name, Token]) -> Sql:
        name, token = asked
        if self.takes("is", "not", "missing"):
            return _has(self.conn, name)
        if self.takes("is", "missing"):
            sql, values = _has(self.conn, name)
            return f"NOT coalesce({sql}, 0)", values
        if name.type == "time" and self.takes("within"):
            return _compare(self.conn, name, ">=", [time.time() - self._duration()])
        without = self.takes("not", "in")
        if without or self.takes("in"):
            sql, values = _compare(self.conn, name, "IN", self._values(name))
            return (f"NOT coalesce({sql}, 0)" if without else sql), values
        sign = self.next
        if sign is None or sign.kind != "sign" or sign.text not in SIGNS:
            if name.type == "flag":
                return _compare(self.conn, name, "=", [1])
            raise self.lost("one of = != < <= > >= ~ in")
        self.take()
        sql_sign = SIGNS[sign.text]
        if sql_sign in ("~", "!~"):
            return self._contains(name, token, sql_sign)
        if name.type == "time":
            return self._moment(name, sql_sign)
        return _compare(self.conn, name, sql_sign, [self._value(name)])

    def _contains(self, name: Name, token: Token, sign: str) -> Sql:
        if name.type != "text":
            raise self.wrong(f"{name.name} is no text, so nothing can be looked for in it with ~; compare it with = < or >.", token)
        value = self.next
        if value is None or value.kind == "sign":
            raise self.lost("a text to look for")
        self.take()
        looked_for = value.text[1:-1] if value.kind == "text" else value.text
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", looked_for) + "%"
        sql, values = _compare(self.conn, name, "LIKE", [pattern])
        return (f"NOT coalesce({sql}, 0)" if sign == "!~" else sql), values

    def _moment(self, name: Name, sign: str) -> Sql:
        """A date is the whole day: = is on it, > after it, >= from its beginning."""
        value = self.next
        lasts = moments(value.text.strip("\"'")) if value is not None and value.kind in ("date", "text") else None
        if value is None or lasts is None:
            raise self.lost(f"a day or a time, as {name.name} > 2026-11-01 or 2026-11-01T14:30,")
        self.take()
        begins, ends = lasts
        column = FIELDS[name.name].sql
        if sign in ("=", "!="):
            return f"{'NOT ' if sign == '!=' else ''}({column} >= ? AND {column} < ?)", [begins, ends]
        sql_sign, moment = {"<": ("<", begins), "<=": ("<", ends), ">": (">=", ends), ">=": (">=", begins)}[sign]
        return f"({column} {sql_sign} ?)", [moment]

    def _duration(self) -> float:
        number = self.next
        if number is None or number.kind != "number":
            raise self.lost("a number of minutes, hours, days or weeks")
        self.take()
        unit = self.next
        if unit is None or unit.word not in SECONDS:
            raise self.lost("minutes, hours, days or weeks")
        self.take()
        return float(number.text) * SECONDS[unit.word]

    def _values(self, name: Name) -> list[Typed]:
        if name.type == "time":
            raise self.lost(f"one of = != < <= > >= within, for {name.name} is a time, which")
        if not self.takes("("):
            raise self.lost("an opening bracket")
        values = [self._value(name)]
        while self.takes(","):
            values.append(self._value(name))
            if len(values) > MOST * 5:
                raise self.lost(f"a closing bracket (not more than {MOST * 5:,} values)")
        if not self.takes(")"):
            raise self.lost("a comma or a closing bracket")
        return values

    def _value(self, name: Name) -> Typed:
        """What a name is compared with, as its type asks for."""
        token = self.next
        if token is None or token.kind == "sign":
            raise self.lost("a number or a text in quotes")
        self.take()
        plain = token.text[1:-1] if token.kind == "text" else token.text
        if name.name == "state" and plain not in STATES:
            known = f"{', '.join(STATES[:-1])} or {STATES[-1]}"
            raise self.wrong(f"There is no state {plain!r}{nearest(plain, STATES)}; a run is {known}.", token)
        if token.kind == "number":
            number = _number(token.text)
            unit = self.next
            if name.type == "duration" and unit is not None and unit.word in SECONDS:
                self.take()
                number = number * SECONDS[unit.word]
            return number if name.type != "text" or name.kind in ("parameter", "axis") else plain
        if name.type == "flag" and plain.lower() in ("true", "false", "yes", "no"):
            return int(plain.lower() in ("true", "yes"))
        if name.type != "text" and not (name.kind in ("parameter", "axis") and token.kind in ("text", "name")):
            what = "yes or no" if name.type == "flag" else "a number"
            raise self.wrong(f"{name.name} is {what}, so it cannot be compared with {plain!r}.", token)
        return plain


def _number(text: str) -> float | int:
    """A number as SQLite can take it: whole ones in 64 bits, others as real numbers."""
    if re.search(r"[.eE]", text) or len(text) > 18:
        return float(text)
    return int(text)


# ---------------------------------------------------------------------------------------------- to SQL


def _has(conn: sqlite3.Connection, name: Name) -> Sql:
    """Whether a run has a value of this name at all."""
    if name.kind == "run":
        return f"(nullif({FIELDS[name.name].sql}, '') IS NOT NULL)", []
    return _compare(conn, name, "IS NOT NULL", [])


def _compare(conn: sqlite3.Connection, name: Name, sign: str, values: Sequence[Typed]) -> Sql:
    """A condition on runs r. sign: of SQL; LIKE takes a pattern with \\ before what stands for itself."""
    test = {"IN": f"IN ({', '.join('?' * len(values))})", "LIKE": "LIKE ? ESCAPE '\\'", "IS NOT NULL": "IS NOT NULL"}.get(sign, f"{sign} ?")
    given = list(values)
    if name.name == "tag":
        without = "NOT " if sign == "!=" else ""
        return f"({without}EXISTS (SELECT 1 FROM tag t WHERE t.run = r.id AND t.tag {'= ?' if without else test}))", given
    if name.name == "study" and sign in ("=", "!=", "IN"):
        found = " OR ".join("title = ? OR substr(uid, 1, length(?)) = ?" for _ in given)
        texts = [part for value in given for part in [str(value)] * 3]
        return f"({'NOT ' if sign == '!=' else ''}coalesce(c.study IN (SELECT id FROM study WHERE {found}), 0))", texts
    if name.kind == "run":
        return f"({FIELDS[name.name].sql} {test})", given
    if name.kind in ("parameter", "axis"):
        as_text = sign == "LIKE" or any(isinstance(value, str) for value in given)
        column = "text" if as_text or sign == "IS NOT NULL" else "num"
        asked = [str(value) for value in given] if as_text else given
        return f"(r.id IN (SELECT p.run FROM param p WHERE p.key = ? AND p.{column} {test}))", [*name.key, *asked]
    if name.kind == "environment":
        sql, marks = environment_sql(conn, name.key[0], "e.sha256")
        return f"(r.environment IN (SELECT e.sha256 FROM environment e WHERE ({sql}) {test}))", [*marks, *given]
    return _compare_measure(conn, name, test if sign != "IS NOT NULL" else "", given)


def _compare_measure(conn: sqlite3.Connection, name: Name, test: str, given: list[Any]) -> Sql:
    """Through the index of last values; a measure computed later counts where none was taken. test "": any value, NaN too."""
    of = "x.metric = (SELECT id FROM metric WHERE name = ?) AND x.context = ?"
    sql, values = f"SELECT x.run FROM series x WHERE {of}{f' AND x.last_v {test}' if test else ''}", [*name.key, *given]
    full = name_of(*name.key)
    if is_derived(conn, full):
        own = f"SELECT 1 FROM series x WHERE x.run = d.run AND {of}"
        sql += f" UNION ALL SELECT d.run FROM derived d WHERE d.name = ?{f' AND d.value {test}' if test else ''} AND NOT EXISTS ({own})"
        values += [full, *given, *name.key]
    return f"(r.id IN ({sql}))", [value if not (isinstance(value, float) and math.isnan(value)) else None for value in values]
