"""The types of parameters: what a component can be told, with range, default, unit, role and meaning."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

#: what is quoted may be a value that was meant for another place: a word longer than this is cut, and a sentence too
LONGEST_WORD, LONGEST_SENTENCE = 400, 1000


class Refusal(ValueError):
    """A value, wire or file that cannot be used; its text is one sentence for a person, whatever was quoted in it."""

    def __init__(self, sentence: object = "") -> None:
        text = _TOO_LONG.sub(lambda word: f"{word[0][:60]}…{word[0][-20:]}", str(sentence))
        super().__init__(text if len(text) <= LONGEST_SENTENCE else f"{text[: LONGEST_SENTENCE - 300]} … {text[-290:]}")


_TOO_LONG = re.compile(rf"\S{{{LONGEST_WORD},}}")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One thing a component can be told.

    name: the keyword the implementation takes; title: what the form shows; meaning: one sentence of help;
    unit: shown beside the value; role: on a swap a value carries over only where both declarations give the same role;
    shown_when: (name, value): the form shows this parameter only while another has that value.
    """

    type: ClassVar[str] = "any"
    name: str
    title: str
    default: Any
    meaning: str = ""
    unit: str = ""
    role: str = ""
    shown_when: tuple[str, Any] | None = None

    def check(self, value: Any) -> Any:
        """The value as the implementation takes it. Raises Refusal (one sentence) when it cannot be used."""
        return value

    @property
    def range_text(self) -> str:
        """The allowed values in a few words, for the form and for refusals."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Whole(Parameter):
    """A whole number from low to high, both included."""

    type: ClassVar[str] = "whole"
    low: int
    high: int
    log: bool = False

    def check(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value in (math.inf, -math.inf):
            raise Refusal(f"{self.title} must be a whole number from {self.low:,} to {self.high:,}, not {value!r}.")
        if int(value) != value or not self.low <= value <= self.high:
            raise Refusal(f"{self.title} must be a whole number from {self.low:,} to {self.high:,}, not {value}.")
        return int(value)

    @property
    def range_text(self) -> str:
        return f"{self.low:,} – {self.high:,}"


@dataclass(frozen=True, kw_only=True)
class Real(Parameter):
    """A real number from low to high, both included; never infinite, never NaN."""

    type: ClassVar[str] = "real"
    low: float
    high: float
    log: bool = False

    def check(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not self.low <= value <= self.high:
            raise Refusal(f"{self.title} must be a number from {self.low:g} to {self.high:g}, not {value!r}.")
        return float(value)

    @property
    def range_text(self) -> str:
        return f"{self.low:g} – {self.high:g}"


@dataclass(frozen=True, kw_only=True)
class Choice(Parameter):
    """One of a few named options; options: value -> title."""

    type: ClassVar[str] = "choice"
    options: Mapping[str, str]

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise Refusal(f"{self.title} must be one of {', '.join(self.options)}, not {value!r}.")
        return value

    @property
    def range_text(self) -> str:
        return ", ".join(self.options)


@dataclass(frozen=True, kw_only=True)
class Flag(Parameter):
    """On or off."""

    type: ClassVar[str] = "flag"

    def check(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Refusal(f"{self.title} must be true or false, not {value!r}.")
        return value


@dataclass(frozen=True, kw_only=True)
class Text(Parameter):
    """A line of text, at most `longest` characters."""

    type: ClassVar[str] = "text"
    longest: int = 1000

    def check(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > self.longest:
            raise Refusal(f"{self.title} must be text of at most {self.longest:,} characters, not {value!r:.60}.")
        return value


@dataclass(frozen=True, kw_only=True)
class WholeList(Parameter):
    """A short list of different whole numbers, kept in rising order (loads, distances, lengths)."""

    type: ClassVar[str] = "whole_list"
    low: int
    high: int
    longest: int = 32

    def check(self, value: Any) -> tuple[int, ...]:
        wanted = f"{self.title} must be 1 to {self.longest} different whole numbers from {self.low:,} to {self.high:,}"
        if not isinstance(value, list | tuple) or not 1 <= len(value) <= self.longest:
            raise Refusal(f"{wanted}, not {value!r:.60}.")
        one = Whole(name=self.name, title=f"Each of {self.title.lower()}", default=self.low, low=self.low, high=self.high)
        numbers = tuple(sorted({one.check(item) for item in value}))
        if len(numbers) != len(value):
            raise Refusal(f"{wanted}; {value!r:.60} names one twice.")
        return numbers

    @property
    def range_text(self) -> str:
        return f"{self.low:,} – {self.high:,} each"


@dataclass(frozen=True, kw_only=True)
class File(Parameter):
    """A file of the user's: {"path": ..., "sha256": ...}; the hash is filled in when it is chosen. Default None.

    look: "package.module:name" of what makes the value of a path, where more than its hash is kept (of a table its columns, as "seen").
    """

    type: ClassVar[str] = "file"
    endings: tuple[str, ...] = ()
    look: str = ""

    def check(self, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, Mapping) or not isinstance(value.get("path"), str):
            raise Refusal(f"{self.title} must name a file as {{path, sha256}}, not {value!r:.60}.")
        if self.endings and not value["path"].lower().endswith(self.endings):
            raise Refusal(f"{self.title} must end in {' or '.join(self.endings)}, not {value['path']!r:.80}.")
        return dict(value)


@dataclass(frozen=True, kw_only=True)
class Artifact(Parameter):
    """Something a run made and the library keeps: {"sha256": ..., "name": ..., "run": ...}. Default None.

    kind: of artifact. Where it is "model", the implementation is given `read` besides: sha256 -> weights (runtime.ReadModel).
    """

    type: ClassVar[str] = "artifact"
    kind: str = ""

    def check(self, value: Any) -> Any:
        if value is None:
            return None
        sha = value.get("sha256") if isinstance(value, Mapping) else None
        if not isinstance(sha, str) or len(sha) != 64 or set(sha) - set("0123456789abcdef"):
            raise Refusal(f"{self.title} must name an artifact by its sha256, not {value!r:.60}.")
        return dict(value)


@dataclass(frozen=True, kw_only=True)
class NodeName(Parameter):
    """The id of another node of the document; follows renaming and pasting. Empty = none."""

    type: ClassVar[str] = "node"

    def check(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Refusal(f"{self.title} must be the id of a node, not {value!r:.60}.")
        return value


@dataclass(frozen=True, kw_only=True)
class Nested(Parameter):
    """Another component inside this one: {"component": id, "values": {...}}; of one family, with the named traits.

    Its values are checked by the catalogue, which knows the components; here only its form is.
    """

    type: ClassVar[str] = "component"
    family: str
    traits: frozenset[str] = frozenset()

    def check(self, value: Any) -> Any:
        if not isinstance(value, Mapping) or not isinstance(value.get("component"), str):
            raise Refusal(f"{self.title} must be {{component, values}} with a component of family {self.family}, not {value!r:.60}.")
        inner = value.get("values", {})
        if not isinstance(inner, Mapping):
            raise Refusal(f"{self.title} must have its values as an object, not {inner!r:.60}.")
        return {**value, "values": dict(inner)}


@dataclass(frozen=True, kw_only=True)
class NestedList(Parameter):
    """An ordered list of components inside this one (the strategies of a learner, say)."""

    type: ClassVar[str] = "components"
    family: str
    traits: frozenset[str] = frozenset()
    longest: int = 8

    @property
    def item(self) -> Nested:
        """The parameter that each entry of the list is checked as."""
        return Nested(name=self.name, title=self.title, default=None, family=self.family, traits=self.traits)

    def check(self, value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) > self.longest:
            raise Refusal(f"{self.title} must be a list of at most {self.longest} components, not {value!r:.60}.")
        return [self.item.check(entry) for entry in value]
