"""Finding components by what people type: title, id, synonym, family, author, system, word of an equation."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from memstudio.experiment.entries import Entry

#: how much a hit counts, by where it is: the start of a word of the title first, the explanation last
_TITLE_START, _TITLE, _ID, _SYNONYM, _FAMILY, _AUTHOR, _EQUATION, _SUMMARY = 100, 60, 50, 45, 30, 25, 20, 10
_WORD = re.compile(r"[\w+−-]+")


def plain(text: str) -> str:
    """Text as it is compared: lower case, without accents, subscripts as plain letters."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@dataclass(frozen=True)
class _Indexed:
    """An entry with the texts it is found by, each with its weight."""

    entry: Entry
    title_words: tuple[str, ...]
    texts: tuple[tuple[int, str], ...]

    def score(self, word: str) -> int:
        """How well one typed word fits; 0 when it does not."""
        if any(title_word.startswith(word) for title_word in self.title_words):
            return _TITLE_START
        return max((weight for weight, text in self.texts if word in text), default=0)


def _index(entry: Entry) -> _Indexed:
    component = entry.component
    sources = component.sources + (entry.preset.sources if entry.preset else ())
    authors = " ".join(f"{s.authors} {s.year} {s.title} {' '.join(s.systems)}" for s in sources)
    equations = " ".join(f"{e.title} {e.text} {_greek(e.text)}" for e in component.equations)
    texts = (
        (_TITLE, entry.title),
        (_ID, entry.id.replace("_", " ") + " " + entry.id),
        (_SYNONYM, " ".join(component.synonyms)),
        (_FAMILY, f"{entry.family.title} {entry.family.id}"),
        (_AUTHOR, authors),
        (_EQUATION, equations),
        (_SUMMARY, entry.summary),
    )
    return _Indexed(entry, tuple(_WORD.findall(plain(entry.title))), tuple((weight, plain(text)) for weight, text in texts))


def _greek(text: str) -> str:
    """The names of the Greek letters in a text: `alpha` is easier to type than `α`."""
    names = {unicodedata.name(c, "") for c in unicodedata.normalize("NFKD", text)}
    return " ".join(name.rpartition(" ")[2].lower() for name in sorted(names) if name.startswith("GREEK") and " LETTER " in name)


class Search:
    """A small index over entries, made once; `find` answers at every key."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._indexed = [_index(entry) for entry in entries]

    def nearest(self, text: str) -> str:
        """What was probably meant: the words, each that finds nothing changed to the nearest of titles and synonyms; "" for no idea."""
        words = plain(text).split()
        known = {word for item in self._indexed for word in (*item.title_words, *_WORD.findall(item.texts[2][1])) if len(word) > 2}
        meant = [word if self.find(word) else next(iter(difflib.get_close_matches(word, known, 1, 0.6)), "") for word in words[:6]]
        better = " ".join(meant)
        return better if all(meant) and better != " ".join(words) and self.find(better) else ""

    def find(self, text: str) -> list[Entry]:
        """Entries that fit every typed word, best first (of equals the one with the shorter title); all, in palette order, for no words."""
        words = plain(text).split()
        if not words:
            return [item.entry for item in self._indexed]
        found: list[tuple[int, int, int, Entry]] = []
        for place, item in enumerate(self._indexed):
            scores = [item.score(word) for word in words]
            if all(scores):
                found.append((-sum(scores), len(item.entry.title), place, item.entry))
        return [entry for *_, entry in sorted(found, key=lambda hit: hit[:3])]
