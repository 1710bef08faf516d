"""The words and signs of a filter, and where in its text each stands."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from memstudio.experiment.parameters import Refusal

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')
    |(?P<date>\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?)?)(?![\w.-])
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])
    |(?P<word>\d[\w.]*(?:\+[\w.]+)?)
    |(?P<name>[^\W\d][\w.]*(?:\[[^\[\]]*\])?)
    |(?P<sign><=|>=|==|!=|<>|!~|=|~|<|>|\(|\)|,))""",
    re.VERBOSE,
)
EXAMPLE = 'one looks like state = "finished" and recall[load=16] > 0.9'
#: A longer filter is a slip: a page of text, a file.
LONGEST = 10_000
SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("week", "weeks"), 604_800),
}


class Unreadable(Refusal):
    """A filter that cannot be read, with the part of its text that is to blame: from start up to end, counted from 0."""

    def __init__(self, sentence: str, start: int, end: int) -> None:
        super().__init__(sentence)
        self.start, self.end = start, end


@dataclass(frozen=True)
class Token:
    """A word, sign, number, date or text in quotes. at: where it begins, counted from 0."""

    kind: str
    text: str
    at: int

    @property
    def end(self) -> int:
        return self.at + len(self.text)

    @property
    def word(self) -> str:
        """The word in small letters; empty for a text in quotes, which is never one of ours."""
        return "" if self.kind == "text" else self.text.lower()


def tokens(text: str) -> list[Token]:
    """The words and signs of a filter. Raises Unreadable at the first character that begins none."""
    found, at = tokens_as_far(text)
    if at < len(text):
        rest = text[at:]
        raise Unreadable(f"The filter {_shown(text)} cannot be read from character {at + 1} on{_hint(rest)}; {EXAMPLE}.", at, len(text))
    return found


def tokens_as_far(text: str) -> tuple[list[Token], int]:
    """The words and signs up to what cannot be read, and where that begins (the length of the text where all can be)."""
    found: list[Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            return found, at + len(text[at:]) - len(text[at:].lstrip())
        kind = match.lastgroup or ""
        found.append(Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    return found, len(text)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 200 else f"{text[:200]}...")


def _hint(rest: str) -> str:
    if rest[0] in "\"'":
        return ": the quote is never closed"
    return ": words with such letters stand in quotes" if rest[0] in ":/+-*@#%&\\" else ""


def moments(text: str) -> tuple[float, float] | None:
    """From when until when a date lasts, in seconds since 1970: a day, minute or second of this place's time. None: no such day."""
    for form, letters, seconds in (("%Y-%m-%d", 10, 0), ("%Y-%m-%dT%H:%M", 16, 60), ("%Y-%m-%dT%H:%M:%S", 19, 1)):
        if len(text) == letters:
            try:
                when = time.strptime(text, form)
                begins = time.mktime(when)
                # the day after by the calendar: a day may have 23 or 25 hours
                ends = begins + seconds if seconds else time.mktime((*when[:2], when.tm_mday + 1, 0, 0, 0, 0, 0, -1))
            except (ValueError, OverflowError):
                return None
            return begins, ends
    return None
