"""How well typed letters fit a text: the way of every command palette. Plain Python."""

from __future__ import annotations

_START, _WORD, _INSIDE, _LETTERS = 100, 80, 50, 20


def score(text: str, typed: str) -> int:
    """How well the typed word fits; 0 where it does not: the start of the text, of a word, inside, else its letters in order.

    Both in lower case. Letters in order: `gdr` or `gadel` for gated delta rule.
    """
    at = text.find(typed)
    if at == 0:
        return _START
    if at > 0:
        return _WORD if not text[at - 1].isalnum() or f" {typed}" in text else _INSIDE
    return _in_order(text, typed)


def _in_order(text: str, typed: str) -> int:
    """Letters in order, each of which begins a word or follows the one before; strewn letters say nothing."""
    if len(typed) < 2:
        return 0
    begins = [at for at, letter in enumerate(text) if letter.isalnum() and (at == 0 or not text[at - 1].isalnum())]

    def fits(at: int, left: str) -> bool:
        if not left:
            return True
        follows = at + 1 < len(text) and text[at + 1] == left[0] and fits(at + 1, left[1:])
        return follows or any(text[i] == left[0] and fits(i, left[1:]) for i in begins if i > at + 1)

    return _LETTERS if any(text[i] == typed[0] and fits(i, typed[1:]) for i in begins) else 0


def rank(title: str, words: str, typed: str) -> int:
    """How well all typed words fit a title, or the words that are known besides; 0 where one fits neither."""
    lower, besides = title.lower(), words.lower()
    total = 0
    for word in typed.lower().split():
        here = score(lower, word)
        best = max(here, 15 if word in besides else 0)
        if not best:
            return 0
        total += best
    return total
