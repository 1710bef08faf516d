"""Citations as BibTeX: the sources of every component, what the study cites, and MemStudio itself."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from memstudio import __version__
from memstudio.experiment.declarations import Source

_ARXIV = re.compile(r"arXiv[: ]\s*(\d{4}\.\d{4,5})", re.IGNORECASE)
_PROCEEDINGS = re.compile(
    r"\b(NeurIPS|ICLR|ICML|CVPR|AAAI|EMNLP|ACL|EUSIPCO|ECCV|ICCV|COLM|NIPS|UAI|AISTATS|Findings|Proceedings|Workshops?|Advances in)\b"
)
#: places that are journals: by name, or because a volume follows (`Machine Learning 28`, `Neural Computation 9(8)`)
_JOURNALS = re.compile(
    r"\b(JMLR|TMLR|PNAS|Neural Computation|Nature|Science|Physical Review|Biometrika|Annals|Transactions|Review|Journal)\b"
)
_VOLUME = re.compile(r"[A-Za-z.] \d{1,3}(\(\d+\))?(,|:|$)")
_PUBLISHERS = re.compile(r"\b(Wiley|Press|Springer|Elsevier|Addison-Wesley)\b")
_PART = re.compile(r",\s*((?:equations?|eq\.|sections?|chapter|appendix|table|figure|algorithm|theorem|pages?)\s.*)$", re.IGNORECASE)
_SMALL = frozenset({"a", "an", "the", "on", "of", "in", "for", "to", "and", "how", "is"})
_TEX = {
    "\\": "\\textbackslash{}",
    "&": "\\&",
    "%": "\\%",
    "$": "\\$",
    "#": "\\#",
    "_": "\\_",
    "{": "\\{",
    "}": "\\}",
    "~": "\\textasciitilde{}",
    "^": "\\^{}",
}


def bibtex(sources: Iterable[Source], notes: Iterable[str] = ()) -> str:
    """Every source once, in order, then MemStudio; notes: what the study cites in words, where no source says it."""
    notes = list(dict.fromkeys(notes))
    loose = [note for note in notes if _said(note) is None]
    taken: set[str] = set()
    entries = [_entry(source, taken) for source in unique(sources, notes)]
    entries += [f"@misc{{cited{number},\n  note = {{{_tex(note)}}}\n}}" for number, note in enumerate(loose, 1)]
    return "\n\n".join([*entries, _MEMSTUDIO]) + "\n"


def entries(sources: Iterable[Source]) -> str:
    """The BibTeX entries of these sources alone, each work once."""
    taken: set[str] = set()
    return "\n\n".join(_entry(source, taken) for source in unique(sources))


def unique(sources: Iterable[Source], notes: Iterable[str] = ()) -> list[Source]:
    """Every work once, in order; then those that notes name and no source does."""
    found: list[Source] = []
    for source in (*sources, *(one for note in notes if (one := _said(note)) is not None)):
        if not any(_same(source, other) for other in found):
            found.append(source)
    return found


_SAID = re.compile(
    r"^(?P<authors>.+?),? (?P<year>(?:18|19|20)\d\d), (?P<title>.+?)(?:, (?P<where>arXiv[: ].*|[A-Z][A-Za-z]+ (?:19|20)\d\d.*))?$"
)


def _said(note: str) -> Source | None:
    """A citation in words, `Arora et al. 2023, Zoology, arXiv:2312.04927`; None where it is written otherwise."""
    match = _SAID.match(" ".join(note.split()))
    return Source(match["authors"], int(match["year"]), match["title"], match["where"] or "") if match else None


def _same(one: Source, other: Source) -> bool:
    """Whether two sources are the same work: the arXiv number, or first author, year and the beginning of the title."""
    numbers = [match.group(1) for source in (one, other) if (match := _ARXIV.search(source.where))]
    if len(numbers) == 2:
        return numbers[0] == numbers[1]
    titles = sorted((_plain(one.title), _plain(other.title)), key=len)
    return one.year == other.year and _first(one) == _first(other) and bool(titles[0]) and titles[1].startswith(titles[0])


_MEMSTUDIO = (
    "@software{memstudio,\n  title = {{MemStudio}: a desktop application for memory experiments},\n"
    f"  version = {{{__version__}}},\n  note = {{Computer program}}\n}}"
)


def _entry(source: Source, taken: set[str]) -> str:
    where, arxiv = source.where, _ARXIV.search(source.where)
    place = _ARXIV.sub("", where).strip(" ,;")
    fields = {"author": _authors(source.authors), "title": f"{{{_tex(source.title)}}}", "year": str(source.year)}
    kind = "misc"
    part = _PART.search(place)
    place = place[: part.start()] if part else place
    if place:
        kind = _kind(place)
        fields[{"article": "journal", "inproceedings": "booktitle", "book": "publisher", "misc": "howpublished"}[kind]] = _tex(place)
    if part:
        fields["note"] = _tex(part.group(1))
    if arxiv:
        fields |= {"eprint": arxiv.group(1), "archiveprefix": "arXiv"}
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@{kind}{{{_key(source, taken)},\n{body}\n}}"


def _kind(place: str) -> str:
    if _PROCEEDINGS.search(place):
        return "inproceedings"
    if _JOURNALS.search(place) or _VOLUME.search(place):
        return "article"
    return "book" if _PUBLISHERS.search(place) else "misc"


def _authors(authors: str) -> str:
    """`Yang, Kautz, Hatamizadeh` as BibTeX separates them; names of several words are held together."""
    others = authors.removesuffix(" et al.") != authors
    names = [name.strip() for name in authors.removesuffix(" et al.").split(",") if name.strip()]
    held = [f"{{{_tex(name)}}}" if " " in name else _tex(name) for name in names]
    return " and ".join([*held, *(["others"] if others else [])])


def _key(source: Source, taken: set[str]) -> str:
    first = _first(source) or "anonymous"
    word = next((_plain(one) for one in source.title.split() if _plain(one) and _plain(one) not in _SMALL), "")
    key = base = f"{first}{source.year}{word}"
    letters = iter("bcdefghijklmnopqrstuvwxyz")
    while key in taken:
        key = f"{base}{next(letters)}"
    taken.add(key)
    return key


def _first(source: Source) -> str:
    """The family name of the first author, `ven` of `van de Ven`."""
    name = source.authors.removesuffix(" et al.").partition(",")[0].split()
    return _plain(name[-1]) if name else ""


def _plain(word: str) -> str:
    """Small letters and figures only: `Ré` is `re`."""
    flat = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]", "", flat.lower())


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in " ".join(text.split()))
