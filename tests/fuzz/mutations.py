"""Ways to spoil bytes and JSON trees, all from one generator of random numbers."""

from __future__ import annotations

import copy
import random
from typing import Any

#: values that stand where others are expected
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**63,
    -(10**400),
    1e308,
    1e-320,
    "",
    "x" * 5000,
    "\x00",
    "\ud800",
    "../../../etc/passwd",
    "/dev/zero",
    "__class__",
    "task.digits",
    "mem1.component",
    "<script>alert(1)</script>",
    "'; DROP TABLE run; --",
    [],
    {},
    [[[[[]]]]],
    {"component": "sequence.mixture_of_memories", "values": {"inner": {"component": "sequence.lstm"}}},
    {"$tensor": "nowhere"},
    ["a"] * 300,
)


def spoiled(rng: random.Random, data: bytes) -> bytes:
    """The bytes with one to four spans changed, cut out, doubled or filled, or the end cut off."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        _spoil(rng, out)
    return bytes(out)


def _spoil(rng: random.Random, out: bytearray) -> None:
    at = rng.randrange(len(out) + 1)
    n = min(int(rng.expovariate(1 / 12)) + 1, 4096)
    way = rng.randrange(8)
    if way == 0:
        for place in range(at, min(at + n, len(out))):
            out[place] ^= 1 << rng.randrange(8)
    elif way == 1:
        out[at : at + n] = rng.randbytes(n)
    elif way == 2:
        del out[at : at + n]
    elif way == 3:
        out[at:at] = rng.randbytes(n)
    elif way == 4:
        start = rng.randrange(len(out) + 1)
        out[at:at] = out[start : start + n]
    elif way == 5:
        del out[at:]
    elif way == 6:
        out[at : at + n] = bytes([rng.choice((0, 255, 0x7F))]) * n
    else:  # what stands first is often a size
        number = rng.choice((0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, rng.getrandbits(64)))
        out[: min(8, len(out))] = number.to_bytes(8, "little")


def spoiled_tree(rng: random.Random, tree: Any) -> Any:
    """A copy of a JSON tree with one to five places changed."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.randint(1, 5)):
        holders = list(_holders(tree))
        if not holders:
            return rng.choice(HOSTILE)
        holder = rng.choice(holders)
        key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        _change(rng, holder, key, tree)
    return tree


def _holders(tree: Any) -> Any:
    if isinstance(tree, dict | list) and tree:
        yield tree
        for inner in tree.values() if isinstance(tree, dict) else tree:
            yield from _holders(inner)


def _change(rng: random.Random, holder: Any, key: Any, tree: Any) -> None:
    way = rng.randrange(7)
    value = holder[key]
    if way <= 2:
        holder[key] = copy.deepcopy(rng.choice(HOSTILE))
    elif way == 3:
        del holder[key]
    elif way == 4 and isinstance(holder, dict):
        holder[rng.choice(("id", "uid", "values", "run", "nonsense", "version", key * 2))] = holder.pop(key)
    elif way == 4:
        holder.append(copy.deepcopy(value))
    elif way == 5 and isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**64:
        holder[key] = rng.choice((-value, value * 1000, value + 0.5, float(value), str(value)))
    elif way == 5:
        holder[key] = [copy.deepcopy(value)]
    else:  # something from elsewhere in the tree
        other = rng.choice(list(_holders(tree)))
        holder[key] = copy.deepcopy(other if rng.random() < 0.3 else rng.choice(list(other.values()) if isinstance(other, dict) else other))
