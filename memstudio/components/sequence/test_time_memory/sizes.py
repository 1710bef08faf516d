"""Sizes and counts of the small network that a head's memory is. Plain Python, for declarations and layers."""

from __future__ import annotations

#: Hidden units of the network as a multiple of what it gives, as in the papers (Miras, section 5.3, and the published code).
EXPANSION = 4


def sizes(inputs: int, outputs: int, depth: int) -> tuple[tuple[int, int], ...]:
    """(out, in) of each layer."""
    widths = (inputs, *[EXPANSION * outputs] * (depth - 1), outputs)
    return tuple((widths[i + 1], widths[i]) for i in range(depth))


def numbers(inputs: int, outputs: int, depth: int) -> int:
    """Weights of one head."""
    return sum(rows * columns for rows, columns in sizes(inputs, outputs, depth))


def taught(inputs: int, outputs: int, depth: int) -> tuple[int, int]:
    """Rows times columns of the products for the gradient at one key: through the network, and back to its first layer."""
    forward = numbers(inputs, outputs, depth)
    return forward, forward - sizes(inputs, outputs, depth)[0][0] * inputs
