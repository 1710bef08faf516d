"""A text in tokens, written out: one character or word after the other."""

from __future__ import annotations

from collections.abc import Sequence


def split(text: str, level: str) -> list[str]:
    """The characters, or the words and signs of a text, each with the space before it; joined they are the text again."""
    if level == "character":
        return list(text)
    found: list[str] = []
    place = 0
    while place < len(text):
        start = place
        if text[place] == " " and place + 1 < len(text) and not text[place + 1].isspace():
            place += 1
        if text[place].isspace():
            while place < len(text) and text[place].isspace():
                # A space before a word belongs to the word.
                if place > start and text[place] == " " and place + 1 < len(text) and not text[place + 1].isspace():
                    break
                place += 1
        else:
            word = is_word(text[place])
            while place < len(text) and not text[place].isspace() and is_word(text[place]) == word:
                place += 1
        found.append(text[start:place])
    return found


def is_word(character: str) -> bool:
    """Whether a character belongs to a word: a letter, a digit or an underscore."""
    return character.isalnum() or character == "_"


def number(pieces: Sequence[str], trained: Sequence[str], size: int) -> list[int]:
    """The token of each piece: its place by frequency in the training text, from 1, or 0 where it is not among the first size - 1."""
    counts: dict[str, int] = {}
    for piece in trained:
        counts[piece] = counts.get(piece, 0) + 1
    kept = sorted(counts, key=lambda piece: (-counts[piece], piece))[: size - 1]
    return [kept.index(piece) + 1 if piece in kept else 0 for piece in pieces]
