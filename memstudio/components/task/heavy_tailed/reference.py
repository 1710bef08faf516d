"""Facts learned by heart: a table of all that has been seen."""

from __future__ import annotations

from collections.abc import Sequence


def learn(keys: Sequence[int], values: Sequence[int], table: dict[int, int]) -> None:
    """Writes down the facts of an item. ValueError where one contradicts what is known."""
    for key, value in zip(keys, values, strict=True):
        if table.setdefault(key, value) != value:
            raise ValueError(f"Key {key} has two values, {table[key]} and {value}.")


def solve(keys: Sequence[int], table: dict[int, int]) -> dict[int, int | None]:
    """Position -> the value of the key there, None where the key has never been seen."""
    return {position: table.get(key) for position, key in enumerate(keys)}
